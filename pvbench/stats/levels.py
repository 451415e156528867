"""Series of nights as levels: the segmentation whose loss no single night can dominate, by a dynamic programme.

Fearnhead and Rigaill, "Changepoint Detection in the Presence of Outliers", JASA 114 (2019): the biweight loss
min((x - level)^2, K^2), in units of the noise, bounds what one night can cost, so that an outlier neither bends a level
nor makes one. The best segmentation is found by keeping, for every level of a grid, the cost of being at it now: a
night adds its loss, and a change costs a penalty and comes from the best of all levels. It is linear in the nights and
done for many series at once; what is found in one does not depend on those beside it.

After each night the cheapest level tells how things stand then. A change that stood there for some nights is settled:
no later night moves or removes it.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Numbers = NDArray[np.int64]
Flags = NDArray[np.bool_]

BOUND = 3.0
"""What one night costs at most, in standard deviations of the noise: K of the paper's biweight loss."""
SHORTEST = 3
"""A level lasts so many nights at least; fewer are outliers."""
SETTLED = 6
"""A change is settled once it was told for so many nights, and lasted as many."""
MARGIN = 1.0
"""A change is settled once the nights are told so much cheaper by it, in what it costs, besides that."""
_MOVED = 1  # a change that is told a night earlier or later is the same one
_STEP = 0.25  # of the grid, in standard deviations: its rounding costs 1/64 of a night's usual loss
_USUAL = 0.08, 0.92  # of the values, where wild ones would stretch the grid; they are taken to be at its edge
_MOST_LEVELS = 512
_ALIKE = 32  # numbers of levels are multiples of it, so that many series have as many
_MOST_AT_ONCE = 1 << 16
"""So many levels × series are kept at once: they stay in a processor's cache."""


@dataclass(frozen=True)
class Followed:
    """Series as they stood after each night: a row a series, a column for each number of nights from 0 on.

    `since` is the first night of the level then, `level` that level. `settled` are (first night of a level, number of
    nights after which that was settled) of each series.
    """

    since: Numbers
    level: Floats
    settled: tuple[tuple[tuple[int, int], ...], ...]

    def changes(self, row: int, nights: int) -> tuple[int, ...]:
        """Return where a series of so many nights changes its level, as told after the last of them."""
        found = []
        while nights > 0 and (nights := int(self.since[row, nights])) > 0:
            found.append(nights)
        return tuple(reversed(found))


def follow(values: Floats, noise: Floats, penalty: Floats, begins: Flags | None = None) -> Followed:
    """Follow each series (row) night by night.

    `noise` is each series' standard deviation, `penalty` what a change costs, in squares of it. `begins` tells where a
    level begins by declaration. A night that was not measured is NaN and costs nothing.
    """
    count, nights = values.shape
    begins = np.zeros(values.shape, dtype=bool) if begins is None else begins
    since = np.zeros((count, nights + 1), dtype=np.int64)
    level = np.full((count, nights + 1), np.nan)
    settled: list[tuple[tuple[int, int], ...]] = [()] * count
    low, step, sizes = _grids(values, noise)
    for size, rows in _alike(sizes):
        grid = low[rows, None] + step[rows, None] * np.arange(size)
        at = _At(grid, step[rows] / _STEP, penalty[rows], nights)
        own = np.clip(values[rows], grid[:, :1], grid[:, -1:])
        for night in range(nights):
            since[rows, night + 1], level[rows, night + 1] = at.go(night, own[:, night], begins[rows, night])
        for row, changes in zip(rows, at.settled, strict=True):
            settled[row] = tuple(changes)
    return Followed(since, level, tuple(settled))


def spans(changes: tuple[int, ...], nights: int) -> list[tuple[int, int]]:
    """Return the levels between changes, as (first night, night after the last)."""
    return list(pairwise((0, *changes, nights)))


