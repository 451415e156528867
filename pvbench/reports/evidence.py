"""Cells and trials as they are shown: what was measured, what carried it, what was run, what is kept."""

import shlex
from collections.abc import Sequence
from dataclasses import replace

from pvbench import figures as fmt
from pvbench import wording
from pvbench.metrics import METRICS, Metric
from pvbench.model import CommandRecord, Outcome, Trial, Witness
from pvbench.printable import clean
from pvbench.reports.page import CellView, CommandView, RawView, TrialView, WitnessView
from pvbench.reports.reproduce import MOST_CELLS, Narrowed
from pvbench.samples import CellTrials
from pvbench.store import Manifest

EVIDENCE_PER_PAGE = 240
EVIDENCE_PER_CELL = 20
ROWS_PER_CELL = 60
ROWS_PER_PAGE = 6000

_OUTCOMES = {Outcome.OK: "ok", Outcome.INVALID: "INVALID", Outcome.NOT_MEASURED: "NOT MEASURED"}


def cells(gathered: Sequence[CellTrials], manifest: Manifest) -> tuple[CellView, ...]:
    """Return every cell with its trials; evidence and rows past what a page holds are counted, not shown."""
    run_id, again = clean(manifest.run_id), Narrowed(manifest)
    many = max(len(gathered), 1)
    evidence = min(EVIDENCE_PER_CELL, max(1, EVIDENCE_PER_PAGE // many))
    rows = min(ROWS_PER_CELL, max(3, ROWS_PER_PAGE // many))
    budget = EVIDENCE_PER_PAGE
    views = []
    for found in gathered:
        shown = min(evidence, budget)
        block = again.block(found.cell) if len(gathered) <= MOST_CELLS else ""
        views.append(replace(_cell(found, run_id, shown, rows), reproduce=block))
        budget -= min(shown, len(found.trials) + len(found.twins) + len(found.earlier))
    return tuple(views)


def _cell(gathered: CellTrials, run_id: str, evidence: int, rows: int) -> CellView:
    # What went wrong is asked about first; the rest stands in the order it was measured.
    every = sorted((*gathered.trials, *gathered.twins, *gathered.earlier), key=_place)
    earlier = set(map(id, gathered.earlier))
    ranked = sorted(every, key=lambda trial: trial.outcome is Outcome.OK)
    listed = set(map(id, ranked[:rows]))
    explained = set(map(id, ranked[:evidence]))
    sample = gathered.sample
    cell = gathered.cell
    return CellView(
        id=gathered.id,
        device=clean(cell.device),
        workload=wording.cell_title(cell),
        settings=wording.settings(cell.workload),
        host=clean(cell.host),
        summary=_summary(gathered),
        tone="ok" if gathered.count(Outcome.OK) == len(gathered.trials) + gathered.missing else "flawed",
        median=gathered.metric.text(sample.median if sample else None),
        cache_modes=", ".join(sorted({clean(trial.cache_mode) for trial in gathered.trials if trial.cache_mode})),
        trials=tuple(
            _trial(t, gathered.metric, id(t) in explained, superseded=id(t) in earlier)
            for t in every
            if id(t) in listed
        ),
        more=_more(gathered, len(explained), len(listed), run_id),
    )


def _place(trial: Trial) -> tuple[int, bool, int, str]:
    return trial.spec.block, trial.spec.twin, trial.spec.run, trial.started


def _summary(gathered: CellTrials) -> str:
    counts = ((Outcome.OK, "ok"), (Outcome.INVALID, "invalid"), (Outcome.NOT_MEASURED, "not measured"))
    said = [f"{gathered.count(outcome):,} {word}" for outcome, word in counts if gathered.count(outcome)]
    said += [f"{fmt.count(len(gathered.twins), 'twin')}"] if gathered.twins else []
    said += [f"{len(gathered.earlier):,} measured again"] if gathered.earlier else []
    return ", ".join([*said, *(f"{number:,} {kind}" for kind, number in sorted(gathered.flagged.items()))])


def _more(gathered: CellTrials, explained: int, listed: int, run_id: str) -> str:
    said = []
    if gathered.missing:
        said.append(f"{fmt.count(gathered.missing, 'planned trial')} never reached.")
    beyond = len(gathered.trials) + len(gathered.twins) + len(gathered.earlier) - listed
    if beyond > 0:
        said.append(f"{fmt.count(beyond, 'further trial')} not listed here.")
    if listed > explained:
        said.append(f"Evidence of {fmt.count(listed - explained, 'listed trial')} not shown here.")
    if len(said) > bool(gathered.missing):
        said.append(f"Everything: pvbench show {shlex.quote(run_id)} {gathered.id}")
    return " ".join(said)


def _trial(trial: Trial, metric: Metric, evidence: bool, *, superseded: bool) -> TrialView:
    readings = {reading.metric: reading.value for reading in trial.readings}
    return TrialView(
        block=trial.spec.block,
        boot=clean(trial.spec.boot),
        started=clean(trial.started),
        outcome="measured again" if superseded else _OUTCOMES[trial.outcome],
        tone="superseded" if superseded else trial.outcome.value,
        value=metric.text(readings.get(metric.name)),
        others=", ".join(_reading(name, number) for name, number in readings.items() if name != metric.name),
        carried=_carried(trial.witnesses),
        took=fmt.duration(trial.took_s),
        phases=", ".join(f"{clean(name)} {fmt.duration(spent)}" for name, spent in trial.seconds),
        reason=clean(trial.reason or ""),
        evidence=evidence,
        witnesses=tuple(map(_witness, trial.witnesses)) if evidence else (),
        commands=tuple(map(_command, trial.commands)) if evidence else (),
        raw=tuple(RawView(clean(raw.path), clean(raw.sha256), fmt.size(raw.size_bytes)) for raw in trial.raw)
        if evidence
        else (),
        run=trial.spec.run,
        twin=trial.spec.twin,
        flags=tuple(clean(str(flag)) for flag in trial.flags),
        attempt=trial.attempt,
    )


def _reading(name: str, number: float) -> str:
    metric = METRICS.get(name)
    return f"{metric.title} {metric.text(number)}" if metric else f"{clean(name)} {number:g}"


def _carried(witnesses: Sequence[Witness]) -> str:
    """Return the smallest share any side saw: a path is proved only where both agree."""
    shares = [witness.share for witness in witnesses if witness.share is not None]
    return fmt.share(min(shares)) if shares else "–"


def _witness(witness: Witness) -> WitnessView:
    asked = fmt.size(witness.asked_bytes)
    ios = f", {fmt.count(witness.asked_ios, 'request')}" if witness.asked_ios is not None else ""
    return WitnessView(
        side=clean(witness.side),
        driver=clean(witness.driver) if witness.driver else "not told",
        share=fmt.share(witness.share),
        traffic=f"{asked} of {fmt.size(witness.all_bytes)}{ios}",
        facts=tuple((clean(name), clean(fact)) for name, fact in witness.facts),
    )


def _command(command: CommandRecord) -> CommandView:
    ended = "did not end" if command.exit_code is None else f"exit {command.exit_code}"
    if command.elapsed_s is not None:
        ended += f", {fmt.duration(command.elapsed_s)}"
    return CommandView(clean(command.where), clean(shlex.join(command.argv)), ended)
