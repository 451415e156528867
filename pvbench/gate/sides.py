"""The two runs of a gate, read from their folders: which ones are meant, and whether their figures are results."""

from pathlib import Path

from pvbench.errors import UsageError
from pvbench.gate import baselines
from pvbench.gate.nouns import Side
from pvbench.model import Purpose
from pvbench.store import Store, runs
from pvbench.store.find import runs_folder
from pvbench.yaml_schema import shown

LAST = "last"


def sides(results: Path, before: str, now: str) -> tuple[Side, Side]:
    """Return a baseline run and the run beside it. Raises UsageError where the two are one."""
    earlier, later = side(results, before), side(results, now)
    if earlier.manifest.run_id == later.manifest.run_id:
        raise UsageError(f"{later.manifest.run_id} beside itself tells nothing", hint="name another with --against")
    return earlier, later


def side(results: Path, run: str) -> Side:
    """Return a run as the gate reads it. Raises StoreError, or UsageError for one whose figures are no results."""
    with Store.open(results, run) as store:
        purpose = store.manifest.purpose
        if purpose is not Purpose.RUN:
            raise UsageError(f"{store.manifest.run_id} is a {purpose.words}, whose figures are no results")
        return Side(store.manifest, store.trials())


def lasting(results: Path, run: str) -> str:
    """Return the id of a run for a baseline to stand for. Raises UsageError for one that the results do not hold."""
    run_id = side(results, run).manifest.run_id
    if not (runs_folder(results) / run_id).is_dir():
        raise UsageError(f"{shown(run)} is not under {runs_folder(results)}", hint="--results names where it is")
    return run_id


def meant(results: Path, against: str) -> str:
    """Return the run that --against means: what a baseline of that name stands for, else the run's own name."""
    found = baselines.named(results, against)
    if found is not None:
        return found.run
    known = bool(against) and any(info.run_id.startswith(against) for info in runs(results))
    if known or against == LAST or "/" in against:
        return against
    raise baselines.unknown(results, against)
