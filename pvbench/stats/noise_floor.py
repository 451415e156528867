"""The noise floor: what a campaign makes of two identical arms, from its twins.

A twin measures an arm a second time as if it were another one. Its ratio to its original is 1 but for what the campaign
itself adds. All pairs of one block share that block's boots, so they make one value, the mean of their log ratios;
the interval is the t interval over the blocks.
"""

import math
from collections import defaultdict
from collections.abc import Hashable, Iterable
from dataclasses import dataclass
from statistics import fmean

from pvbench.metrics import Better
from pvbench.stats.compare import LEVEL
from pvbench.stats.ratio import Interval, mean_interval


@dataclass(frozen=True)
class Noise:
    """The ratio of twin to original over all pairs; `interval` is None with one block."""

    ratio: float
    interval: Interval | None
    blocks: int
    pairs: int

    @property
    def biased(self) -> bool:
        """Whether identical arms differ by more than chance: the interval leaves out 1."""
        return self.interval is not None and not self.interval.low <= 1 <= self.interval.high


def twin_log(original: float, twin: float, better: Better) -> float | None:
    """Return the log ratio of twin to original, above 0 where the twin is better; None unless both are above 0."""
    if not (original > 0 and twin > 0):
        return None
    log = math.log(twin) - math.log(original)
    return log if better is Better.HIGHER else -log


def noise(pairs: Iterable[tuple[Hashable, float]], level: float = LEVEL) -> Noise | None:
    """Return the noise floor of (block, log ratio) pairs, a block being one slot on one host; None without pairs."""
    blocks: dict[Hashable, list[float]] = defaultdict(list)
    for block, log in pairs:
        blocks[block].append(log)
    if not blocks:
        return None
    means = [fmean(logs) for logs in blocks.values()]
    return Noise(math.exp(fmean(means)), mean_interval(means, level), len(means), sum(map(len, blocks.values())))
