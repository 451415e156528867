"""What a pilot recommends: how many runs in a boot, how many blocks for an interval of a wanted width, and the time.

Runs: m* = √((c_boot / c_run) · (s²_run / s²_boot)), the least variance for the time (Kalibera and Jones, ISMM'13).

Blocks: the smallest n for which the paired t interval, exp(±t·s/√n), is no wider than wanted, relative to the ratio; t
depends on n, so n is found by trying. The s² of a handful of boots is uncertain itself, and too small as often as not:
what counts is the upper end of its one-sided 80 % confidence interval, (n₀ − 1)·s²/χ²₀.₂ with n₀ blocks in the pilot
(Browne, Statistics in Medicine 14, 1995).
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from scipy.special import chdtri, stdtrit

from pvbench.stats.compare import FEW_UNITS, LEVEL
from pvbench.stats.components import PairedComponents

CONFIDENCE = 0.8
MOST_RUNS, MOST_BLOCKS = 20, 1000
"""What a matrix may ask for."""


@dataclass(frozen=True)
class Cost:
    """Seconds: of all boots of a block, of one run of every workload in every arm; and the share that twins add."""

    boots_s: float
    run_s: float
    twins: float = 0.0

    def campaign_s(self, blocks: int, runs: int) -> float:
        """Return what a campaign takes."""
        return blocks * (self.boots_s + runs * self.run_s) * (1 + self.twins)


@dataclass(frozen=True)
class Recommendation:
    """A fixed number of blocks and runs, what that takes, and the width to be expected of each comparison.

    `widths` are full widths of the 95 % intervals relative to their ratios, in the order of the comparisons. `reached`
    tells whether all are as narrow as was asked.
    """

    blocks: int
    runs: int
    seconds: float
    widths: tuple[float, ...]
    reached: bool


def best_runs(cost: Cost, components: PairedComponents) -> int:
    """Return m*, whole and within what a matrix may ask for; the most where boots do not differ at all."""
    if components.run == 0 or cost.boots_s == 0:
        return 1
    if components.boot == 0:
        return MOST_RUNS
    return min(MOST_RUNS, max(1, round(math.sqrt(cost.boots_s / cost.run_s * components.run / components.boot))))


def width(components: PairedComponents, blocks: int, runs: int, level: float = LEVEL) -> float:
    """Return the full width to be expected of the interval, relative to the ratio; infinite below two blocks."""
    if blocks < 2:
        return math.inf
    t = float(stdtrit(blocks - 1, (1 + level) / 2))
    half = t * math.sqrt(_upper(components, runs) / blocks)
    return 2 * math.sinh(half) if half < 700 else math.inf


def for_width(cost: Cost, comparisons: Sequence[PairedComponents], wanted: float) -> Recommendation:
    """Return the cheapest campaign whose every interval is expected to be no wider than `wanted` (0.1 for 10 %)."""
    runs = _runs(cost, comparisons)
    blocks = FEW_UNITS
    while blocks < MOST_BLOCKS and any(width(one, blocks, runs) > wanted for one in comparisons):
        blocks += 1
    return _recommended(cost, comparisons, blocks, runs, wanted)


def for_time(
    cost: Cost, comparisons: Sequence[PairedComponents], seconds: float, wanted: float
) -> Recommendation | None:
    """Return what can be had in a time; None where not even two blocks fit into it."""
    runs = _runs(cost, comparisons)
    while runs > 1 and cost.campaign_s(FEW_UNITS, runs) > seconds:
        runs -= 1
    blocks = min(MOST_BLOCKS, int(seconds / cost.campaign_s(1, runs) + 1e-9))
    return _recommended(cost, comparisons, blocks, runs, wanted) if blocks >= 2 else None


def _runs(cost: Cost, comparisons: Sequence[PairedComponents]) -> int:
    """Return m* of the comparison that varies most: it decides how many blocks are needed."""
    return best_runs(cost, max(comparisons, key=lambda one: one.block(1)))


def _recommended(
    cost: Cost, comparisons: Sequence[PairedComponents], blocks: int, runs: int, wanted: float
) -> Recommendation:
    widths = tuple(width(one, blocks, runs) for one in comparisons)
    return Recommendation(blocks, runs, cost.campaign_s(blocks, runs), widths, all(one <= wanted for one in widths))


def _upper(components: PairedComponents, runs: int) -> float:
    freedom = components.blocks - 1
    # chdtri inverts the upper tail: the χ² that a share CONFIDENCE lies above.
    return components.block(runs) * freedom / float(chdtri(freedom, CONFIDENCE))
