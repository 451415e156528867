"""Many comparisons in one report: each verdict of a difference has to stand up to all the tests made beside it.

Up to MANY comparisons Holm's step-down (Scandinavian Journal of Statistics 6, 1979): the chance that even one FASTER or
SLOWER of the report is false stays below 1 − level, whatever the tests have to do with each other. Past MANY, where
that is too strict to be of use, Benjamini and Hochberg (JRSS B 57, 1995): of the differences named, at most that share
is false on average. Intervals stay those of each comparison alone.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

from pvbench.stats.compare import LEVEL, Comparison, Verdict

MANY = 20
"""Past so many comparisons the share of false verdicts is bounded, not the chance of any."""


class Correction(StrEnum):
    """How the p-values of a report's comparisons were adjusted."""

    HOLM = "Holm"
    BENJAMINI_HOCHBERG = "Benjamini-Hochberg"


@dataclass(frozen=True)
class Family:
    """The comparisons of one report, judged together.

    `comparisons` are those given, in their order; a difference that does not survive is UNDETERMINED there and claims
    no order of magnitude. `adjusted` are their p-values after correction for `tests` tests; None where none was made.
    """

    comparisons: tuple[Comparison, ...]
    adjusted: tuple[float | None, ...]
    correction: Correction
    tests: int


def judge(comparisons: Sequence[Comparison], level: float = LEVEL) -> Family:
    """Return the comparisons of one report with the verdicts that survive the correction."""
    found = [comparison.estimate.p if comparison.estimate else None for comparison in comparisons]
    tested = [p for p in found if p is not None]
    correction = Correction.HOLM if len(tested) <= MANY else Correction.BENJAMINI_HOCHBERG
    values = iter((holm if correction is Correction.HOLM else benjamini_hochberg)(tested))
    adjusted = tuple(None if p is None else next(values) for p in found)
    judged = tuple(_judged(one, p, level) for one, p in zip(comparisons, adjusted, strict=True))
    return Family(judged, adjusted, correction, len(tested))


def holm(values: Sequence[float]) -> tuple[float, ...]:
    """Return p-values adjusted by Holm's step-down, in the order given."""
    adjusted, largest = [0.0] * len(values), 0.0
    for rank, index in enumerate(sorted(range(len(values)), key=values.__getitem__)):
        largest = max(largest, min(1.0, (len(values) - rank) * values[index]))
        adjusted[index] = largest
    return tuple(adjusted)


def benjamini_hochberg(values: Sequence[float]) -> tuple[float, ...]:
    """Return p-values adjusted by Benjamini and Hochberg's step-up, in the order given."""
    adjusted, smallest = [0.0] * len(values), 1.0
    ranked = sorted(range(len(values)), key=values.__getitem__)
    for rank in range(len(values), 0, -1):
        index = ranked[rank - 1]
        smallest = min(smallest, len(values) / rank * values[index])
        adjusted[index] = smallest
    return tuple(adjusted)


def _judged(comparison: Comparison, p: float | None, level: float) -> Comparison:
    differs = comparison.verdict in (Verdict.FASTER, Verdict.SLOWER)
    if not differs or (p is not None and p < 1 - level):
        return comparison
    return replace(comparison, verdict=Verdict.UNDETERMINED, decades=0)
