"""What the two arms of a comparison had in use otherwise, though it is not what they are compared along. Pure."""

from collections.abc import Iterator

from pvbench.contrasts import CellPair
from pvbench.model import Outcome
from pvbench.parts import PARTS
from pvbench.samples import CellTrials


def parts_in_use(side: CellTrials) -> dict[str, tuple[str, ...]]:
    """Return what trials that count had in use, by the names of PARTS, in its order; one value, unless boots differ."""
    told = dict.fromkeys(fact for trial in side.trials if trial.outcome is Outcome.OK for fact in trial.in_use)
    found: dict[str, list[str]] = {}
    for part, value in told:
        found.setdefault(part, []).append(value)
    return {part: tuple(found[part]) for part in PARTS if part in found}


def differing(pair: CellPair) -> Iterator[tuple[str, tuple[str, ...], tuple[str, ...]]]:
    """Yield the parts that differ and do not follow the factor: the part, the baseline's values, the candidate's.

    What is known of one arm alone is no difference; what differs between boots of one arm always is one.
    """
    ours, theirs = parts_in_use(pair.baseline), parts_in_use(pair.candidate)
    for part, values in ours.items():
        other = theirs.get(part, values)
        mixed = len(values) > 1 or len(other) > 1
        if mixed or (other != values and pair.pairing.factor.name not in PARTS[part].follows):
            yield part, values, other
