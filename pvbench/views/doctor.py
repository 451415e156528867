"""What `pvbench doctor` says of a machine: what it is, what it lacks and what mends that."""

from dataclasses import asdict
from typing import Any

from pvbench import figures as fmt
from pvbench.checkup import Checkup, Lack
from pvbench.columns import columns
from pvbench.hypervisor import HostCheck
from pvbench.printable import clean


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
    """Return a checkup for people."""
    lines = columns([(name, clean(fact)) for name, fact in checkup.facts], "  ")
    verdict = "yes" if checkup.fit else "no"
    lacks = "".join(f"missing: {clean(each.what)}\n   mend: {clean(each.mend)}\n" for each in checkup.lacks)
    can = "".join(f"{each.standing}: {clean(each.what)} ({clean(each.why)})\n" for each in checkup.abilities)
    return f"{checkup.purpose}: {verdict}\n{lines}{lacks}{can}"


def as_data(checkup: Checkup) -> dict[str, Any]:
    """Return a checkup for programs."""
    return {
        "purpose": checkup.purpose,
        "fit": checkup.fit,
        "facts": dict(checkup.facts),
        "missing": [asdict(each) for each in checkup.lacks],
        "abilities": [asdict(each) for each in checkup.abilities],
    }
