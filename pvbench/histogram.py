"""Sparse histograms of times: merged by adding counts, read by nearest rank. Quantiles are never averaged."""

import math
from collections import Counter
from collections.abc import Iterable

Bins = tuple[tuple[int, int], ...]
"""(Midpoint in ns, count), ascending by midpoint. A midpoint of fio's is within 0.78 % of its samples."""

BEYOND = 10
"""A tail is told only where this many samples lie beyond it: p99.9 needs 10,000, p99 needs 1,000."""


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


def mean_s(bins: Bins) -> float:
    """Return the mean of a histogram that is not empty, in seconds."""
    return sum(ns * count for ns, count in bins) / total(bins) / 1e9


def quantile_ns(bins: Bins, share: float) -> int:
    """Return the nearest-rank quantile of a histogram that is not empty, in ns: 0 is the least, 0.5 the median.

    It is the smallest midpoint up to which lie `share` of the samples, as fio reckons (stat.c, calc_clat_percentiles).
    """
    samples, seen = total(bins), 0
    rank = math.ceil(round(samples * share, 6))  # 0.07 of 100 is 7.000000000000001
    rank = min(max(rank, 1), samples)  # past 2⁵³ samples a float has not their very number
    for midpoint, count in bins:
        seen += count
        if seen >= rank:
            return midpoint
    raise ValueError("a quantile is of some samples")


def tail_s(bins: Bins, share: float) -> float | None:
    """Return a quantile above 0 and below 1, in seconds; None where too few samples lie beyond it."""
    if not 0 < share < 1:
        raise ValueError("a quantile with samples beyond it lies between 0 and 1")
    if round(total(bins) * (1 - share), 6) < BEYOND:
        return None
    return quantile_ns(bins, share) / 1e9
