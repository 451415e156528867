"""The host's side of a trial: dom0's counters and clocks before and after, and what they tell."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from pvbench.drivers import DRIVERS
from pvbench.evidence.witness import host_witness
from pvbench.hypervisor import HostEvidence
from pvbench.model import CpuBill, Flag, Granted
from pvbench.xen.cpu_accounting import bill, disturbance, foreign_load, foreign_programs, throttled, unbalanced
from pvbench.xen.devices import DomainDevices, counted, moved

Look = dict[str, Any]
"""What pvb-domain answers to {"action": "look"}."""


class Domain(Protocol):
    """What is looked at: a running domain, its devices, the quickest that dom0's CPU has been, and its boot's flags."""

    flags: tuple[Flag, ...]
    devices: DomainDevices
    peer_domid: int | None
    quickest_ns: float

    def look(self, device: str, *, flush: Sequence[str] = (), xenstore: bool = False) -> Look:
        """Return what dom0 sees of the device and those of its kind now."""
        ...

    def granted(self, device: str, nodes: dict[str, str]) -> tuple[Granted, ...]:
        """Return what of the boot's tunables is in force, `nodes` being what xenstore says of the device."""
        ...


@dataclass(frozen=True)
class XenObservation:
    """The host's side between two looks, of which `before` is the first."""

    domain: Domain
    device: str
    before: Look

    def finish(self) -> HostEvidence:
        """Look again and return what dom0 tells of the time since the observation began."""
        before, after = self.before, self.domain.look(self.device, xenstore=True)
        kind, name = DRIVERS[self.device].kind, self.domain.devices.host_name(self.device)
        early, late = counted(before, kind), counted(after, kind)
        completed = late[name].ios - (early[name].ios if name in early else 0) if name in late else None
        witness = host_witness(
            {each: count.bytes for each, count in early.items()},
            {each: count.bytes for each, count in late.items()},
            name,
            after["xenstore"],
            completed,
        )
        nodes = after["xenstore"]
        granted = self.domain.granted(self.device, nodes) if nodes else ()
        if not (before["cpu"] and after["cpu"]):
            return HostEvidence(witness, granted=granted, flags=self.domain.flags)
        between = moved(early.get(name), late.get(name))
        cpu_bill = bill(
            before["cpu"],
            after["cpu"],
            self.domain.devices.domid,
            ios=between.ios if between else None,
            moved_bytes=between.bytes if between else None,
            peer=self.domain.peer_domid,
        )
        shares = disturbance(cpu_bill, before["cpu"], after["cpu"])
        return HostEvidence(witness, cpu_bill, shares, granted, self._flags(cpu_bill, before["cpu"], after["cpu"]))

    def _flags(self, cpu_bill: CpuBill, before: Look, after: Look) -> tuple[Flag, ...]:
        """Return what else ran on the host between the two looks, and should not have."""
        slower = throttled(self.domain.quickest_ns, (before["pace"], after["pace"]))
        flags = foreign_load(cpu_bill), foreign_programs(before, after), slower, unbalanced(cpu_bill)
        return (*self.domain.flags, *filter(None, flags))
