"""Sparse histograms of times: merged by adding counts, read by nearest rank. Quantiles are never averaged."""

import math
from bisect import bisect_left
from collections.abc import Iterable, Sequence
from itertools import accumulate

Bins = tuple[tuple[int, int], ...]
"""(Midpoint in ns, count), ascending by midpoint. A midpoint of fio's is within 0.78 % of its samples."""

BEYOND = 10
"""A tail is told only where this many samples lie beyond it: p99.9 needs 10,000, p99 needs 1,000."""


def merge(histograms: Iterable[Iterable[tuple[int, int]]]) -> Bins:
    """Return one histogram with the counts of all."""
    counts: dict[int, int] = {}
    for histogram in histograms:
        for midpoint, count in histogram:
            counts[midpoint] = counts.get(midpoint, 0) + count
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
    return _at(bins, list(accumulate(count for _, count in bins)), share)


def tail_s(bins: Bins, share: float) -> float | None:
    """Return a quantile above 0 and below 1, in seconds; None where too few samples lie beyond it."""
    return tails_s(bins, (share,))[0]


def tails_s(bins: Bins, shares: Sequence[float]) -> tuple[float | None, ...]:
    """Return several of them; a long histogram is added up once."""
    if not all(0 < share < 1 for share in shares):
        raise ValueError("a quantile with samples beyond it lies between 0 and 1")
    running = list(accumulate(count for _, count in bins))
    samples = running[-1] if running else 0
    return tuple(
        None if round(samples * (1 - share), 6) < BEYOND else _at(bins, running, share) / 1e9 for share in shares
    )


def _at(bins: Bins, running: Sequence[int], share: float) -> int:
    samples = running[-1] if running else 0
    if samples < 1:
        raise ValueError("a quantile is of some samples")
    rank = math.ceil(round(samples * share, 6))  # 0.07 of 100 is 7.000000000000001
    rank = min(max(rank, 1), samples)  # past 2⁵³ samples a float has not their very number
    return bins[bisect_left(running, rank)][0]
