"""Percentiles from fio's json+ histograms: bins are merged first, because percentiles must never be averaged."""

import math
from collections import Counter
from collections.abc import Iterable

Bins = tuple[tuple[int, int], ...]
"""A sparse histogram: (bin midpoint in ns, count), ordered by midpoint. A midpoint is within 0.78 % of its samples."""

BEYOND = 10
"""A percentile is given only where this many samples lie beyond it: p99.9 needs 10,000, p99 needs 1,000."""


def merge(histograms: Iterable[Iterable[tuple[int, int]]]) -> Bins:
    """Return one histogram with the counts of all."""
    counts: Counter[int] = Counter()
    for histogram in histograms:
        for midpoint, count in histogram:
            counts[midpoint] += count
    return tuple(sorted((midpoint, count) for midpoint, count in counts.items() if count > 0))


def total(bins: Bins) -> int:
    """Return the number of samples in a histogram."""
    return sum(count for _, count in bins)


def percentile(bins: Bins, q: float) -> float | None:
    """Return the q-quantile (0 < q < 1) in seconds, by nearest rank; None where too few samples lie beyond it."""
    if not 0 < q < 1:
        raise ValueError("a quantile lies between 0 and 1")
    samples = total(bins)
    if round(samples * (1 - q), 6) < BEYOND:
        return None
    rank = math.ceil(round(samples * q, 6))
    seen = 0
    for midpoint, count in bins:
        seen += count
        if seen >= rank:
            return midpoint / 1e9
    raise AssertionError("the counts of a histogram add up to its total")
