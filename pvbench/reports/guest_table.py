"""What each guest of a run said it is, and what of it is amiss, as a table with a column a guest. Pure."""

from collections.abc import Iterable, Mapping, Sequence

from pvbench import figures as fmt
from pvbench.comparisons.guests import changed, guest_facts
from pvbench.contrasts import CellPair
from pvbench.drivers import DRIVERS
from pvbench.model import BUILTIN_GUEST, IoPath, Trial
from pvbench.parts import PARTS
from pvbench.parts.guest_facts import GUEST_FACTS, row_of, tool, weakness
from pvbench.parts.nouns import GUEST
from pvbench.printable import clean
from pvbench.reports import guests
from pvbench.reports.page import GuestFact, GuestsView
from pvbench.samples import CellTrials

NOT_MEASURED, NOT_TOLD = "not measured", "not told"
_MITIGATIONS = "mitigations"

Told = Mapping[str, tuple[str, ...]]


def view(cells: Sequence[CellTrials], pairs: Sequence[CellPair]) -> GuestsView | None:
    """Return what the guests of a run said; None where that was the builtin one alone, and it said nothing."""
    trials = _by_guest(cells)
    facts = {guest: guest_facts(own) for guest, own in trials.items()}
    if not any(facts.values()) and {cell.cell.arm.guest for cell in cells} <= {BUILTIN_GUEST}:
        return None
    return GuestsView(
        names=tuple(map(clean, trials)),
        folded=len(trials) == 1 and cells[0].cell.arm.guest == BUILTIN_GUEST,
        facts=_facts(list(facts.values())),
        preflight=_preflight([_parts(own) for own in trials.values()]),
        differing=tuple(_differing(pairs)),
        changed=tuple(line for guest, own in trials.items() if (line := _changed(clean(guest), own))),
    )


def _by_guest(cells: Sequence[CellTrials]) -> dict[str, list[Trial]]:
    """Return the trials of each guest on each host, by its name, and the host's where there are several."""
    hosts = {cell.cell.host for cell in cells}
    found: dict[str, list[Trial]] = {}
    for cell in cells:
        where = f" on {cell.cell.host}" if len(hosts) > 1 else ""
        own = found.setdefault(f"{cell.cell.arm.guest}{where}", [])
        own.extend((*cell.trials, *cell.twins, *cell.earlier))
    return found


def _facts(by_guest: Sequence[Told]) -> tuple[GuestFact, ...]:
    told = dict.fromkeys(fact for facts in by_guest for fact in facts)
    others = [fact for fact in told if fact not in GUEST_FACTS and weakness(fact) is None]
    names = [
        *GUEST_FACTS,
        *([_MITIGATIONS] if any(map(weakness, told)) else []),
        *(fact for fact in told if _is_weak(fact, by_guest)),
    ]
    return tuple(_fact(name, by_guest) for name in (*names, *others))


def _is_weak(fact: str, by_guest: Sequence[Told]) -> bool:
    """Whether a fact is the mitigation of a weakness that any of the guests has."""
    values = (value for facts in by_guest for value in facts.get(fact, ()))
    return weakness(fact) is not None and any(guests.mitigated(value) != "not needed" for value in values)


def _fact(name: str, by_guest: Sequence[Told]) -> GuestFact:
    row = row_of(name)
    values = [_value(name, facts) for facts in by_guest]
    if name == _MITIGATIONS:
        means = "Against how many weaknesses of processors the kernel does something; those it has are below."
        return GuestFact(name, tuple(values), (), _differ(values), row_of("mitigation of ").read_from, means)
    title = tool(name) or clean(name)
    return GuestFact(title, tuple(values), (), _differ(values), row.read_from, row.means)


def _value(name: str, facts: Told) -> str:
    if not facts:
        return NOT_MEASURED
    if name != _MITIGATIONS:
        return "; ".join(map(clean, facts.get(name, ()))) or NOT_TOLD
    counts = {"on": 0, "off": 0, "not needed": 0}
    for fact, values in facts.items():
        for value in values if weakness(fact) else ():
            counts[guests.mitigated(value)] = counts.get(guests.mitigated(value), 0) + 1
    return ", ".join(f"{number} {state}" for state, number in counts.items() if number) or NOT_TOLD


def _differ(values: Sequence[str]) -> bool:
    return len({value for value in values if value not in (NOT_MEASURED, NOT_TOLD)}) > 1


def _parts(trials: Iterable[Trial]) -> Told:
    """Return what a guest has in use of the stack for its PV devices; beside emulated ones it may lack all of it."""
    found: dict[str, dict[str, None]] = {}
    used = (trial.in_use for trial in trials if DRIVERS[trial.spec.cell.device].io_path is IoPath.PV)
    for part, value in (pair for in_use in dict.fromkeys(used) for pair in in_use):
        found.setdefault(part, {})[value] = None
    return {part: tuple(values) for part, values in found.items()}


def _preflight(by_guest: Sequence[Told]) -> tuple[GuestFact, ...]:
    """Return the parts of a guest that are judged, with what is amiss in which guest."""
    judged = {name: part for name, part in PARTS.items() if part.side == GUEST and part.kept and part.amiss}
    rows = []
    for name, part in judged.items():
        values = tuple("; ".join(map(clean, parts.get(name, ()))) or NOT_MEASURED for parts in by_guest)
        lacks = [next(filter(None, map(part.lack, parts.get(name, ()))), None) for parts in by_guest]
        amiss = tuple(f"{lack.what}: {lack.mend}" if lack else "" for lack in lacks)
        if any(parts.get(name) for parts in by_guest):
            rows.append(GuestFact(name, values, amiss, _differ(values), part.read_from, part.means))
    return tuple(rows)


def _differing(pairs: Sequence[CellPair]) -> Iterable[str]:
    """Yield a sentence for each two guests that are compared: in what they differ, over all comparisons of theirs."""
    told: dict[tuple[str, str, str], guests.Phrases] = {}
    unknown: dict[tuple[str, str, str], set[str]] = {}
    for pair in pairs:
        if pair.pairing.factor.name == "guest":
            key = (clean(pair.candidate.cell.host), *guests.names(pair))
            told.setdefault(key, {}).update(guests.phrases(pair))
            unknown.setdefault(key, set()).update(guests.not_measured(pair))
    several = len({host for host, _, _ in told}) > 1
    for (host, candidate, baseline), phrases in told.items():
        where = f"On {host}, " if several else ""
        yield f"{where}{guests.sentence(candidate, baseline, phrases, sorted(unknown[host, candidate, baseline]))}."


def _changed(guest: str, trials: Sequence[Trial]) -> str:
    """Return in what the boots of one guest differ though nothing that was asked for does; empty for nothing."""
    told = [
        f"{tool(fact) or clean(fact)} {', '.join(_boots(value, number) for value, number in values.items())}"
        for fact, values in changed(trials).items()
    ]
    return f"{guest} was not the same in all its boots: {'; '.join(told)}." if told else ""


def _boots(value: str, number: int) -> str:
    return f"{guests.short(value)} in {fmt.count(number, 'boot')}"
