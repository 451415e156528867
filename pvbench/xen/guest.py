"""A running domain: what its tools aim at, what both sides see of its devices."""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from pvbench import tunables
from pvbench.drivers import DRIVERS
from pvbench.errors import BootError, CommandFailed, ParseError
from pvbench.evidence.witness import Sighting, guest_witness, host_witness, parse_look
from pvbench.hypervisor import GuestRun, GuestSpec, Recording
from pvbench.model import Cell, CommandRecord, CpuBill, DeviceKind, Granted, IoPath, TrapCost, Witness, Workload
from pvbench.transport import MOST_FILE_BYTES, Command, Conversation, Transport
from pvbench.workloads import Disk, Peer, between_guests
from pvbench.xen import domain_config as domain
from pvbench.xen.answers import Moved, counted, parse_traps, recording
from pvbench.xen.cpu_accounting import bill, disturbance, foreign_load, foreign_programs, throttled, unbalanced
from pvbench.xen.programs import ask, last_line
from pvbench.xen.recorder import Recorder

PORTS = {"iperf3": 5811, "netserver": 12811}  # not the usual ones, which the host may serve itself


@dataclass(frozen=True)
class Prepared:
    """What setup() made: where programs, files and boot files lie, the scratch disks, the program that makes domains.

    `paced` says whether the host's CPU goes at a rate of its own: an emulated one goes as the machine beneath lets it.
    """

    root: str
    programs: str
    files: Mapping[str, str]
    boot: str
    disks: Mapping[str, Mapping[str, str]]
    host: Transport
    domains: Conversation
    setup: Conversation
    recorder: Recorder
    paced: bool


