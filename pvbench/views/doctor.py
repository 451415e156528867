"""What `pvbench doctor` says of a machine: what it is, what it lacks and what mends that."""

from dataclasses import asdict
from textwrap import wrap
from typing import Any

from pvbench import figures as fmt
from pvbench.checkup import Checkup, Lack
from pvbench.hypervisor import HostCheck
from pvbench.printable import clean

WIDTH = 100
"""Columns of a line, at most, but for a word that is longer."""


def checkup_of(host: str, check: HostCheck) -> Checkup:
    """Return whether a host can run guests, by what it said when it was looked at."""
    said: tuple[tuple[str, str], ...] = ()
    if (facts := check.facts) is not None:
        said = (
            ("runs on", facts.emulation.value),
            ("machine", facts.machine),
            ("hypervisor", facts.hypervisor),
            ("kernel", facts.kernel),
            ("processor", f"{facts.cpu}, {fmt.count(facts.cpus, 'CPU')}"),
            ("memory", fmt.size(facts.memory_bytes)),
            ("speed", f"{fmt.significant(facts.speed)} of a usual host's"),
            *facts.details,
        )
    lacks = tuple(Lack(what, mend) for what, mend in check.lacks)
    return Checkup(f"{host} can run guests", (*said, *check.notes), lacks, check.abilities)


def render(checkup: Checkup) -> str:
    """Return a checkup for people; long lines go on below where they began."""
    widest = max((len(name) for name, _ in checkup.facts), default=0)
    lines = [_wrapped(f"  {name:<{widest}}  ", fact) for name, fact in checkup.facts]
    for lack in checkup.lacks:
        lines += [_wrapped("missing: ", lack.what), _wrapped("   mend: ", lack.mend)]
    lines += [_wrapped(f"{each.standing}: ", f"{each.what} ({each.why})") for each in checkup.abilities]
    return "".join((f"{checkup.purpose}: {'yes' if checkup.fit else 'no'}\n", *lines))


def _wrapped(head: str, text: str) -> str:
    told = wrap(clean(text), max(WIDTH - len(head), 40), break_long_words=False, break_on_hyphens=False)
    return (clean(head) + f"\n{' ' * len(head)}".join(told)).rstrip() + "\n"


def as_data(checkup: Checkup) -> dict[str, Any]:
    """Return a checkup for programs."""
    return {
        "purpose": checkup.purpose,
        "fit": checkup.fit,
        "facts": dict(checkup.facts),
        "missing": [asdict(each) for each in checkup.lacks],
        "abilities": [asdict(each) for each in checkup.abilities],
    }
