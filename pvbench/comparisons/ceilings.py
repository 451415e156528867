"""What no device can get past on a cell: the offered rate, the backing store itself, the one CPU of the peer."""

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median

from pvbench import wording
from pvbench.explain.bottleneck import Limit, Limited, limited
from pvbench.explain.exit_model import traced
from pvbench.metrics import Better
from pvbench.model import Outcome
from pvbench.samples import CellTrials
from pvbench.stats.limits import REACHED


@dataclass(frozen=True)
class Ceiling:
    """A value of the primary metric that bounds a cell, and what sets it."""

    value: float
    by: Limit
    what: str


def ceiling(baseline: CellTrials, candidate: CellTrials) -> Ceiling | None:
    """Return the lowest ceiling that holds for both arms, None where none is known.

    On one host the backing store is of one kind in both arms, so what either measured of it counts; between two hosts
    it is a part of what is compared. A peer that used up its CPU bounds the arm that got furthest, whichever that is:
    where the other arm passed it, peers can do more.
    """
    sides = baseline, candidate
    stores = _store(sides) if baseline.cell.host == candidate.cell.host else []
    furthest = max((side.sample.median for side in sides if side.sample), default=0.0)
    peers = [one for side in sides for one in _peer(side) if one.value >= REACHED * furthest]
    return min([*_offered(candidate), *stores, *peers], key=lambda one: one.value, default=None)


def reached(cell: CellTrials) -> Limited | None:
    """Return the ceiling that a cell has reached, as what limited it."""
    found = [
        one for one in (*_offered(cell), *_store((cell,))) if cell.sample and cell.sample.median >= REACHED * one.value
    ]
    lowest = min(found, key=lambda one: one.value, default=None)
    return Limited(lowest.by, f"it reached {lowest.what}") if lowest else None


def _offered(cell: CellTrials) -> list[Ceiling]:
    rate = wording.ceiling(cell.cell.workload)
    return [Ceiling(rate, Limit.RATE, "the offered load")] if rate else []


def _store(cells: Sequence[CellTrials]) -> list[Ceiling]:
    metric = cells[0].metric
    if metric.better is not Better.HIGHER:
        return []
    values = [
        reading.value
        for cell in cells
        for trial in cell.trials
        if trial.outcome is Outcome.OK
        for reading in trial.ceiling
        if reading.metric == metric.name
    ]
    return [Ceiling(median(values), Limit.STORE, "what the backing store itself gives on the host")] if values else []


def _peer(cell: CellTrials) -> list[Ceiling]:
    trials = [trial for trial in cell.trials if trial.outcome is Outcome.OK]
    by = limited(trials, traced(trials), ceiling=None)
    if by is None or by.by is not Limit.GENERATOR or cell.sample is None:
        return []
    return [Ceiling(cell.sample.median, Limit.GENERATOR, "all that the one CPU of the test's peer can do")]
