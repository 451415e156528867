"""A sample: the values of one metric in one cell, one value a block, because the boot is the unit of replication."""

import math
from collections.abc import Iterable
from dataclasses import dataclass
from statistics import median
from typing import Self


@dataclass(frozen=True)
class Sample:
    """One value for each block, ordered by block. Values are finite and not negative, in the metric's unit."""

    values: tuple[tuple[int, float], ...]

    def __post_init__(self) -> None:
        blocks = [block for block, _ in self.values]
        if not blocks:
            raise ValueError("a sample has at least one value")
        if blocks != sorted(set(blocks)):
            raise ValueError("a sample has one value a block, ordered by block")
        if not all(math.isfinite(value) and value >= 0 for _, value in self.values):
            raise ValueError("a sample's values are finite and not negative")

    @classmethod
    def of(cls, readings: Iterable[tuple[int, float]]) -> Self:
        """Return the sample of (block, reading) pairs; several readings of one block become their geometric mean.

        Repeats within a boot share that boot's luck, so they make one value and never count as replicates
        (Kalibera & Jones, ISMM'13).
        """
        grouped: dict[int, list[float]] = {}
        for block, reading in readings:
            grouped.setdefault(block, []).append(reading)
        return cls(tuple((block, _geometric_mean(grouped[block])) for block in sorted(grouped)))

    def __len__(self) -> int:
        return len(self.values)

    @property
    def numbers(self) -> tuple[float, ...]:
        """The values alone, in block order."""
        return tuple(value for _, value in self.values)

    @property
    def median(self) -> float:
        """The middle value over blocks."""
        return median(self.numbers)

    @property
    def positive(self) -> bool:
        """Whether every value is above zero, as a ratio needs."""
        return min(self.numbers) > 0


def _geometric_mean(readings: list[float]) -> float:
    if len(readings) == 1:
        return readings[0]
    if any(not math.isfinite(reading) or reading < 0 for reading in readings):
        raise ValueError("a sample's values are finite and not negative")
    if min(readings) == 0:
        return 0.0
    return math.exp(math.fsum(map(math.log, readings)) / len(readings))
