"""In what two guests that are compared differ besides the image: a sentence that names each difference. Pure."""

from collections.abc import Iterable, Iterator, Mapping, Sequence

from pvbench.comparisons.guests import Difference, differing, guest_facts
from pvbench.comparisons.in_use import parts_in_use
from pvbench.contrasts import CellPair
from pvbench.parts import PARTS
from pvbench.parts.guest_facts import row_of, tool, weakness
from pvbench.parts.nouns import GUEST
from pvbench.printable import clean

SHORT = 60
"""As many letters as one guest's own words have in a sentence; its table has the whole."""
SAME = "nothing that they told of themselves"
_EVERYBODYS = ("BOOT_IMAGE=", "initrd=", "root=", "console=", "xen_emul_unplug=")
_EVERYBODYS_OWN = frozenset({"ro", "rw", "quiet", "splash", "nothing"})
"""Words of a command line that every guest has otherwise, or that the part "unplug" tells of."""

Phrases = dict[str, bool]
"""Differences in words, and whether each is one of the kernel itself."""


def note(pair: CellPair) -> str:
    """Return in what the guests of a comparison differ besides what is compared; empty for nothing."""
    if pair.pairing.factor.name != "guest":
        told = list(phrases(pair))
        return f"the guest was not the same in all boots: {', '.join(told)}" if told else ""
    differences, unknown = phrases(pair), not_measured(pair)
    return sentence(*names(pair), differences, unknown) if differences or unknown else ""


def sentence(candidate: str, baseline: str, differences: Phrases, unknown: Sequence[str] = ()) -> str:
    """Return "a and b differ in kernel 6.12 / 6.1 and, beyond the kernel, in clock source tsc / xen".

    Of guests that told nothing of themselves, `unknown`, it is said that this is not known.
    """
    if unknown:
        return (
            f"{candidate} and {baseline} may differ in more than their images: not measured of {' and '.join(unknown)}"
        )
    kernel = ", ".join(phrase for phrase, of_kernel in differences.items() if of_kernel)
    beyond = ", ".join(phrase for phrase, of_kernel in differences.items() if not of_kernel)
    both = f"{kernel} and, beyond the kernel, in {beyond}" if kernel and beyond else kernel or beyond or SAME
    return f"{candidate} and {baseline} differ in {both}"


def names(pair: CellPair) -> tuple[str, str]:
    """Return what the guests of candidate and baseline are called."""
    return clean(pair.candidate.cell.arm.guest), clean(pair.baseline.cell.arm.guest)


def not_measured(pair: CellPair) -> tuple[str, ...]:
    """Return the guests of a comparison that told nothing of themselves, as in runs of older versions."""
    sides = zip(names(pair), (pair.candidate, pair.baseline), strict=True)
    return tuple(name for name, side in sides if not guest_facts(side.trials))


def phrases(pair: CellPair) -> Phrases:
    """Return each difference as "clock source tsc / xen", the candidate's first; kernels before the rest."""
    told = {each.fact: each for each in differing(pair)}
    if "kernel" in told:  # whatever belongs to the kernel differs by that
        told = {fact: each for fact, each in told.items() if fact == "kernel" or not row_of(fact).of_kernel}
    of_kernel = {_plain(each): True for fact, each in told.items() if row_of(fact).of_kernel}
    own = [each for fact, each in told.items() if not row_of(fact).of_kernel and weakness(fact) is None]
    rest = [phrase for each in own if (phrase := _command_line(each) if each.fact == "command line" else _plain(each))]
    by_weakness = {name: each for fact, each in told.items() if (name := weakness(fact))}
    return of_kernel | dict.fromkeys((*rest, *_mitigations(by_weakness), *_preflight(pair)), False)


def _plain(each: Difference) -> str:
    values = dict.fromkeys((_said(each.candidate), _said(each.baseline)))
    return f"{tool(each.fact) or clean(each.fact)} {' / '.join(values)}"


def _said(values: Iterable[str]) -> str:
    return " and ".join(map(short, values))


def short(text: str) -> str:
    """Return a guest's own words, cut where they are long."""
    plain = clean(text)
    return plain if len(plain) <= SHORT else f"{plain[:SHORT]}…"


def _command_line(each: Difference) -> str:
    """Return the words that one command line has and the other has not; empty where those are everybody's own."""
    ours, theirs = (
        dict.fromkeys(word for value in values for word in value.split() if not _is_everybodys(word))
        for values in (each.candidate, each.baseline)
    )
    alone = [" ".join(word for word in some if word not in others) for some, others in ((ours, theirs), (theirs, ours))]
    if not any(alone):
        return ""
    return f"command line {' / '.join(short(words) if words else 'nothing of its own' for words in alone)}"


def _is_everybodys(word: str) -> bool:
    return word.startswith(_EVERYBODYS) or word in _EVERYBODYS_OWN


def _mitigations(by_weakness: Mapping[str, Difference]) -> Iterator[str]:
    """Yield "mitigations on / off (meltdown, mds)", those of one kind together, then what is done otherwise."""
    alike: dict[tuple[str, str], list[str]] = {}
    otherwise = []
    for name, each in by_weakness.items():
        states = _state(each.candidate), _state(each.baseline)
        if states[0] != states[1]:
            alike.setdefault(states, []).append(clean(name))
        else:
            methods = (_said(_method(value) for value in values) for values in (each.candidate, each.baseline))
            otherwise.append(f"mitigation of {clean(name)} {' / '.join(methods)}")
    yield from (f"mitigations {' / '.join(states)} ({', '.join(some)})" for states, some in alike.items())
    yield from otherwise


def _state(values: Sequence[str]) -> str:
    return " and ".join(dict.fromkeys(mitigated(value) for value in values))


def mitigated(value: str) -> str:
    """Return "on", "off" or "not needed", by the words of Linux; else the kernel's own (sysfs-devices-system-cpu)."""
    begins = {"Mitigation": "on", "Vulnerable": "off", "Not affected": "not needed"}
    return next((state for begin, state in begins.items() if value.startswith(begin)), short(value))


def _method(value: str) -> str:
    return value.removeprefix("Mitigation: ")


def _preflight(pair: CellPair) -> Iterator[str]:
    """Yield the parts of two guests of which one is amiss and the other is not, though a guest may change them."""
    if pair.pairing.factor.name != "guest":
        return
    ours, theirs = parts_in_use(pair.candidate), parts_in_use(pair.baseline)
    for name in ours.keys() & theirs.keys():
        part = PARTS[name]
        judged = [any(part.lack(value) for value in values) for values in (ours[name], theirs[name])]
        if part.side == GUEST and "guest" in part.follows and judged[0] != judged[1]:
            yield f"{name} {_said(ours[name])} / {_said(theirs[name])}"
