"""Counting by domain and number, chunk by chunk, in memory that does not grow with the trace."""

from collections import Counter

import numpy as np
import numpy.typing as npt

Ints = npt.NDArray[np.int64]

LARGEST_DOMAIN = 1 << 16
_KEY_BITS = 46
_BIN_SHIFT = 52 - 6


class Tally:
    """How often each (domain, key) was seen. Domains are -65536 to 65535, keys 0 to 2**46 - 1."""

    def __init__(self) -> None:
        self.counts: Counter[tuple[int, int]] = Counter()

    def add(self, domain: Ints, key: Ints) -> None:
        """Count pairs."""
        packed, times = np.unique((domain + LARGEST_DOMAIN) << _KEY_BITS | key, return_counts=True)
        for each, often in zip(packed.tolist(), times.tolist(), strict=True):
            self.counts[(each >> _KEY_BITS) - LARGEST_DOMAIN, each & ((1 << _KEY_BITS) - 1)] += often


class Spread:
    """Totals and medians of durations in cycles for each (domain, exit code).

    A median is exact to 1/128 of itself: it is that of a histogram with 64 bins an octave (the exponent and six bits of
    the mantissa of the duration as a double), so that any number of exits takes the same memory.
    """

    def __init__(self) -> None:
        self.totals: Counter[tuple[int, int]] = Counter()
        self.bins: dict[tuple[int, int], Counter[int]] = {}

    def add(self, domain: Ints, code: Ints, cycles: Ints) -> None:
        """Note durations, not negative."""
        packed, which = np.unique((domain + LARGEST_DOMAIN) << _KEY_BITS | code, return_inverse=True)
        bins = np.maximum(cycles, 1).astype(np.float64).view(np.int64) >> _BIN_SHIFT
        for index, each in enumerate(packed.tolist()):
            mine = which == index
            key = (each >> _KEY_BITS) - LARGEST_DOMAIN, each & ((1 << _KEY_BITS) - 1)
            self.totals[key] += int(cycles[mine].sum())
            numbers, times = np.unique(bins[mine], return_counts=True)
            kept = self.bins.setdefault(key, Counter())
            for number, often in zip(numbers.tolist(), times.tolist(), strict=True):
                kept[number] += often


def median(bins: Counter[int]) -> int:
    """Return the middle of the bin in which the lower median lies, in cycles."""
    half, seen = (bins.total() + 1) // 2, 0
    for number in sorted(bins):
        seen += bins[number]
        if seen >= half:
            ends = np.array([number << _BIN_SHIFT, (number + 1) << _BIN_SHIFT], np.int64).view(np.float64)
            return int(ends.sum() / 2)
    return 0
