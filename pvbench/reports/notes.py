"""What stands beside a comparison: what limits it, why it has no verdict, which of its trials are flagged."""

from collections.abc import Sequence

from pvbench import figures as fmt
from pvbench.comparisons.ceilings import Ceiling
from pvbench.model import Outcome
from pvbench.reports.headline import magnitude
from pvbench.reports.page import Arm
from pvbench.samples import CellTrials
from pvbench.stats import Bound, Comparison, Correction, Family, Verdict

SHORT = 44
"""As many letters as a line beside a verdict holds."""


def notes(
    comparison: Comparison | None, arms: tuple[Arm, Arm], margin: float, ceiling: Ceiling | None, unit: str
) -> tuple[str, ...]:
    """Return what limits a comparison's ratio, and why trials of its arms gave no number; it counts `unit`s."""
    said = []
    what = ceiling.what if ceiling else "a ceiling"
    if comparison:
        if comparison.indicative:
            said.append(f"indicative ({fmt.count(comparison.units, unit)})")
        if comparison.estimate is None:
            said.append("an arm reads zero, so there is no ratio")
        elif comparison.estimate.interval is None:
            said.append("no interval")
        if comparison.decades:
            said.append(f"at least {magnitude(comparison.decades)} {'faster' if comparison.decades > 0 else 'slower'}")
        if comparison.bound is Bound.BOTH:
            said.append(f"both arms reach {what}, so the ratio says nothing")
        elif comparison.bound:
            said.append(f"an arm reaches {what}, so the ratio is a bound")
        if comparison.disagreeing:
            said.append(f"{unit}s disagree: median and mean ratio differ by more than {margin * 100:g} %")
    for side in arms:
        said.extend(f"{side.name}: {number} × {reason}" for reason, number in side.reasons)
    return tuple(said)


def unsettled(comparison: Comparison | None, p: float | None, family: Family, margin: float) -> tuple[str, ...]:
    """Return why a comparison whose own interval is clear of 1 has no verdict."""
    bounds = comparison.estimate.interval if comparison and comparison.estimate else None
    if comparison is None or p is None or bounds is None or comparison.verdict is not Verdict.UNDETERMINED:
        return ()
    if bounds.low <= 1 <= bounds.high:
        return ()
    if bounds.low <= 1 + margin and bounds.high >= 1 / (1 + margin):
        return (f"its interval is clear of 1, but not of the margin of {margin * 100:g} %",)
    tests = fmt.count(family.tests, "comparison")
    return (f"its own interval is clear of 1, but not after {family.correction}’s correction for {tests}: p = {p:.2g}",)


def flags(sides: Sequence[tuple[str, CellTrials]]) -> tuple[str, ...]:
    """Return how many trials of which arm, by its name, are flagged; they count all the same."""
    return tuple(
        f"{name}: {number} of {side.count(Outcome.OK)} trials flagged {kind}, counted"
        for name, side in sides
        for kind, number in sorted(side.flagged.items())
    )


def brief(limits: Sequence[str], arms: tuple[Arm, Arm]) -> tuple[str, ...]:
    """Return at most two short lines of what stands beside a comparison: arms without a number, then limits."""
    lacking = [f"{side.name}: no number" for side in arms if side.status != "ok"]
    short = [note for note in limits if len(note) <= SHORT]
    return tuple(note for note in (*lacking, *short) if len(note) <= SHORT)[:2]


def summary(rows: int, family: Family) -> str:
    """Return what holds for all comparisons of a report together."""
    said = [f"{fmt.count(rows, 'comparison')}."]
    if family.tests:
        bounded = (
            "the chance that any of them is false is below 5 %"
            if family.correction is Correction.HOLM
            else "at most 5 % of them are false on average"
        )
        said.append(
            f"FASTER and SLOWER hold after {family.correction}’s correction for {fmt.count(family.tests, 'test')}: "
            f"{bounded}."
        )
    said.append("Each interval covers its own ratio with 95 % confidence; they do not do so jointly.")
    return " ".join(said)
