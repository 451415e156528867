"""Seeded series of nights with steps put in, and the score of what a detector finds in them."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

STEPS = (0.03, 0.05, 0.08, 0.15)
MARGIN = 3
"""A step is found that is told to within so many nights."""


@dataclass(frozen=True)
class SyntheticNights:
    """Series of values, and where each has steps: the index of the first night after one, and its size."""

    values: list[list[float]]
    steps: list[dict[int, float]]


@dataclass(frozen=True)
class Score:
    """How right what was found is, as shares; `flat` is that of the series without a step that are told to have one."""

    precision: float
    recall: float
    flat: float

    @property
    def f1(self) -> float:
        """The harmonic mean of precision and recall."""
        return 2 * self.precision * self.recall / (self.precision + self.recall)


def synthetic_nights(seed: int, count: int = 1000, length: int = 120) -> SyntheticNights:
    """Return series with noise of 2 %, half of it AR(1) of 0.5, one-sided outliers in 3 % and none to two steps."""
    rng = np.random.default_rng(seed)
    values, truth = [], []
    for row in range(count):
        rho = 0.5 * (row % 2)
        noise = rng.normal(0, 0.02, length)
        for night in range(1, length):
            noise[night] = rho * noise[night - 1] + np.sqrt(1 - rho**2) * noise[night]
        steps: dict[int, float] = {}
        for _ in range(int(rng.integers(0, 3))):
            at = int(rng.integers(10, length - 10))
            if all(abs(at - other) >= 15 for other in steps):
                steps[at] = float(rng.choice(STEPS))
                noise[at:] += rng.choice([-1, 1]) * np.log1p(steps[at])
        outliers = np.where(rng.random(length) < 0.03, 0.8, 1.0)
        values.append((100 * np.exp(noise) * outliers).tolist())
        truth.append(steps)
    return SyntheticNights(values, truth)


def score(nights: SyntheticNights, indices: Iterable[Sequence[int]], leaving_out: float | None = None) -> Score:
    """Return how right the indices told of each series are, each step found once; one size of steps may be left out."""
    right = wrong = missed = alarmed = 0
    for steps, own in zip(nights.steps, indices, strict=True):
        left = dict(steps)
        for index in own:
            near = min(left, key=lambda at: abs(at - index), default=None)
            if near is None or abs(near - index) > MARGIN:
                wrong += 1
            elif left.pop(near) != leaving_out:
                right += 1
        missed += sum(size != leaving_out for size in left.values())
        alarmed += bool(own) and not steps
    flat = sum(not steps for steps in nights.steps)
    return Score(right / max(1, right + wrong), right / max(1, right + missed), alarmed / max(1, flat))
