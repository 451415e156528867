"""A running domain: what its tools aim at, what both sides see of its devices."""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from pvbench.drivers import DRIVERS
from pvbench.errors import BootError, CommandFailed, CommandTimeout, ParseError
from pvbench.evidence.witness import Sighting, guest_witness, parse_look
from pvbench.guest import facts
from pvbench.hypervisor import GuestRun, GuestSpec, TracedLoad, TracePass
from pvbench.model import (
    Cell,
    CommandRecord,
    DeviceKind,
    Flag,
    FlagKind,
    Granted,
    GuestMode,
    TrapCost,
    Workload,
)
from pvbench.transport import Command, Transport
from pvbench.workloads import Disk, Peer, between_guests, port_of
from pvbench.xen import domain_config as domain
from pvbench.xen import tunables, verify
from pvbench.xen.answers import parse_traps
from pvbench.xen.booting import SYSTEM_DRIVER
from pvbench.xen.devices import DomainDevices, waits_offline
from pvbench.xen.observation import XenObservation
from pvbench.xen.prepared import Prepared
from pvbench.xen.programs import ask, last_line
from pvbench.xen.tracing import Tracing, decoded
from pvbench.xen.verify import InUse

REST_S = 30.0
"""How long a guest that answers is given to come to rest, on an ordinary host."""

_MOST_FACTS_BYTES = 1 << 20


