"""Series of nights as levels: the segmentation whose loss no single night can dominate, by a dynamic programme.

Fearnhead and Rigaill, "Changepoint Detection in the Presence of Outliers", JASA 114 (2019): the biweight loss
min((x - level)^2, K^2), in units of the noise, bounds what one night can cost, so that an outlier neither bends a level
nor makes one. The best segmentation is found by keeping, for every level of a grid, the cost of being at it now: a
night adds its loss, and a change costs a penalty and comes from the best of all levels. It is linear in the nights and
done for many series at once; what is found in one does not depend on those beside it.
"""

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

BOUND = 3.5
"""What one night costs at most, in standard deviations of the noise: K of the paper's biweight loss."""
SHORTEST = 3
"""A level lasts so many nights at least; fewer are outliers."""
_STEP = 0.25  # of the grid, in standard deviations: its rounding costs 1/64 of a night's usual loss
_LEAST_LEVELS, _MOST_LEVELS = 8, 512
_MOST_AT_ONCE = 1 << 22
"""So many nights × levels × series are kept for the way back at once, a byte each."""


def segment(values: Floats, noise: Floats, penalty: Floats) -> tuple[tuple[int, ...], ...]:
    """Return where each series (row) changes its level: indices of the first night of each new level.

    `noise` is each series' standard deviation, `penalty` what a change costs, in squares of it. A night that was not
    measured is NaN and costs nothing.
    """
    count, nights = values.shape
    found: list[tuple[int, ...]] = [() for _ in range(count)]
    if nights >= 2 * SHORTEST:
        for size, rows in _alike(_sizes(values, noise), nights):
            for row, own in zip(rows, _segment(values[rows], noise[rows], penalty[rows], size), strict=True):
                found[row] = own
    return tuple(found)


def _sizes(values: Floats, noise: Floats) -> NDArray[np.int64]:
    """Return how many levels each series' own grid has, a power of two so that many series have as many."""
    steps = (np.nanmax(values, axis=1) - np.nanmin(values, axis=1)) / (_STEP * noise)
    wanted = np.clip(steps + 1, _LEAST_LEVELS, _MOST_LEVELS)
    return np.asarray(2 ** np.ceil(np.log2(wanted)), dtype=np.int64)


def _alike(sizes: NDArray[np.int64], nights: int) -> Iterator[tuple[int, NDArray[np.int64]]]:
    """Yield the rows whose grids have as many levels, as few at a time as memory should hold."""
    for size in np.unique(sizes):
        rows = np.flatnonzero(sizes == size)
        at_once = max(1, _MOST_AT_ONCE // (int(size) * nights))
        yield from ((int(size), rows[at : at + at_once]) for at in range(0, len(rows), at_once))


def _segment(values: Floats, noise: Floats, penalty: Floats, size: int) -> Iterator[tuple[int, ...]]:
    """Yield where each series changes its level, on grids of so many levels."""
    count, nights = values.shape
    grid = _grid(values, noise, size)
    losses = np.zeros((SHORTEST, count, size))
    recent = np.zeros((count, size))
    best = np.full((nights + 1, count), np.inf)
    best[0] = -penalty
    best_at = np.zeros((nights + 1, count), dtype=np.int32)
    began = np.zeros((nights + 1, count, size), dtype=bool)
    cost = np.full((count, size), np.inf)
    for night in range(1, nights + 1):
        own = _loss(values[:, night - 1], grid, noise)
        slot = night % SHORTEST
        recent += own - losses[slot]
        losses[slot] = own
        cost += own
        if night >= SHORTEST:
            fresh = best[night - SHORTEST][:, None] + penalty[:, None] + recent
            began[night] = fresh < cost
            np.minimum(cost, fresh, out=cost)
            best_at[night] = cost.argmin(axis=1)
            best[night] = cost[np.arange(count), best_at[night]]
    yield from (_traced(began[:, row], best_at[:, row], nights) for row in range(count))


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


def _loss(night: Floats, grid: Floats, noise: Floats) -> Floats:
    apart = (night[:, None] - grid) / noise[:, None]
    return np.nan_to_num(np.minimum(apart * apart, BOUND * BOUND), nan=0.0)


def _traced(began: NDArray[np.bool_], best_at: NDArray[np.int32], nights: int) -> tuple[int, ...]:
    """Follow the cheapest way back from the last night; return where each level but the first began."""
    found, night = [], nights
    while night > 0:
        level = best_at[night]
        while not began[night, level]:
            night -= 1
        night -= SHORTEST
        if night > 0:
            found.append(night)
    return tuple(reversed(found))
