"""Two samples in, one comparison out: the ratio with its interval, the verdict, and what may be said of its size."""

from dataclasses import dataclass
from enum import StrEnum

from pvbench.metrics import Better, Metric
from pvbench.stats.limits import Bound, bound_of
from pvbench.stats.ratio import Estimate, Interval, estimate
from pvbench.stats.sample import Sample

LEVEL = 0.95
MARGIN = 0.05
FEW_UNITS = 5
"""Below this many units (boots, deployments) a ratio is called indicative."""


class Verdict(StrEnum):
    """What a comparison allows to be said of the candidate."""

    FASTER = "faster"
    SLOWER = "slower"
    EQUIVALENT = "equivalent"
    UNDETERMINED = "undetermined"
    CAPPED = "capped"


@dataclass(frozen=True)
class Comparison:
    """A candidate against its baseline.

    `units` is how many values of each arm it rests on. `estimate` is None where an arm reads zero. `decades` is how
    many whole powers of ten the whole interval is clear of 1: 1 for "an order of magnitude" faster, −2 for two slower,
    0 for no claim. `disagreeing` tells that the median of the units' ratios is more than the margin away from their
    geometric mean. `bound` is there only when CAPPED.
    """

    estimate: Estimate | None
    verdict: Verdict
    units: int
    indicative: bool
    decades: int
    disagreeing: bool
    bound: Bound | None = None


def compare(
    baseline: Sample,
    candidate: Sample,
    *,
    metric: Metric,
    level: float = LEVEL,
    margin: float = MARGIN,
    ceiling: float | None = None,
) -> Comparison:
    """Return the comparison of two samples of `metric`; `ceiling` is the value no arm could have passed, if known."""
    if margin <= 0:
        raise ValueError("a margin is above zero")
    if not (baseline.positive and candidate.positive):
        units = min(len(baseline), len(candidate))
        return Comparison(None, Verdict.UNDETERMINED, units, units < FEW_UNITS, 0, False)
    found = estimate(baseline, candidate, metric.better, level)
    # Two one-sided tests at 1 - level each are one interval at 1 - 2 (1 - level): 90 % beside 95 %.
    narrow = estimate(baseline, candidate, metric.better, 1 - 2 * (1 - level)).interval
    bound = bound_of(baseline, candidate, ceiling) if metric.better is Better.HIGHER else None
    return Comparison(
        estimate=found,
        verdict=Verdict.CAPPED if bound else verdict(found.interval, narrow, margin),
        units=found.units,
        indicative=found.units < FEW_UNITS,
        decades=0 if bound else decades(found.interval),
        disagreeing=found.middle is not None and not 1 / (1 + margin) <= found.middle / found.point <= 1 + margin,
        bound=bound,
    )


def verdict(interval: Interval | None, narrow: Interval | None, margin: float) -> Verdict:
    """Return the verdict of a ratio normalised so that above 1 is better; `narrow` is the equivalence test's interval.

    Equivalence is decided first (TOST, Schuirmann 1987): a difference too small to matter is none, however certain. A
    difference has to be clear of the margin as a whole: the three verdicts are about the same margin.
    """
    if interval is None or narrow is None:
        return Verdict.UNDETERMINED
    if narrow.within(1 / (1 + margin), 1 + margin):
        return Verdict.EQUIVALENT
    if interval.low > 1 + margin:
        return Verdict.FASTER
    if interval.high < 1 / (1 + margin):
        return Verdict.SLOWER
    return Verdict.UNDETERMINED


def decades(interval: Interval | None) -> int:
    """Return how many whole powers of ten the whole interval is above 1, negative when it is below.

    Rounding the logarithm would call 3.2x an order of magnitude; here 10x is one only if the lower end reaches 10.
    """
    if interval is None:
        return 0
    up = down = 0
    while interval.low >= 10.0 ** (up + 1):
        up += 1
    while interval.high <= 10.0 ** -(down + 1):
        down += 1
    return up - down
