"""Whether a run lost against an earlier one, and how much it may have lost at most: what a gate decides by.

The two runs were made at two times, so nothing pairs their units: Fieller's interval, a value a boot (or deployment) in
each. Two questions are asked of it. Is a loss proven: is the ratio below 1, for all the tests made beside it (Holm)?
And what loss is ruled out: where is the lower end of the one-sided interval, as in a trial of non-inferiority (ICH E9)?
Neither answers the other: a few noisy boots prove no loss, and rule none out.
"""

import math
from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import fmean, variance

from scipy.special import stdtrit

from pvbench.metrics import Better
from pvbench.stats.compare import LEVEL
from pvbench.stats.multiple import holm
from pvbench.stats.ratio import Interval, estimate
from pvbench.stats.sample import Sample

FALSE_ALARMS = 0.01
"""In at most this share of gates is any loss called proven where nothing was lost."""
POWER = 0.8
MOST_UNITS = 1000


@dataclass(frozen=True)
class Loss:
    """The ratio of now to before, above 1 where now is better, and what is known of it.

    `interval` is two-sided at 95 %, and None where nothing bounds the ratio; `least` is what the ratio is at least, at
    95 % one-sided. `p` is the two-sided p-value of a ratio of 1. `units` is how many values the smaller run gave.
    `spread` is the variance that one value of each run brings into the ratio's logarithm.
    """

    ratio: float
    interval: Interval | None
    least: float | None
    p: float | None
    units: int
    spread: float


def loss(before: Sample, now: Sample, better: Better) -> Loss:
    """Return what is known of a change between two runs' samples of positive values."""
    older, newer = _of_run(before, 0), _of_run(now, 1)
    found = estimate(older, newer, better, LEVEL)
    one_sided = estimate(older, newer, better, 1 - 2 * (1 - LEVEL)).interval
    spread = sum(variance(each.numbers) / fmean(each.numbers) ** 2 for each in (before, now) if len(each) > 1)
    least = one_sided.low if one_sided else None
    return Loss(found.point, found.interval, least, found.p, min(len(before), len(now)), spread)


def proven(losses: Sequence[Loss]) -> tuple[bool, ...]:
    """Return of each ratio of a gate whether it differs from 1, for all of them together."""
    adjusted = holm([1.0 if each.p is None else each.p for each in losses])
    return tuple(p < 2 * FALSE_ALARMS for p in adjusted)


def units_to_rule_out(spread: float, worse: float) -> int | None:
    """Return how many units both runs need for a loss of `worse` (0.2 for 1 ÷ 1.2) to be ruled out where none is.

    With a power of 80 %, as for a trial of non-inferiority: (t₀.₉₅ + t₀.₈)·√(spread / n) within the logarithm. None
    where more would be needed than a matrix may ask for.
    """
    allowed = math.log1p(worse)

    def told(units: int) -> bool:
        freedom = 2 * (units - 1)
        quantiles = float(stdtrit(freedom, LEVEL)) + float(stdtrit(freedom, POWER))
        return quantiles * math.sqrt(spread / units) <= allowed

    found = bisect_left(range(MOST_UNITS + 1), True, lo=2, key=told)
    return found if found <= MOST_UNITS else None


def _of_run(sample: Sample, run: int) -> Sample:
    """Return a sample with units of its run alone, so that block 3 is not paired with that of another run."""
    return Sample(tuple(((run, unit), value) for unit, value in sample.values))