@dataclass(kw_only=True)
class XenGuest:
    """A running domain that answers.

    `dom0` is what was set of dom0 for it ({"vcpus": …}), `peer_domid` the domain that answers network tests, None where
    dom0 does; `quickest_ns` is the least that a fixed loop took on the host since the boot. `host_parts` is what the
    host has in use of PARTS whatever the guest. `busy` waits until the guest is at rest, as `Media.busy`; `flags` are
    what is to be said of all that is measured in this boot.
    """

    transport: Transport
    boot_seconds: float
    commands: tuple[CommandRecord, ...]
    patience: Callable[[float], float]
    swapped: bool
    prepared: Prepared
    spec: GuestSpec
    devices: DomainDevices
    dom0: Mapping[str, str] = field(default_factory=dict)
    peer_domid: int | None = None
    quickest_ns: float = math.inf
    host_parts: Mapping[str, str] = field(default_factory=dict)
    busy: Callable[[Transport, float], str | None] = lambda _way, _limit_s: None
    flags: tuple[Flag, ...] = ()
    _seen: tuple[Sighting, ...] = ()
    _in_use: InUse | None = None
    _on_backing: dict[tuple[Workload, str], bytes | None] = field(default_factory=dict)

    def rest(self) -> None:
        """Wait until the guest is at rest; one that never is gets a flag for all that is measured in it."""
        busy = self.busy(self.transport, self.patience(REST_S))
        self.flags = () if busy is None else (Flag(FlagKind.BUSY_GUEST, busy),)

    def target(self, cell: Cell, seed: int) -> Disk | Peer:
        """Return what a cell's tool aims at."""
        if cell.kind is DeviceKind.NET:
            nic = self.devices.nic(cell.device)
            answers = domain.peer_address(nic) if between_guests(cell.workload) else nic.host_address
            return Peer(answers, port_of(cell.workload), nic.guest_address)
        names = [disk.device for disk in self.devices.disks]
        at = names.index(cell.device) + self.swapped
        seen = self._sighting(names[at % len(names)])
        return Disk(f"/dev/{seen.name}", seen.size_bytes or 0, seed)

    def in_use(self, device: str) -> tuple[tuple[str, str], ...]:
        """Return what the boot has in use of the stack for a device, of what guest and dom0 answered once."""
        if self._in_use is None:
            asked = Command(verify.look_argv(verify.FRONTENDS), timeout_s=self.patience(3))
            look = verify.parse_look(self.transport.run(asked).stdout)
            request = {"action": "parts", "domid": self.devices.domid, "modules": verify.BACKENDS}
            dom0 = ask(self.prepared.domains, request, self.patience(5), "the host")
            self._in_use = verify.InUse(self.host_parts, look, dom0)
        return self._in_use.of_device(device, self.devices)

    def facts(self, tools: Sequence[str]) -> tuple[tuple[str, str], ...]:
        """Return what the guest says it is; nothing where it takes too long to say it, which spoils no figure."""
        drivers = tuple(dict.fromkeys(DRIVERS[device].module for device in self.spec.devices))
        try:
            said = self.transport.run(
                Command(facts.argv(drivers, tools), timeout_s=self.patience(10), most_bytes=_MOST_FACTS_BYTES)
            )
        except (CommandTimeout, CommandFailed):
            return ()
        return facts.parse(said.stdout)

    def cache_mode(self, device: str) -> str | None:
        """Return how the host caches the device's backing."""
        scratch, disk = self.prepared.disks.get(device), DRIVERS[device].disk
        if scratch is None or disk is None:
            return None
        return f"{disk.opened}, over {scratch['cache']}; dropped before each measurement"

    def observe(self, device: str) -> XenObservation:
        """Drop dom0's caches of the device's backing and look at dom0's counters."""
        flush = _paths(self.prepared.disks.get(device, {}))
        return XenObservation(self, device, self.look(device, flush=flush))

    def look(self, device: str, *, flush: Sequence[str] = (), xenstore: bool = False) -> dict[str, Any]:
        """Return what pvb-domain sees of the device and those of its kind now, without the control NIC."""
        request = {
            "action": "look",
            "domid": self.devices.domid,
            "root": self.prepared.root,
            "kind": DRIVERS[device].kind,
            "flush": flush,
            "xenstore": self.devices.ends(device) if xenstore else (),
        }
        seen = ask(self.prepared.domains, request, self.patience(5), "the host")
        control = self.devices.control_vifs
        nics = {name: moved for name, moved in seen.get("nics", {}).items() if name not in control}
        if seen["cpu"] and self.prepared.paced:
            self.quickest_ns = min(self.quickest_ns, seen["cpu"]["pace"])
        return seen | ({"nics": nics} if "nics" in seen else {})

    def execute(self, device: str, warmup: tuple[str, ...] | None, argv: tuple[str, ...], timeout_s: float) -> GuestRun:
        """Run the warm-up and the tool in the guest, looking at the guest's side before and after each."""
        warmed = self._ran(device, warmup, timeout_s) if warmup is not None else None
        return replace(self._ran(device, argv, timeout_s), warmup=warmed)

    def _ran(self, device: str, argv: tuple[str, ...], timeout_s: float) -> GuestRun:
        result = self.transport.run(Command(("pvb-run", *argv), timeout_s=timeout_s))
        head, _, body = result.stdout.partition(b"\n\n")
        lines = head.decode(errors="replace")
        fields = dict(line.split("=", 1) for line in lines.splitlines() if "=" in line and not line.startswith("look="))
        steal_is_told = not waits_offline(DRIVERS[device])
        try:
            size, errors = int(fields["stdout"]), int(fields["stderr"])
            elapsed, code = float(fields["end"]) - float(fields["start"]), int(fields["exit"])
            steal = int(fields["steal"]) / 100 / (elapsed * self.spec.vcpus) if elapsed and steal_is_told else None
        except (KeyError, ValueError) as error:
            raise ParseError(f"pvb-run in the guest: {last_line(result.stderr or result.stdout)}") from error
        witness = guest_witness(
            self._tested(parse_look(lines, "before")),
            self._tested(parse_look(lines, "after")),
            DRIVERS[device].kind,
            self._sighting(device).name,
            system=SYSTEM_DRIVER,
        )
        stderr, log = body[size : size + errors], body[size + errors :]
        mode = _mode(fields.get("guest_type", ""))
        return GuestRun(argv, code, body[:size], stderr, elapsed, witness, log=log, steal=steal, mode=mode)

    def trace(self, device: str, load: TracedLoad) -> TracePass:
        """Run the load in the guest while dom0 records a trace, and return what that says of the domain."""
        run = self.prepared
        tracing = Tracing(self.transport, run.host, run.recorder, run.root, self.patience)
        record = tracing.record(self.devices.domid, device, self.devices.host_name(device), load)
        return decoded(record, device, load.untraced_rate)

    def on_backing(
        self, cell: Cell, seed: int, argv: Callable[[Disk], tuple[str, ...]], timeout_s: float
    ) -> bytes | None:
        """Run a tool in dom0 against the scratch disk itself; None for a NIC, or where dom0 does not have the tool."""
        scratch = self.prepared.disks.get(cell.device)
        if scratch is None:
            return None
        key = (cell.workload, scratch["cache"])
        if key not in self._on_backing:  # disks of one kind do the same; fio takes seconds to start under emulation
            self.look(cell.device, flush=_paths(scratch))
            disk = Disk(scratch["path"], self.spec.scratch_bytes, seed, log=False)
            done = self.prepared.host.run(Command(argv(disk), timeout_s=timeout_s))
            self._on_backing[key] = done.stdout if done.exit_code == 0 else None
        return self._on_backing[key]

    def traps(self) -> tuple[TrapCost, ...]:
        """Return what primitive operations cost in this guest now, in a few short rounds."""
        result = self.transport.run(Command(("pvb-traps",), timeout_s=self.patience(5)))
        if result.exit_code != 0:
            raise CommandFailed(f"the guest: {last_line(result.stderr)}")
        return parse_traps(result.stdout.decode(errors="replace"))

    def granted(self, device: str, nodes: Mapping[str, str]) -> tuple[Granted, ...]:
        """Return what the boot was asked for and what is in force, read back from both ends, the guest and dom0."""
        if not self.spec.tunables:
            return ()
        argv = tunables.look_argv(self._sighting(device).name, tunables.parameters_to_read(self.spec.tunables, device))
        command = Command(argv, timeout_s=self.patience(3))
        answer = tunables.parse_look(self.transport.run(command).stdout)
        return tunables.granted(self.spec.tunables, device, nodes, answer, self.dom0)

    def _tested(self, sightings: tuple[Sighting, ...]) -> tuple[Sighting, ...]:
        """Return the sightings without the control NIC."""
        return tuple(sighting for sighting in sightings if sighting.mac not in self.devices.control_macs)

    def _sighting(self, device: str) -> Sighting:
        """Return what the guest calls the device."""
        if not self._seen:
            result = self.transport.run(Command(("pvb-run",), timeout_s=self.patience(2)))
            self._seen = parse_look(result.stdout.decode(errors="replace"), "before")
        found = self.devices.seen_as(device, self._seen)
        if found is None:
            there = ", ".join(f"{s.name} ({s.driver or 'no driver'})" for s in self._seen)
            raise BootError(f"the guest has no {device}; it has {there}")
        return found


def _mode(guest_type: str) -> GuestMode | None:
    """Return what Linux says it runs as, None where it says nothing known (/sys/hypervisor/guest_type, since 4.13)."""
    return next((mode for mode in GuestMode if mode.value == guest_type.lower()), None)


def _paths(scratch: Mapping[str, str]) -> list[str]:
    """Return what dom0 may cache of a scratch disk: its device and the file behind it."""
    return list(dict.fromkeys(path for path in (scratch.get("path"), scratch.get("file")) if path))
