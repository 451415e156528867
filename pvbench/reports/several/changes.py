"""Cells of several runs → each run's figure beside the first run's, with what is proven of the change. Pure.

Two runs share no block, so nothing is paired: the interval and the rule are those by which a gate decides
(`stats/loss.py`). A change between runs whose conditions differ is never told without saying so, and none at all is
told between machines of different emulation, because only like may be compared with like.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from pvbench import figures as fmt
from pvbench import wording
from pvbench.comparisons import status
from pvbench.model import Cell, Outcome
from pvbench.printable import clean
from pvbench.reports.several.page import CellRow, CellSide, Lone
from pvbench.samples import CellTrials
from pvbench.stats.loss import Loss, loss, proven

BETTER, WORSE, UNPROVEN, NO_VERDICT, NO_INTERVAL = "BETTER", "WORSE", "NO CHANGE PROVEN", "NO VERDICT", "NO INTERVAL"
TONES: Mapping[str, str] = {BETTER: "faster", WORSE: "slower"}


@dataclass(frozen=True)
class Beside:
    """What holds of a run beside the first: why no verdict may be told, or in what the conditions differ; or "" ."""

    barred: str = ""
    under: str = ""


def key(cell: Cell, *, alone: bool) -> str:
    """Return what cells of several runs are matched by: all names, but the host's where each run has one host."""
    arm = replace(cell.arm.by_names, host="") if alone else cell.arm.by_names
    return Cell(arm, cell.workload).id


def side_by_side(
    runs: Sequence[Mapping[str, CellTrials]], beside: Sequence[Beside], letters: Sequence[str]
) -> tuple[tuple[CellRow, ...], tuple[Lone, ...]]:
    """Return the cells of at least two runs, all changes judged together, and those that one run alone has."""
    keys = list(dict.fromkeys(each for run in runs for each in run))
    shared = [each for each in keys if sum(each in run for run in runs) > 1]
    table = [[run.get(each) for run in runs] for each in shared]
    changes = {
        (row, at): known
        for row, cells in enumerate(table)
        for at in range(1, len(runs))
        if (known := _change(cells[0], cells[at])) is not None
    }
    sure = dict(zip(changes, proven(list(changes.values())), strict=True))
    rows = tuple(
        _row(
            [
                _judged(_side(each), changes.get((row, at)), sure.get((row, at), False), beside[at]) if each else None
                for at, each in enumerate(cells)
            ],
            next(each for each in cells if each),
        )
        for row, cells in enumerate(table)
    )
    lone = tuple(
        _lone(run[each], letter)
        for letter, run in zip(letters, runs, strict=True)
        for each in keys
        if each in run and each not in set(shared)
    )
    return rows, lone


def _change(first: CellTrials | None, later: CellTrials | None) -> Loss | None:
    """Return what is known of a change; None where a run has no figure, or one of zero."""
    if first is None or later is None or first.sample is None or later.sample is None:
        return None
    if not (first.sample.positive and later.sample.positive):
        return None
    return loss(first.sample, later.sample, later.metric.better)


def _row(sides: Sequence[CellSide | None], known: CellTrials) -> CellRow:
    return CellRow(
        workload=wording.cell_title(known.cell),
        settings=wording.settings(known.cell.workload),
        device=clean(known.cell.device),
        io_path=wording.io_path(known.cell.device),
        host=clean(known.cell.host),
        metric=known.metric.name,
        metric_title=known.metric.title,
        sides=tuple(sides),
    )


def _side(cell: CellTrials) -> CellSide:
    sample, given = cell.sample, status(cell)
    return CellSide(
        cell=cell.id,
        status=given,
        median=cell.metric.text(sample.median) if sample else given.replace("_", " ").upper(),
        value=sample.median if sample else None,
        units=len(sample) if sample else 0,
        invalid=cell.count(Outcome.INVALID),
        not_measured=cell.count(Outcome.NOT_MEASURED),
    )


def _judged(side: CellSide, change: Loss | None, sure: bool, beside: Beside) -> CellSide:
    if change is None:
        return side
    word = (BETTER if change.ratio > 1 else WORSE) if sure else UNPROVEN
    if change.interval is None and not sure:
        word = NO_INTERVAL
    verdict = NO_VERDICT if beside.barred else word
    bounds = change.interval
    return replace(
        side,
        ratio=fmt.ratio(change.ratio),
        interval=fmt.interval(bounds.low, bounds.high) if bounds else "",
        verdict=verdict,
        tone=TONES.get(verdict, "undetermined"),
        why=beside.barred or (f"but {beside.under}" if beside.under else ""),
        point=change.ratio,
        low=bounds.low if bounds else None,
        high=bounds.high if bounds else None,
    )


def _lone(cell: CellTrials, letter: str) -> Lone:
    side = _side(cell)
    titles = wording.cell_title(cell.cell), wording.settings(cell.cell.workload)
    return Lone(letter, *titles, clean(cell.cell.device), clean(cell.cell.host), side.median)
