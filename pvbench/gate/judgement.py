"""Two runs in, a row for each cell and metric out: the ratio of the two, what is proven of it and what ruled out. Pure.

docs/gate.md has the rule in words. What a host drifts by between two times is in the ratio and not in its interval.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from pvbench import figures, wording
from pvbench.factors import Switch
from pvbench.gate import ratios
from pvbench.gate.cells import disturbed, nothing, of_side, reason, wrong_path
from pvbench.gate.environment import differences
from pvbench.gate.limits import Limit, Limits
from pvbench.gate.nouns import NOTHING, Gated, Row, Side, State, nowhere, ordered
from pvbench.history.nouns import IMPLAUSIBLE_FROM
from pvbench.metrics import METRICS, Metric
from pvbench.model import Outcome
from pvbench.samples import CellTrials
from pvbench.stats import Sample
from pvbench.stats.loss import Loss, loss, proven, units_to_rule_out

Sides = tuple[CellTrials | None, CellTrials | None]


def gate(before: Side, now: Side, limits: Limits, *, changed: Iterable[str] = (), lenient: bool = False) -> Gated:
    """Return what may be said of a run beside its baseline; `changed` are parts that were changed on purpose."""
    found, purpose = differences(before.manifest, now.manifest), frozenset(changed)
    unexpected = tuple(each for each in found if each.part not in purpose)
    hosts = {each.host for each in unexpected}
    values = list(_rows(of_side(before), of_side(now), limits))
    values += nowhere(limits, {row.metric.name for row in values}, "no trial of either run read it")
    compared = {row.cell for row in values if row.loss}
    rows = _judged([*values, *ratios.rows(before, now, compared, limits)])
    rows = [_distrusted(row, hosts) for row in rows]
    return Gated(
        run=now.manifest.run_id,
        against=before.manifest.run_id,
        rows=ordered(rows),
        unexpected=unexpected,
        expected=tuple(each for each in found if each.part in purpose),
        label=wording.label((*before.manifest.hosts, *now.manifest.hosts)),
        lenient=lenient,
    )


def _rows(before: Mapping[str, CellTrials], now: Mapping[str, CellTrials], limits: Limits) -> Iterator[Row]:
    for name in {**before, **now}:
        known = now.get(name) or before[name]
        sides = before.get(name), now.get(name)
        for metric in _metrics(known, sides, limits).values():
            yield _row(known, sides, metric, limits)


def _metrics(known: CellTrials, sides: Sides, limits: Limits) -> dict[str, Metric]:
    """Return the cell's primary metric, and those with limits of their own that a trial of either run read."""
    read = {reading.metric for each in sides if each for trial in each.trials for reading in trial.readings}
    return {known.metric.name: known.metric} | {name: METRICS[name] for name in limits.metrics if name in read}


def _row(known: CellTrials, sides: Sides, metric: Metric, limits: Limits) -> Row:
    now = sides[1]
    older, newer = (_sample(each, metric) for each in sides)
    row = Row(
        cell=known.cell.lasting_id,
        title=f"{known.cell.device}, {wording.cell_title(known.cell)}",
        host=known.cell.host,
        metric=metric,
        limit=limits.of(metric.name),
        state=State.MISSING,
        before=older.median if older else None,
        now=newer.median if newer else None,
        why=_lacking(now),
    )
    if now and (why := wrong_path(now)):
        return replace(row, state=State.CONTAMINATED, why=why)
    if newer is None:
        return replace(row, why=_no_figure(now, metric) if now else "it is not in the run's plan")
    if metric == known.metric and (why := nothing(known)):
        return replace(row, state=State.CONSTANT, why=why)
    if sides[0] is None:
        return replace(row, state=State.NEW, why="the baseline has no such cell")
    if older is None or (metric == sides[0].metric and (why := nothing(sides[0]))):
        why = why if older else _no_figure(sides[0], metric)
        return replace(row, state=State.UNDETERMINED, why=f"the baseline measured nothing: {why}")
    if why := _disturbed(sides, limits.disturbed):
        return replace(row, state=State.CONTAMINATED, why=why)
    return _compared(row, older, newer)


