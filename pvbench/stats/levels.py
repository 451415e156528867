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
_MOVED = 1  # a change that is told a night earlier or later is the same one
_STEP = 0.25  # of the grid, in standard deviations: its rounding costs 1/64 of a night's usual loss
_LEAST_LEVELS, _MOST_LEVELS = 8, 512
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
    level begins by declaration. A night that was not measured is NaN and costs nothing; a series without any is not
    followed.
    """
    count, nights = values.shape
    begins = np.zeros(values.shape, dtype=bool) if begins is None else begins
    since = np.zeros((count, nights + 1), dtype=np.int64)
    level = np.full((count, nights + 1), np.nan)
    settled: list[tuple[tuple[int, int], ...]] = [()] * count
    some = np.flatnonzero(np.isfinite(values).any(axis=1))
    for size, chosen in _alike(_sizes(values[some], noise[some])):
        rows = some[chosen]
        at = _At(_grid(values[rows], noise[rows], size), noise[rows], penalty[rows], nights)
        for night in range(nights):
            at.go(night, values[rows, night], begins[rows, night])
            since[rows, night + 1], level[rows, night + 1] = at.now()
        for row, own in zip(rows, at.settled, strict=True):
            settled[row] = tuple(own)
    return Followed(since, level, tuple(settled))


def spans(changes: tuple[int, ...], nights: int) -> list[tuple[int, int]]:
    """Return the levels between changes, as (first night, night after the last)."""
    return list(pairwise((0, *changes, nights)))


class _At:
    """Where some series stand after a night, on grids of as many levels: a row a series, a column a level."""

    def __init__(self, grid: Floats, noise: Floats, penalty: Floats, nights: int) -> None:
        count = len(grid)
        self.grid, self.noise, self.penalty = grid, noise, penalty
        self.scaled = grid / noise[:, None]
        self.cost = np.zeros(grid.shape)
        self.since = np.zeros(grid.shape, dtype=np.int32)
        self.losses = np.zeros((SHORTEST, *grid.shape))
        self.recent = np.zeros(grid.shape)
        self.best = np.full((nights + 1, count), np.inf)
        self.began, self.fixed, self.told, self.before = np.zeros((4, count), dtype=np.int64)
        self.settled: list[list[tuple[int, int]]] = [[] for _ in range(count)]
        self.each = np.arange(count)

    def now(self) -> tuple[Numbers, Floats]:
        """Return the first night of each series' level, and that level."""
        at = self.cost.argmin(axis=1)
        return self.since[self.each, at].astype(np.int64), self.grid[self.each, at]

    def go(self, night: int, values: Floats, begins: Flags) -> None:
        """Take a night's values in."""
        if begins.any():
            self._begin(np.flatnonzero(begins), night)
        own = self.scaled - (values / self.noise)[:, None]
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
        self._settle(nights)

    def _begin(self, rows: Numbers, night: int) -> None:
        """Begin a level whatever it is: all cost as much as the cheapest way here."""
        self.cost[rows] = self.cost[rows].min(axis=1, keepdims=True)
        self.since[rows] = night
        self.began[rows] = self.fixed[rows] = self.before[rows] = night
        self.told[rows] = 0

    def _settle(self, nights: int) -> None:
        """Settle the changes that were told for long enough: ways here without them are no more."""
        since, _ = self.now()
        new = since > self.fixed
        same = np.abs(since - self.before) <= _MOVED
        self.told = np.where(new, np.where(same, self.told + 1, 1), 0)
        self.before = since
        for row in np.flatnonzero((self.told >= SETTLED) & (nights - since >= SETTLED)):
            start = int(since[row])
            self.settled[row].append((start, nights))
            self.cost[row, self.since[row] < start] = np.inf
            self.since[row, self.since[row] < start + SHORTEST] = start
            self.fixed[row], self.told[row] = start, 0


def _sizes(values: Floats, noise: Floats) -> Numbers:
    """Return how many levels each series' own grid has, a power of two so that many series have as many."""
    steps = (np.nanmax(values, axis=1) - np.nanmin(values, axis=1)) / (_STEP * noise)
    wanted = np.clip(steps + 1, _LEAST_LEVELS, _MOST_LEVELS)
    return np.asarray(2 ** np.ceil(np.log2(wanted)), dtype=np.int64)


def _alike(sizes: Numbers) -> Iterator[tuple[int, Numbers]]:
    """Yield the rows whose grids have as many levels, as few at a time as memory should hold."""
    for size in np.unique(sizes):
        rows = np.flatnonzero(sizes == size)
        at_once = max(1, _MOST_AT_ONCE // int(size))
        yield from ((int(size), rows[at : at + at_once]) for at in range(0, len(rows), at_once))


def _grid(values: Floats, noise: Floats, size: int) -> Floats:
    """Return the levels that each series may be at, a row a series: evenly between its least value and its greatest.

    Where outliers lie so far off that these would be too far apart they are values of its own, as many of each part.
    """
    low, high = np.nanmin(values, axis=1), np.nanmax(values, axis=1)
    shares = np.linspace(0.0, 1.0, size)
    grid = np.asarray(low[:, None] + (high - low)[:, None] * shares[None, :])
    coarse = high - low > _STEP * noise * size
    if coarse.any():
        grid[coarse] = np.nanquantile(values[coarse], shares, axis=1, method="nearest").T
    return grid