@dataclass
class XenGuest:
    """A running domain that answers."""

    transport: Transport
    boot_seconds: float
    commands: tuple[CommandRecord, ...]
    patience: Callable[[float], float]
    _swapped: bool
    _run: Prepared
    _spec: GuestSpec
    domid: int
    _nics: tuple[domain.Nic, ...]
    _disks: tuple[domain.Disk, ...]
    _dom0: Mapping[str, str] = field(default_factory=dict)
    peer_domid: int | None = None
    quickest_ns: float = math.inf
    _seen: tuple[Sighting, ...] = field(default=())
    _on_backing: dict[tuple[Workload, str], bytes | None] = field(default_factory=dict)

    def target(self, cell: Cell, seed: int) -> Disk | Peer:
        """Return what a cell's tool aims at."""
        if cell.kind is DeviceKind.NET:
            nic = self._nic(cell.device)
            port = PORTS["netserver" if cell.workload.tool == "netperf" else "iperf3"]
            answers = domain.peer_address(nic) if between_guests(cell.workload) else nic.host_address
            return Peer(answers, port, nic.guest_address)
        names = [disk.device for disk in self._disks]
        at = names.index(cell.device) + self._swapped
        seen = self._sighting(names[at % len(names)])
        return Disk(f"/dev/{seen.name}", seen.size_bytes or 0, seed)

    def cache_mode(self, device: str) -> str | None:
        """Return how the host caches the device's backing."""
        made = self._run.disks.get(device)
        if made is None:
            return None
        opened = {"ide": "device model with cache=writeback", "blkfront": "blkback, no cache of its own"}
        return (
            f"{opened.get(device, 'qdisk in the device model')}, over {made['cache']}; dropped before each measurement"
        )

    def observe(self, device: str) -> "XenObservation":
        """Drop dom0's caches of the device's backing and look at dom0's counters."""
        return XenObservation(self, device, self.look(device, flush=_paths(self._run.disks.get(device, {}))))

    def look(self, device: str, *, flush: Sequence[str] = (), xenstore: bool = False) -> dict[str, Any]:
        """Return what pvb-domain sees of the device and those of its kind now, without the control NIC."""
        request = {
            "action": "look",
            "domid": self.domid,
            "root": self._run.root,
            "kind": DRIVERS[device].kind,
            "flush": flush,
            "xenstore": self._ends(device) if xenstore else (),
        }
        seen = ask(self._run.domains, request, self.patience(5), "the host")
        control = {f"vif{self.domid}.{nic.devid}" for nic in self._nics if nic.control}
        nics = {name: moved for name, moved in seen.get("nics", {}).items() if name not in control}
        if seen["cpu"] and self._run.paced:
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
        said = dict(line.split("=", 1) for line in lines.splitlines() if "=" in line and not line.startswith("look="))
        try:
            size, errors = int(said["stdout"]), int(said["stderr"])
            elapsed, code = float(said["end"]) - float(said["start"]), int(said["exit"])
            steal = int(said["steal"]) / 100 / (elapsed * self._spec.vcpus) if elapsed and is_pv(device) else None
        except (KeyError, ValueError) as error:
            raise ParseError(f"pvb-run in the guest: {last_line(result.stderr or result.stdout)}") from error
        witness = guest_witness(
            self._tested(parse_look(lines, "before")),
            self._tested(parse_look(lines, "after")),
            DRIVERS[device].kind,
            self._sighting(device).name,
        )
        stderr, log = body[size : size + errors], body[size + errors :]
        return GuestRun(argv, code, body[:size], stderr, elapsed, witness, log, steal=steal)

    def record(self, device: str, argv: tuple[str, ...], delay_s: float, seconds: float) -> Recording:
        """Run the tool in the guest and have dom0 record a trace in the middle of it; fetch and forget it."""
        recorder, kind = self._run.recorder, DRIVERS[device].kind
        request = {
            "action": "arm",
            "domid": self.domid,
            "kind": kind,
            "delay": delay_s,
            "seconds": seconds,
            "root": self._run.root,
        }
        recorder.ask(request, self.patience(2))
        try:
            load = self.transport.run(Command(argv, timeout_s=self.patience(2) + 10 * (delay_s + seconds)))
            if load.exit_code != 0:
                said = last_line(load.stderr or load.stdout)
                raise CommandFailed(f"the load to be traced failed: {argv[0]} exited with {load.exit_code}: {said}")
            made = recorder.ask({"action": "collect"}, self.patience(5) + seconds)
            data = self._fetched(made)
        finally:
            recorder.forget(self.patience(5))
        return replace(recording(made, data, self.domid, self.host_name_of(device), kind), printed=load.stdout)

    def _fetched(self, made: Mapping[str, Any]) -> bytes:
        size = int(made["bytes"])
        patience = self.patience(1 + size / 2e7)
        got = self._run.host.run(Command(("cat", str(made["path"])), timeout_s=patience, most_bytes=MOST_FILE_BYTES))
        if got.exit_code != 0 or len(got.stdout) != size:
            why = last_line(got.stderr) if got.stderr else f"{len(got.stdout):,} of {size:,} bytes came"
            raise CommandFailed(f"the host: the trace could not be fetched: {why}")
        return got.stdout

    def on_backing(
        self, cell: Cell, seed: int, argv: Callable[[Disk], tuple[str, ...]], timeout_s: float
    ) -> bytes | None:
        """Run a tool in dom0 against the scratch disk itself; None for a NIC, or where dom0 does not have the tool."""
        made = self._run.disks.get(cell.device)
        if made is None:
            return None
        known = (cell.workload, made["cache"])
        if known not in self._on_backing:  # disks of one kind do the same; fio takes seconds to start under emulation
            self.look(cell.device, flush=_paths(made))
            disk = Disk(made["path"], self._spec.scratch_bytes, seed, log=False)
            done = self._run.host.run(Command(argv(disk), timeout_s=timeout_s))
            self._on_backing[known] = done.stdout if done.exit_code == 0 else None
        return self._on_backing[known]

    def traps(self) -> tuple[TrapCost, ...]:
        """Return what primitive operations cost in this guest now, in a few short rounds."""
        result = self.transport.run(Command(("pvb-traps",), timeout_s=self.patience(5)))
        if result.exit_code != 0:
            raise CommandFailed(f"the guest: {last_line(result.stderr)}")
        return parse_traps(result.stdout.decode(errors="replace"))

    def granted(self, device: str, nodes: Mapping[str, str]) -> tuple[Granted, ...]:
        """Return what the boot was asked for and what is in force, read back from both ends, the guest and dom0."""
        if not self._spec.tunables:
            return ()
        asked = Command(tunables.look_argv(self._sighting(device).name), timeout_s=self.patience(3))
        told = tunables.parse_look(self.transport.run(asked).stdout)
        return tunables.granted(self._spec.tunables, device, nodes, told, self._dom0)

    def host_name_of(self, device: str) -> str:
        """Return what dom0's counters call a device of this domain."""
        driver = DRIVERS[device]
        if driver.kind is DeviceKind.NET:
            name = f"vif{self.domid}.{self._nic(device).devid}"
            return name if driver.io_path is IoPath.PV else f"{name}-emu"
        if is_pv(device) and not is_qdisk(device):
            return f"vbd-{self.domid}-{_VDEV[str(driver.vdev)]}"
        return f"device model {driver.vdev}"

    def _ends(self, device: str) -> tuple[str, ...]:
        """Return where xenstore has both ends of one device."""
        driver = DRIVERS[device]
        number = self._nic(device).devid if driver.kind is DeviceKind.NET else _VDEV[str(driver.vdev)]
        kinds = ("vif",) if driver.kind is DeviceKind.NET else ("vbd", "qdisk")
        front = tuple(f"/local/domain/{self.domid}/device/{kind}/{number}" for kind in kinds)
        back = tuple(f"/local/domain/0/backend/{kind}/{self.domid}/{number}" for kind in kinds)
        return front + back

    def _nic(self, device: str) -> domain.Nic:
        return next(nic for nic in self._nics if nic.device == device and not nic.control)

    def _tested(self, sightings: tuple[Sighting, ...]) -> tuple[Sighting, ...]:
        """Return the sightings without the control NIC."""
        control = {nic.mac for nic in self._nics if nic.control}
        return tuple(sighting for sighting in sightings if sighting.mac not in control)

    def _sighting(self, device: str) -> Sighting:
        """Return what the guest calls the device: by driver and, since a MAC or a driver may appear twice, by name."""
        if not self._seen:
            result = self.transport.run(Command(("pvb-run",), timeout_s=self.patience(2)))
            self._seen = parse_look(result.stdout.decode(errors="replace"), "before")
        driver = DRIVERS[device]
        fits = [s for s in self._seen if s.kind is driver.kind and s.driver in driver.bound]
        if driver.kind is DeviceKind.NET:
            fits = [s for s in fits if s.mac == self._nic(device).mac]
        elif driver.io_path is IoPath.PV:
            fits = [s for s in fits if s.name == driver.vdev]
        if not fits:
            there = ", ".join(f"{s.name} ({s.driver or 'no driver'})" for s in self._seen)
            raise BootError(f"the guest has no {device}; it has {there}")
        return fits[0]