def _no_figure(each: CellTrials, metric: Metric) -> str:
    """Return why a cell has no figure of a metric."""
    return f"its trials did not read {metric.name}" if each.sample else reason(each, Outcome.NOT_MEASURED)


def _lacking(each: CellTrials | None) -> str:
    """Return how many trials gave no figure where others did; "" where all did."""
    lacking = each.count(Outcome.NOT_MEASURED) if each else 0
    return f"{figures.count(lacking, 'trial')} gave no figure" if lacking else ""


def _disturbed(sides: Sides, allowed: float) -> str:
    """Return what disturbed more of a run's trials than may be; "" where nothing did."""
    named = zip((" of the baseline", " of the run"), sides, strict=True)
    return next((why for which, each in named if each and (why := disturbed(each, allowed, which))), "")


def _compared(row: Row, older: Sample, newer: Sample) -> Row:
    """Return a row with its ratio; whether a loss is proven is for all rows to tell together."""
    if not (older.positive and newer.positive):
        same = not any(older.numbers + newer.numbers)
        why = "both read zero" if same else "a reading is zero, so there is no ratio"
        return replace(row, state=State.OK if same else State.UNDETERMINED, why=why)
    known = loss(older, newer, row.metric.better)
    return replace(row, loss=known, ratio=known.ratio, state=State.UNDETERMINED)


def _judged(rows: Sequence[Row]) -> list[Row]:
    """Return the rows with what is proven of each beside all the others."""
    tested = [row.loss for row in rows if row.loss]
    answers = iter(proven(tested))
    return [_told(row, row.loss, sure=next(answers)) if row.loss else row for row in rows]


def _told(row: Row, known: Loss, *, sure: bool) -> Row:
    """Return a row with its state: the rule of docs/gate.md."""
    limit = row.limit
    if sure and known.ratio < 1 / (1 + limit.worse):
        return replace(row, state=State.REGRESSED, why=f"a loss is proven, and beyond {limit.worse * 100:g} %")
    if sure and known.ratio >= IMPLAUSIBLE_FROM:
        return replace(row, state=State.IMPLAUSIBLE, why="so much better that what is measured is hardly the same")
    if known.least is None or known.least < 1 / (1 + limit.unseen):
        return replace(row, **_hint(known, limit))
    return replace(row, state=State.IMPROVED if sure and known.ratio > 1 + limit.worse else State.OK)


def _hint(known: Loss, limit: Limit) -> dict[str, Any]:
    """Return why a row tells too little, and how many blocks would do."""
    if known.units < 2:
        return {"why": "no interval: each run needs two boots of the cell, or more"}
    lost = "any loss" if known.least is None else f"{figures.significant((1 / known.least - 1) * 100, 2)} % worse"
    blocks = units_to_rule_out(known.spread, limit.unseen)
    needed = f"about {blocks} blocks in each run rule it out" if blocks else "no number of blocks would rule it out"
    return {"why": f"{lost} is possible; {needed}", "blocks": blocks}


def _distrusted(row: Row, hosts: set[str]) -> Row:
    """Return a row as contaminated where its host, or what all hosts share, is not what it was."""
    if row.state in (*NOTHING, State.NEW) or not ({row.host, ""} & hosts):
        return row
    return replace(row, state=State.CONTAMINATED, why=row.why or "its environment is another")


def _sample(each: CellTrials | None, metric: Metric) -> Sample | None:
    """Return a cell's values, one a boot, or one a deployment where each block deploys anew."""
    if each is None:
        return None
    units = Switch.DEPLOYMENT if any(trial.spec.deployment for trial in each.trials) else Switch.BOOT
    read = [
        (units.unit_of(trial.spec), reading.value)
        for trial in each.trials
        for reading in trial.readings
        if reading.metric == metric.name
    ]
    return Sample.of(read) if read else None
