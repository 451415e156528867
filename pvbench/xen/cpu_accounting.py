"""From two looks at a host's CPU clocks to a bill: who used how much of every physical CPU. Pure."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from pvbench.disturbance import GUESTS, PROGRAMS
from pvbench.errors import ParseError
from pvbench.explain.cpu_bill import UNBALANCED_SHARE
from pvbench.model import CpuBill, Flag, FlagKind, Payer

_ROLES = {"device model": Payer.DEVICE_MODEL, "backend": Payer.BACKEND, "peer": Payer.PEER}
_DOM0 = "0"

FOREIGN_SHARE = 0.02
"""Other domains that use more than this share of the host's CPU time are foreign load."""
FOREIGN_CPU = 0.05
"""So is a program of dom0 that is none of ours and uses more than this share of one CPU."""

SLOWDOWN = 1.25
"""A host that takes this many times as long for a loop as it did at its quickest in the boot is throttled."""


def bill(
    before: Mapping[str, Any],
    after: Mapping[str, Any],
    domid: int,
    *,
    ios: int | None,
    moved_bytes: int | None,
    peer: int | None = None,
) -> CpuBill:
    """Return who used the CPUs between two looks of hostside/pvb_cpu.py.

    `peer` is the domain that answers network tests, where that is not dom0. A thread that began meanwhile counts from
    nothing; one that ended is part of what is left of dom0. Raises ParseError where the two looks are not of the same
    machine: a domain that has gone, a CPU that came or went.
    """
    if len(before["idle"]) != len(after["idle"]):
        raise ParseError(
            f"the host had {len(before['idle'])} CPUs at the first look and {len(after['idle'])} at the second"
        )
    if str(domid) not in after["domains"]:
        raise ParseError(f"domain {domid} was gone at the second look")
    used = {name: _seconds(ns - before["domains"].get(name, 0)) for name, ns in after["domains"].items()}
    guest, dom0 = str(domid), used[_DOM0]
    paid = {Payer.GUEST: used[guest], Payer.DEVICE_MODEL: 0.0, Payer.BACKEND: 0.0, Payer.PEER: 0.0}
    for role, _, spent in _threads(before, after):
        if role in _ROLES:
            paid[_ROLES[role]] += spent
    served = sum(paid[role] for role in _ROLES.values())
    paid[Payer.HOST] = max(0.0, dom0 - served)
    paid[Payer.PEER] += used.get(str(peer), 0.0)
    paid[Payer.OTHERS] = sum(seconds for name, seconds in used.items() if name not in {_DOM0, guest, str(peer)})
    idle = [_seconds(late - early) for early, late in zip(before["idle"], after["idle"], strict=True)]
    paid[Payer.IDLE] = sum(idle)
    return CpuBill(_seconds(after["at"] - before["at"]), len(idle), tuple(paid.items()), ios, moved_bytes)


def foreign_load(bill: CpuBill) -> Flag | None:
    """Return what to say of load that other domains put on the host meanwhile, None where there was next to none."""
    share = dict(bill.paid).get(Payer.OTHERS, 0.0) / (bill.wall_s * bill.cpus)
    if share <= FOREIGN_SHARE:
        return None
    return Flag(FlagKind.FOREIGN_LOAD, f"other domains used {share:.0%} of the host's CPUs")


def disturbance(made: CpuBill, before: Mapping[str, Any], after: Mapping[str, Any]) -> tuple[tuple[str, float], ...]:
    """Return what else ran on the host between two looks, as shares of its CPUs' time."""
    whole_s = made.wall_s * made.cpus
    programs = sum(spent for role, _, spent in _threads(before, after) if role == "foreign")
    return (GUESTS, dict(made.paid).get(Payer.OTHERS, 0.0) / whole_s), (PROGRAMS, programs / whole_s)


def unbalanced(bill: CpuBill) -> Flag | None:
    """Return what to say of a bill that does not add up, None where it does."""
    share = bill.unaccounted_s / (bill.wall_s * bill.cpus)
    if abs(share) <= UNBALANCED_SHARE:
        return None
    return Flag(FlagKind.CPU_BILL, f"{share:.1%} of the CPUs' time is nobody's")


def foreign_programs(before: Mapping[str, Any], after: Mapping[str, Any]) -> Flag | None:
    """Return what to say of programs in dom0 that are none of ours, None where none ran between two looks."""
    wall = _seconds(after["at"] - before["at"])
    shares = [(name, spent / wall) for role, name, spent in _threads(before, after) if role == "foreign"]
    busy = [f"{name} used {share:.0%} of a CPU" for name, share in shares if share > FOREIGN_CPU]
    return Flag(FlagKind.FOREIGN_LOAD, f"in dom0 {', '.join(busy)}") if busy else None


def throttled(quickest_ns: float, looks_ns: Iterable[float]) -> Flag | None:
    """Return what to say of a host whose CPU is slower than it was, None where it is not.

    The figures are the CPU time that a fixed loop took: at the quickest since the boot, and at the looks of a trial.
    """
    slower = max(looks_ns) / quickest_ns
    if slower <= SLOWDOWN:
        return None
    return Flag(FlagKind.THROTTLING, f"the host's CPU took {slower:.1f}× as long for a loop as at best")


def _threads(before: Mapping[str, Any], after: Mapping[str, Any]) -> Iterator[tuple[str, str, float]]:
    """Yield (role, name, seconds) of dom0's threads between two looks.

    The kernel's workers change their names with their work: who served the domain at either look did so between them.
    """
    nobody = ("kernel", "", 0)
    for pid, (role, name, ns) in after["threads"].items():
        had, _, ran = before["threads"].get(pid, nobody)
        yield had if role == "kernel" else role, name, _seconds(ns - ran)


def _seconds(ns: int) -> float:
    return ns / 1e9
