"""Series of nights as levels: the segmentation whose loss no single night can dominate, by a dynamic programme.

Fearnhead and Rigaill, "Changepoint Detection in the Presence of Outliers", JASA 114 (2019): the biweight loss
min((x - level)^2, K^2), in units of the noise, bounds what one night can cost, so that an outlier neither bends a level
nor makes one. The best segmentation is found by keeping, for every level of a grid, the cost of being at it now: a
night adds its loss, and a change costs a penalty and comes from the best of all levels. It is linear in the nights and
done for all series at once.
"""

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

BOUND = 3.5
"""What one night costs at most, in standard deviations of the noise: K of the paper's biweight loss."""
SHORTEST = 3
"""A level lasts so many nights at least; fewer are outliers."""
_STEP = 0.25  # of the grid, in standard deviations: its rounding costs 1/64 of a night's usual loss
_MOST_LEVELS = 512


def segment(values: Floats, noise: Floats, penalty: Floats) -> tuple[tuple[int, ...], ...]:
    """Return where each series (row) changes its level: indices of the first night of each new level.

    `noise` is each series' standard deviation, `penalty` what a change costs, in squares of it. A night that was not
    measured is NaN and costs nothing.
    """
    count, nights = values.shape
    if nights < 2 * SHORTEST:
        return tuple(() for _ in range(count))
    grid = _grid(values, noise)
    size = grid.shape[1]
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
    return tuple(_traced(began[:, row], best_at[:, row], nights) for row in range(count))


def _grid(values: Floats, noise: Floats) -> Floats:
    """Return the levels that each series may be at, a row a series; all rows have as many."""
    low, high = np.nanmin(values, axis=1), np.nanmax(values, axis=1)
    steps = (high - low) / (_STEP * noise)
    size = int(min(_MOST_LEVELS, max(8.0, np.ceil(steps.max()) + 1)))
    return np.asarray(low[:, None] + (high - low)[:, None] * np.linspace(0.0, 1.0, size)[None, :])


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
