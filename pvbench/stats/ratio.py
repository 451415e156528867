"""The ratio of candidate to baseline with its interval, normalised so that above 1 the candidate is better.

Paired: with d_i the log ratio in unit i (a boot of each arm in one block, or a deployment), the estimate is exp(mean d)
and the interval exp(mean d ± t·s/√n), t with n − 1 degrees of freedom. Drift that the arms of a unit share cancels.

Unpaired: Fieller's interval, the θ for which |N − θD| ≤ t·√(s²_N/n_N + θ²·s²_D/n_D) with N and D the arms' means,
each arm with its own variance and Welch-Satterthwaite degrees of freedom at the estimate (Fieller, JRSS B 16, 1954).
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from statistics import fmean, median

from scipy.special import stdtr, stdtrit

from pvbench.metrics import Better
from pvbench.stats.sample import Sample


class Method(StrEnum):
    """How an estimate was made."""

    PAIRED = "paired log-ratio t"
    UNPAIRED = "Fieller"
    POINT = "point only"


@dataclass(frozen=True)
class Interval:
    """A confidence interval at `level`; 0 < low ≤ high, both finite."""

    low: float
    high: float
    level: float

    def __post_init__(self) -> None:
        if not 0 < self.low <= self.high < math.inf:
            raise ValueError("an interval of a ratio is positive, ordered and bounded")

    def within(self, low: float, high: float) -> bool:
        """Whether the whole interval lies in [low, high]."""
        return low <= self.low and self.high <= high


@dataclass(frozen=True)
class Estimate:
    """A ratio, above 1 when the candidate is better. `interval` is None where nothing bounds it.

    `units` is the number of units it rests on (the smaller arm's where unpaired); `middle` is the median of the
    units' ratios, None unless paired: far from `point`, the units do not agree on one ratio. `p` is the two-sided
    p-value of a ratio of 1, below 1 − level exactly where the interval leaves out 1; None without a test.
    """

    point: float
    interval: Interval | None
    units: int
    method: Method
    middle: float | None = None
    p: float | None = None


def estimate(baseline: Sample, candidate: Sample, better: Better, level: float) -> Estimate:
    """Return the ratio of two samples of positive values, paired by unit where two units hold both arms."""
    if not (baseline.positive and candidate.positive):
        raise ValueError("a ratio needs values above zero")
    if not 0 < level < 1:
        raise ValueError("a confidence level lies between 0 and 1")
    above, below = (candidate, baseline) if better is Better.HIGHER else (baseline, candidate)
    logs = _log_ratios(above, below)
    if len(logs) >= 2:
        return _paired(logs, level)
    if min(len(above), len(below)) >= 2:
        return _fieller(above.numbers, below.numbers, level)
    if logs:
        return Estimate(math.exp(logs[0]), None, 1, Method.POINT)
    return Estimate(fmean(above.numbers) / fmean(below.numbers), None, 1, Method.POINT)


def _log_ratios(numerator: Sample, denominator: Sample) -> list[float]:
    other = dict(denominator.values)
    return [math.log(value) - math.log(other[unit]) for unit, value in numerator.values if unit in other]


def _paired(logs: list[float], level: float) -> Estimate:
    centre = fmean(logs)
    p = _p(centre, math.sqrt(_variance(logs) / len(logs)), len(logs) - 1)
    return Estimate(math.exp(centre), mean_interval(logs, level), len(logs), Method.PAIRED, math.exp(median(logs)), p)


def mean_interval(logs: Sequence[float], level: float) -> Interval | None:
    """Return the t interval of a mean of logarithms, as an interval of the ratio; None for fewer than two."""
    if len(logs) < 2:
        return None
    centre = fmean(logs)
    half = _t(level, len(logs) - 1) * math.sqrt(_variance(logs) / len(logs))
    return _interval(_exp(centre - half), _exp(centre + half), level)


def _fieller(numerator: tuple[float, ...], denominator: tuple[float, ...], level: float) -> Estimate:
    mean_n, mean_d = fmean(numerator), fmean(denominator)
    theta = mean_n / mean_d
    var_n, var_d = _variance(numerator) / len(numerator), _variance(denominator) / len(denominator)
    units = min(len(numerator), len(denominator))
    spread = (var_n / mean_n**2) + (var_d / mean_d**2)
    if spread == 0:
        p = 1.0 if mean_n == mean_d else 0.0
        return Estimate(theta, _interval(theta, theta, level), units, Method.UNPAIRED, p=p)
    freedom = spread**2 / (
        (var_n / mean_n**2) ** 2 / (len(numerator) - 1) + (var_d / mean_d**2) ** 2 / (len(denominator) - 1)
    )
    t_squared = _t(level, freedom) ** 2
    p = _p(mean_n - mean_d, math.sqrt(var_n + var_d), freedom)
    # Either mean not resolved from zero leaves the ratio unbounded in one direction or in both.
    lead, tail = mean_d**2 - t_squared * var_d, mean_n**2 - t_squared * var_n
    if lead <= 0 or tail <= 0:
        return Estimate(theta, None, units, Method.UNPAIRED, p=p)
    root = math.sqrt(max((mean_n * mean_d) ** 2 - lead * tail, 0.0))
    low, high = (mean_n * mean_d - root) / lead, (mean_n * mean_d + root) / lead
    return Estimate(theta, _interval(low, high, level), units, Method.UNPAIRED, p=p)


def _variance(numbers: Sequence[float]) -> float:
    centre = fmean(numbers)
    return math.fsum((number - centre) ** 2 for number in numbers) / (len(numbers) - 1)


def _interval(low: float, high: float, level: float) -> Interval | None:
    return Interval(low, high, level) if 0 < low <= high < math.inf else None


def _exp(value: float) -> float:
    return math.exp(value) if value < 700 else math.inf


def _p(difference: float, error: float, freedom: float) -> float:
    """Return the two-sided p-value of a difference of 0."""
    if error == 0:
        return 1.0 if difference == 0 else 0.0
    return 2 * float(stdtr(freedom, -abs(difference) / error))


def _t(level: float, freedom: float) -> float:
    return float(stdtrit(freedom, (1 + level) / 2))
