"""What else ran during a measurement, as shares of the CPUs' time, and whether that was too much. Pure.

Disturbance is told by clocks of the host and of the machine beneath it, alike for every arm, never by the figure
itself: what is measured again because its figure looked odd is another experiment.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from pvbench.model import Flag, FlagKind

DISTURBED_ABOVE = 0.10
"""The share of a machine's CPU time above which a pair is measured again. A desk machine at rest stays below 5 %; one
busy program on two cores is 50 %."""

ATTEMPTS = 3
"""How often a pair is measured at most: the first time, and twice more where it was disturbed."""

STEAL_SHARE = 0.05
"""A guest whose vCPUs waited for a CPU of the host for more than this share of the time was robbed of it."""

GUESTS, PROGRAMS = "other guests", "programs of the host"
OTHERS, STOLEN, WAITING = "programs beneath", "stolen beneath", "waiting beneath"

_WORDS: Mapping[str, str] = MappingProxyType(
    {
        GUESTS: "other guests used {share:.0%} of the host's CPUs",
        PROGRAMS: "programs on the host that are none of ours used {share:.0%} of the host's CPUs",
        OTHERS: "other programs of the machine beneath used {share:.0%} of its CPUs",
        STOLEN: "the machine beneath was given {share:.0%} less than its CPUs",
    }
)


@dataclass(frozen=True)
class Beneath:
    """The clocks of the machine that a host runs on, at one moment: seconds since some beginning.

    `others_s` is the CPU time of all that is neither the host nor pvbench, `stolen_s` what the machine itself was
    denied by what it runs on, both over all `cpus`; `waiting_s` the time in which something had to wait for a CPU
    (pressure stall information, the kernel's Documentation/accounting/psi.rst), None where that is not kept.
    """

    at_s: float
    cpus: int
    others_s: float
    stolen_s: float
    waiting_s: float | None


def beneath(before: Beneath | None, after: Beneath | None) -> tuple[tuple[str, float], ...]:
    """Return the shares of what ran between two looks of the machine beneath; nothing where they do not tell."""
    if before is None or after is None:
        return ()
    wall_s = after.at_s - before.at_s
    if wall_s <= 0 or before.cpus != after.cpus:
        return ()
    found = [
        (OTHERS, max(0.0, after.others_s - before.others_s) / (wall_s * after.cpus)),
        (STOLEN, max(0.0, after.stolen_s - before.stolen_s) / (wall_s * after.cpus)),
    ]
    if before.waiting_s is not None and after.waiting_s is not None:
        found.append((WAITING, (after.waiting_s - before.waiting_s) / wall_s))
    return tuple((source, min(1.0, share)) for source, share in found)


def disturbed(shares: tuple[tuple[str, float], ...], above: float | None) -> str | None:
    """Return what disturbed a trial most, in words; None where nothing did, or where nobody asked.

    Programs beneath count only as far as something had to wait for a CPU: with idle cores to spare they take nothing.
    """
    if above is None:
        return None
    told = dict(shares)
    if OTHERS in told and WAITING in told:
        told[OTHERS] = min(told[OTHERS], told[WAITING])
    source = max((name for name in told if name in _WORDS), key=lambda name: told[name], default=None)
    return _WORDS[source].format(share=told[source]) if source and told[source] > above else None


def stolen(share: float | None) -> Flag | None:
    """Return what to say of the share of the time that vCPUs waited for a CPU, None where it is small or unknown."""
    if share is None or share <= STEAL_SHARE:
        return None
    return Flag(FlagKind.STEAL, f"the guest waited for a CPU of the host {share:.0%} of the time")