@dataclass
class XenObservation:
    """The host's side between two looks."""

    _guest: XenGuest
    _device: str
    _before: dict[str, Any]
    _after: dict[str, Any] | None = None

    def witness(self) -> Witness:
        """Look again and return what carried the traffic since the observation began, as dom0 counts it."""
        self._after = after = self._guest.look(self._device, xenstore=True)
        looks, name = self._counted(), self._guest.host_name_of(self._device)
        before, now = ({device: moved.bytes for device, moved in look.items()} for look in looks)
        early, late = (look.get(name) for look in looks)
        ios = late.ios - (early.ios if early else 0) if late else None
        return host_witness(before, now, name, after["xenstore"], ios)

    def granted(self) -> tuple[Granted, ...]:
        """Return what of the boot's tunables is in force on the device; empty before `witness()`."""
        nodes = self._after["xenstore"] if self._after else {}
        return self._guest.granted(self._device, nodes) if nodes else ()

    def bill(self) -> CpuBill | None:
        """Return who used the host's CPUs between the two looks."""
        if self._after is None or not (self._before["cpu"] and self._after["cpu"]):
            return None
        name = self._guest.host_name_of(self._device)
        before, after = (look.get(name) for look in self._counted())
        ios = after.ios - before.ios if before and after else None
        moved = after.bytes - before.bytes if before and after else None
        looks = self._before["cpu"], self._after["cpu"]
        return bill(*looks, self._guest.domid, peer=self._guest.peer_domid, ios=ios, moved_bytes=moved)

    def taints(self) -> tuple[str, ...]:
        """Return what else ran on the host between the two looks."""
        made = self.bill()
        if made is None or self._after is None:
            return ()
        before, after = self._before["cpu"], self._after["cpu"]
        slower = throttled(self._guest.quickest_ns, (before["pace"], after["pace"]))
        return tuple(filter(None, (foreign_load(made), foreign_programs(before, after), slower, unbalanced(made))))

    def disturbance(self) -> tuple[tuple[str, float], ...]:
        """Return what else ran on the host between the two looks, as shares of its CPUs' time."""
        made = self.bill()
        return disturbance(made, self._before["cpu"], self._after["cpu"]) if made and self._after else ()

    def _counted(self) -> "tuple[dict[str, Moved], dict[str, Moved]]":
        kind = DRIVERS[self._device].kind
        assert self._after is not None  # noqa: S101 - both callers have looked again
        return counted(self._before, kind), counted(self._after, kind)


def _paths(made: Mapping[str, str]) -> list[str]:
    """Return what dom0 may cache of a scratch disk: its device and the file behind it."""
    return list(dict.fromkeys(path for path in (made.get("path"), made.get("file")) if path))


_VDEV = {"hda": 768, "xvde": 51776, "xvdf": 51792}  # xen-vbd-interface(7)


def is_pv(device: str) -> bool:
    """Whether no access waits for the device model. Xen has a vCPU that does so offline, and Linux calls that steal."""
    return DRIVERS[device].io_path is IoPath.PV


def is_qdisk(device: str) -> bool:
    """Whether the device model itself is the backend."""
    return DRIVERS[device].backend.startswith("qdisk")
