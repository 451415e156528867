"""What the guests of two arms said they are, and in what that differs though it is not compared. Pure."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from pvbench.contrasts import CellPair
from pvbench.factors import FACTORS
from pvbench.model import Trial
from pvbench.parts.guest_facts import row_of, tool

Values = dict[str, tuple[str, ...]]


@dataclass(frozen=True)
class Difference:
    """A fact of which the baseline's and the candidate's guests said different things, or one of them several."""

    fact: str
    baseline: tuple[str, ...]
    candidate: tuple[str, ...]


def guest_facts(trials: Iterable[Trial]) -> Values:
    """Return what the guests of some trials said they are: one value a fact, unless their boots differ."""
    values: dict[str, dict[str, None]] = {}
    for fact, value in (pair for facts in dict.fromkeys(trial.guest_facts for trial in trials) for pair in facts):
        values.setdefault(fact, {})[value] = None
    return {fact: tuple(each) for fact, each in values.items()}


def differing(pair: CellPair) -> tuple[Difference, ...]:
    """Return what differs between the guests of two arms, and does not follow the factor that is compared.

    Of tools it is the one that made the load. What is known of one arm alone is no difference; what differs between
    boots of one arm always is one.
    """
    factor, load = pair.pairing.factor.name, pair.candidate.cell.workload.tool
    both = differences(guest_facts(pair.baseline.trials), guest_facts(pair.candidate.trials))
    return tuple(
        each
        for each in both
        if tool(each.fact) in (None, load)
        and (len(each.baseline) > 1 or len(each.candidate) > 1 or factor not in row_of(each.fact).follows)
    )


def differences(baseline: Values, candidate: Values) -> Iterator[Difference]:
    """Yield the facts that two guests both told, and told differently or not always alike."""
    for fact, ours in baseline.items():
        theirs = candidate.get(fact, ours)
        if ours != theirs or len(ours) > 1:
            yield Difference(fact, ours, theirs)


def changed(trials: Iterable[Trial]) -> dict[str, dict[str, int]]:
    """Return the facts of one guest that its boots told differently, and in how many boots it was which.

    Boots of arms that differ in a factor by which a fact may change are not held against each other.
    """
    alike: dict[tuple[str, object], dict[str, set[str]]] = {}
    told = dict.fromkeys((each.spec.cell.arm, each.booted or each.spec.boot, each.guest_facts) for each in trials)
    for arm, boot, facts in told:  # a boot has many trials, all of which were told the same
        for fact, value in facts:
            by = (arm.placement, *(FACTORS[name].value(arm) for name in row_of(fact).follows))
            alike.setdefault((fact, by), {}).setdefault(value, set()).add(boot)
    several: dict[str, dict[str, int]] = {}
    for (fact, _), values in alike.items():
        if len(values) > 1:
            counts = several.setdefault(fact, {})
            for value, boots in values.items():
                counts[value] = counts.get(value, 0) + len(boots)
    return several
