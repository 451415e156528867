"""What `pvbench ls` prints: the runs, a line each."""

from collections.abc import Sequence
from typing import Any

from pvbench.columns import columns
from pvbench.model import Outcome, Purpose
from pvbench.store import RunInfo


def render(runs: Sequence[RunInfo]) -> str:
    """Return a line a run."""
    rows = [("RUN", "MATRIX", "HOSTS", "TRIALS", "STATE")]
    rows += [
        (run.run_id, run.matrix_name or "–", ", ".join(run.hosts) or "–", _trials(run), _state(run)) for run in runs
    ]
    return columns(rows)


def as_data(run: RunInfo) -> dict[str, Any]:
    """Return a run for programs."""
    return {
        "run": run.run_id,
        "path": str(run.path),
        "started": run.started,
        "matrix": run.matrix_name,
        "hosts": list(run.hosts),
        "planned": run.planned,
        "outcomes": None if run.outcomes is None else {str(outcome): count for outcome, count in run.outcomes},
        "purpose": run.purpose,
        "finished": run.finished,
        "problem": run.problem,
    }


def _trials(run: RunInfo) -> str:
    if run.outcomes is None:
        return "–"
    counts = dict(run.outcomes)
    flaws = [
        f"{counts[outcome]} {word}"
        for outcome, word in ((Outcome.INVALID, "invalid"), (Outcome.NOT_MEASURED, "not measured"))
        if counts.get(outcome)
    ]
    return ", ".join([f"{counts.get(Outcome.OK, 0)} of {run.planned} ok", *flaws])


def _state(run: RunInfo) -> str:
    if run.problem:
        return f"unreadable: {run.problem}"
    special = f"{run.purpose.words}, " if run.purpose not in (None, Purpose.RUN) else ""
    if run.finished:
        return f"{special}finished"
    if run.purpose is Purpose.PILOT:
        return "pilot, unfinished; none is resumed"
    return f"{special}unfinished: pvbench run --resume {run.run_id}"
