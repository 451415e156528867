"""Limits other than the device path: where an arm reached one, the ratio is only a bound."""

from enum import StrEnum

from pvbench.stats.sample import Sample

REACHED = 0.95
"""An arm whose median is at least this share of the ceiling was limited by it."""


class Bound(StrEnum):
    """What a capped ratio says: at least (the candidate was capped), at most (the baseline was), or nothing (both)."""

    AT_LEAST = "≥"
    AT_MOST = "≤"
    BOTH = "both arms"


def bound_of(baseline: Sample, candidate: Sample, ceiling: float | None) -> Bound | None:
    """Return what a ceiling, in the unit of a metric where higher is better, makes of the ratio; None if nothing."""
    if ceiling is None:
        return None
    low, high = baseline.median >= REACHED * ceiling, candidate.median >= REACHED * ceiling
    if low and high:
        return Bound.BOTH
    if high:
        return Bound.AT_LEAST
    return Bound.AT_MOST if low else None