class _At:
    """Where some series stand after a night, on grids of as many levels: a row a series, a column a level."""

    def __init__(self, grid: Floats, noise: Floats, penalty: Floats, nights: int) -> None:
        count = len(grid)
        self.grid, self.noise, self.penalty = grid, noise, penalty.astype(np.float32)
        self.scaled = (grid / noise[:, None]).astype(np.float32)
        self.cost = np.zeros(grid.shape, dtype=np.float32)
        self.since = np.zeros(grid.shape, dtype=np.int32)
        self.losses = np.zeros((SHORTEST, *grid.shape), dtype=np.float32)
        self.recent = np.zeros(grid.shape, dtype=np.float32)
        self.best = np.full((nights + 1, count), np.inf, dtype=np.float32)
        self.began, self.fixed, self.told, self.before = np.zeros((4, count), dtype=np.int64)
        self.settled: list[list[tuple[int, int]]] = [[] for _ in range(count)]
        self.each = np.arange(count)

    def go(self, night: int, values: Floats, begins: Flags) -> tuple[Numbers, Floats]:
        """Take a night's values in; return the first night of each series' level now, and that level."""
        if begins.any():
            self._begin(np.flatnonzero(begins), night)
        own = self.scaled - (values / self.noise).astype(np.float32)[:, None]
        own *= own
        np.minimum(own, BOUND * BOUND, out=own)
        own[np.isnan(values)] = 0.0
        slot, nights = night % SHORTEST, night + 1
        self.recent += own
        self.recent -= self.losses[slot]
        self.losses[slot] = own
        self.cost += own
        start = nights - SHORTEST
        if start > 0:
            fresh = self.recent + (self.best[start] + self.penalty)[:, None]
            fresh[start <= self.began] = np.inf
            better = fresh < self.cost
            np.copyto(self.cost, fresh, where=better)
            self.since[better] = start
        lasted = nights - self.began >= SHORTEST
        self.best[nights, lasted] = self.cost[lasted].min(axis=1)
        at = self.cost.argmin(axis=1)
        since = self.since[self.each, at].astype(np.int64)
        self._settle(nights, since)
        return since, self.grid[self.each, at]

    def _begin(self, rows: Numbers, night: int) -> None:
        """Begin a level whatever it is: all cost as much as the cheapest way here."""
        self.cost[rows] = self.cost[rows].min(axis=1, keepdims=True)
        self.since[rows] = night
        self.began[rows] = self.fixed[rows] = self.before[rows] = night
        self.told[rows] = 0

    def _settle(self, nights: int, since: Numbers) -> None:
        """Settle the changes that were told for long enough: ways here without them are no more."""
        new = since > self.fixed
        same = np.abs(since - self.before) <= _MOVED
        self.told = np.where(new, np.where(same, self.told + 1, 1), 0)
        self.before = since
        ready = np.flatnonzero((self.told >= SETTLED) & (nights - since >= SETTLED))
        for row in ready[self._sure(ready)]:
            start = int(since[row])
            self.settled[row].append((start, nights))
            self.cost[row, self.since[row] < start] = np.inf
            self.since[row, self.since[row] < start + SHORTEST] = start
            self.fixed[row], self.told[row] = start, 0

    def _sure(self, rows: Numbers) -> Flags:
        """Return whether the changes told in some rows pay for themselves MARGIN times more than they cost."""
        cost = self.cost[rows]
        without = np.where(self.since[rows] > self.fixed[rows, None], np.inf, cost).min(axis=1, initial=np.inf)
        return np.asarray(without - cost.min(axis=1, initial=np.inf) >= MARGIN * self.penalty[rows])


def _grids(values: Floats, noise: Floats) -> tuple[Floats, Floats, Numbers]:
    """Return the least of the levels that each series may be at, their distance, and their number, many alike.

    They are multiples of their distance: a later night adds some, and moves none. Only where wild values would make
    them too many they lie between the usual ones, or farther apart.
    """
    ordered = np.sort(values, axis=1)  # NaN last
    last = np.isfinite(values).sum(axis=1) - 1
    each = np.arange(len(values))
    low, high = ordered[:, 0], ordered[each, last]
    wild = high - low > _STEP * noise * (_MOST_LEVELS - 2)
    usual = (ordered[each, np.rint(share * last).astype(int)] for share in _USUAL)
    low, high = (np.where(wild, edge, all_of) for edge, all_of in zip(usual, (low, high), strict=True))
    step = np.maximum(_STEP * noise, (high - low) / (_MOST_LEVELS - 2))
    low = np.floor(low / step) * step
    sizes = np.ceil((high - low) / step + 1)
    return low, step, np.asarray(_ALIKE * np.ceil(sizes / _ALIKE), dtype=np.int64)


def _alike(sizes: Numbers) -> Iterator[tuple[int, Numbers]]:
    """Yield the rows whose grids have as many levels, as few at a time as memory should hold."""
    for size in np.unique(sizes):
        rows = np.flatnonzero(sizes == size)
        at_once = max(1, _MOST_AT_ONCE // int(size))
        yield from ((int(size), rows[at : at + at_once]) for at in range(0, len(rows), at_once))
