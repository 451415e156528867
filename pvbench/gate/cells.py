"""A run's cells as a gate looks at them: whether one measured anything, alone, and over the path asked for. Pure."""

from collections.abc import Iterable, Mapping

from pvbench import wording
from pvbench.gate.nouns import Side
from pvbench.model import FlagKind, Outcome, Trial
from pvbench.samples import CellTrials, gather

DISTURBING = frozenset({FlagKind.DISTURBED, FlagKind.FOREIGN_LOAD, FlagKind.THROTTLING})
"""A trial with one of these flags was not alone, or not at the speed it began with."""
ALIKE = 3
"""So many boots with exactly one figure are no measurement."""


def of_side(side: Side) -> Mapping[str, CellTrials]:
    """Return a run's cells by identities that last from version to version."""
    return {each.cell.lasting_id: each for each in gather(side.manifest, side.trials)}


def nothing(each: CellTrials) -> str:
    """Return why a cell's primary metric tells nothing, however many boots gave it; "" where it tells something.

    Who asked for a rate gets exactly that.
    """
    if each.sample is None:
        return ""
    if each.sample.median == 0:
        return "it read zero"
    alike = len(each.sample) >= ALIKE and len(set(each.sample.numbers)) == 1
    if not alike or wording.ceiling(each.cell.workload) is not None:
        return ""
    return f"{len(each.sample)} boots gave exactly one figure"


def wrong_path(each: CellTrials) -> str:
    """Return how many trials were not of what was asked for, and why; "" where none was."""
    wrong = each.count(Outcome.INVALID)
    return f"{wrong} invalid: {reason(each, Outcome.INVALID)}" if wrong else ""


def disturbed(each: CellTrials, allowed: float, which: str = "") -> str:
    """Return what disturbed more of the trials that count than may be, `which` being whose; "" where nothing did."""
    flagged = beyond(each.trials, allowed)
    if not flagged:
        return ""
    counted = sum(bool(trial.readings) for trial in each.trials)
    kinds = {flag.kind.value for trial in flagged for flag in trial.flags if flag.kind in DISTURBING}
    return f"{len(flagged)} of {counted} trials{which}: {', '.join(sorted(kinds))}"


def beyond(trials: Iterable[Trial], allowed: float) -> list[Trial]:
    """Return a cell's disturbed trials where they are more of those with a figure than may be; else none."""
    counted = [trial for trial in trials if trial.readings]
    flagged = [trial for trial in counted if any(flag.kind in DISTURBING for flag in trial.flags)]
    return flagged if len(flagged) > allowed * len(counted) else []


def untrusted(cells: Iterable[CellTrials], allowed: float) -> str:
    """Return why the first of a run's cells cannot be trusted; "" where all can."""
    return next((why for each in cells if (why := wrong_path(each) or disturbed(each, allowed))), "")


def reason(each: CellTrials, outcome: Outcome) -> str:
    """Return what the last trial that ended so said."""
    reasons = [trial.reason for trial in each.trials if trial.outcome is outcome and trial.reason]
    return reasons[-1] if reasons else "no trial was made"
