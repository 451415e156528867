"""What both arms of a comparison along a tunable had of it, as it was read back: not what they were asked for. Pure."""

from pvbench.contrasts import CellPair
from pvbench.model import Outcome
from pvbench.samples import CellTrials
from pvbench.tunables import TUNABLES


def shared_in_force(pair: CellPair) -> frozenset[str]:
    """Return what trials of both arms had of the tunable they are compared along: where any, they are no two arms."""
    factor = pair.pairing.factor.name
    if factor not in TUNABLES:
        return frozenset()
    ours, theirs = (values_in_force(side, factor) for side in (pair.baseline, pair.candidate))
    return frozenset(value for value in ours & theirs if value is not None)


def values_in_force(side: CellTrials, tunable: str) -> frozenset[str | None]:
    """Return the values of a tunable that trials which count had; None among them where it is not known of one."""
    measured = [trial for trial in side.trials if trial.outcome is Outcome.OK]
    return frozenset(next((each.got for each in trial.granted if each.name == tunable), None) for trial in measured)
