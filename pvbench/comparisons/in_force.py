"""What both arms of a comparison along a tunable had of it, as it was read back: not what they were asked for. Pure."""

from pvbench.contrasts import CellPair
from pvbench.model import Outcome
from pvbench.samples import CellTrials
from pvbench.tunables import TUNABLES


def same_in_force(pair: CellPair) -> str | None:
    """Return what every trial of both arms had of the tunable they are compared along, where it was one value."""
    factor = pair.pairing.factor.name
    if factor not in TUNABLES:
        return None
    had = [values_in_force(side, factor) for side in (pair.baseline, pair.candidate)]
    return next(iter(had[0])) if had[0] == had[1] and len(had[0]) == 1 else None


def values_in_force(side: CellTrials, tunable: str) -> set[str]:
    """Return the values of a tunable that trials which count had; empty as soon as one is not known."""
    measured = [trial for trial in side.trials if trial.outcome is Outcome.OK]
    had = [next((each.got for each in trial.granted if each.name == tunable), None) for trial in measured]
    return set() if None in had else {got for got in had if got is not None}
