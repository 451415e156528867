"""A sample: the values of one metric in one cell, one value a unit: what has to be done anew to switch a factor.

Usually that is a boot, and with one boot of an arm in each block the unit is the block.
"""

import math
from collections.abc import Iterable
from dataclasses import dataclass
from statistics import median
from typing import Any, Self

Unit = Any
"""What is counted, such as a block's number or (block, round); units of one sample have an order."""


@dataclass(frozen=True)
class Sample:
    """One value for each unit, ordered by it. Values are finite and not negative, in the metric's unit of measure."""

    values: tuple[tuple[Unit, float], ...]

    def __post_init__(self) -> None:
        units = [unit for unit, _ in self.values]
        if not units:
            raise ValueError("a sample has at least one value")
        if units != sorted(set(units)):
            raise ValueError("a sample has one value a unit, ordered by it")
        if not all(math.isfinite(value) and value >= 0 for _, value in self.values):
            raise ValueError("a sample's values are finite and not negative")

    @classmethod
    def of(cls, readings: Iterable[tuple[Unit, float]]) -> Self:
        """Return the sample of (unit, reading) pairs; several readings of one unit become their geometric mean.

        Repeats within a boot share that boot's luck, and boots of a deployment that deployment's, so they make one
        value and never count as replicates (Kalibera & Jones, ISMM'13).
        """
        grouped: dict[Unit, list[float]] = {}
        for unit, reading in readings:
            grouped.setdefault(unit, []).append(reading)
        return cls(tuple((unit, _geometric_mean(grouped[unit])) for unit in sorted(grouped)))

    def __len__(self) -> int:
        return len(self.values)

    @property
    def numbers(self) -> tuple[float, ...]:
        """The values alone, in their units' order."""
        return tuple(value for _, value in self.values)

    @property
    def median(self) -> float:
        """The middle value over units."""
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
