"""A Xen host driven over SSH with the programs of hostside/: probe, set up, boot, bear witness."""

import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pvbench import domain, shipped, ssh
from pvbench.clock import Clock
from pvbench.deploy import File, deploy, deploy_files, payload_of
from pvbench.drivers import DRIVERS
from pvbench.errors import BootError, CommandFailed, DeployError, ParseError, TransportError, Unreachable
from pvbench.hypervisor import GuestRun, GuestSpec
from pvbench.inventory import Host
from pvbench.model import Cell, CommandRecord, DeviceKind, Emulation, GuestImage, HostFacts, IoPath, Witness
from pvbench.transport import Command, Conversation, Transport
from pvbench.witness import Sighting, guest_witness, host_witness, parse_look
from pvbench.workloads import Disk, Peer

PORTS = {"iperf3": 5201, "netserver": 12865}
OWN_BRIDGE = "pvbr0"
USUAL_PROBE_S = 0.025  # what pvb-probe's loop and ten processes take on an ordinary x86 host of the 2020s
GUEST_USER = "root"


class XenHypervisor:
    """A Xen host. `swapped` is the negative control: every flow is sent over another device than the one asked for."""

    def __init__(
        self, transport: Transport, host: Host, guest: GuestImage, clock: Clock, *, swapped: bool = False
    ) -> None:
        self._transport, self._host, self._image, self._clock = transport, host, guest, clock
        self._swapped = swapped
        self._private, self._public = ssh.new_key()
        self._facts: HostFacts | None = None
        self._run: _Run | None = None

    def facts(self) -> HostFacts:
        """Probe the host, once. Raises BootError when it cannot run guests at all, saying what is missing."""
        if self._facts is None:
            answer = self.probe()
            if answer["missing"]:
                lack = answer["missing"][0]
                raise BootError(f"{self._host.name}: {lack['what']}", hint=lack["mend"])
            self._facts = facts_of(self._host.name, answer)
        return self._facts

    def probe(self) -> dict[str, Any]:
        """Return what hostside/pvb-probe says: {"facts", "missing", "speed"}."""
        program = f"{self._programs()}/pvb-probe"
        result = self._transport.run(Command((program,), stdin=b"{}", timeout_s=600))
        if result.exit_code != 0:
            raise DeployError(f"{self._host.name}: pvb-probe failed: {_last_line(result.stderr)}",
                              hint=f"apt-get install python3 on {self._host.name}")  # fmt: skip
        answer: dict[str, Any] = json.loads(result.stdout)
        return answer

    def patience(self, usual_s: float) -> float:
        """Return a time-out in seconds for what takes `usual_s` on an ordinary host, scaled by this one's speed."""
        return max(30.0, min(1800.0, 2 * usual_s / self.facts().speed))

    @contextmanager
    def setup(self, scratch_bytes: int, devices: tuple[str, ...]) -> Iterator[None]:
        """Put files in place, make scratch disks, bridge and peers; undo all of it on leaving."""
        files = deploy_files(
            self._transport,
            {
                "boot.img": File(Path(self._image.boot_disk).read_bytes(), 0o600),
                "boot.rom": File(Path(self._image.boot_rom).read_bytes(), 0o600),
            },
            f"{self._host.scratch}/guest",
        )
        disks = [
            {"name": name, "bytes": scratch_bytes, "as": "file" if _is_qdisk(name) else "block"}
            for name in devices
            if DRIVERS[name].kind is DeviceKind.BLOCK
        ]
        nics = 1 + sum(DRIVERS[name].kind is DeviceKind.NET for name in devices)
        request = {
            "action": "setup", "root": self._host.scratch, "volume_group": self._host.volume_group, "ports": PORTS,
            "bridge": self._host.bridge or OWN_BRIDGE, "own_bridge": self._host.bridge is None,
            "addresses": [f"198.18.{10 + index}.1/24" for index in range(nics)], "disks": disks,
        }  # fmt: skip
        programs = self._programs()
        with ExitStack() as stack:
            setup = stack.enter_context(self._transport.talk((f"{programs}/pvb-setup",)))
            domains = stack.enter_context(self._transport.talk((f"{programs}/pvb-domain",)))
            made = _ask(setup, request, self.patience(20 + scratch_bytes * len(disks) / 2e8), self._host.name)
            self._run = _Run(programs, files, made["disks"], domains)
            try:
                yield
            finally:
                self._run = None
                with suppress(TransportError, BootError):
                    _ask(setup, {"action": "undo"}, self.patience(5), self._host.name)

    @contextmanager
    def boot(self, spec: GuestSpec) -> Iterator["XenGuest"]:
        """Create the domain and wait until the guest answers; destroy it on leaving."""
        run = self._run
        if run is None:
            raise BootError(f"{self._host.name}: no guest boots before setup()")
        name = domain.PREFIX + spec.name
        nics = domain.nics(spec, self._host.name)
        disks = domain.disks(spec, {device: made["path"] for device, made in run.disks.items()})
        config = domain.domain_config(
            spec, nics, disks,
            bridge=self._host.bridge or OWN_BRIDGE, script=f"{run.programs}/pvb-hotplug",
            boot_disk=f"{self._host.scratch}/boot/{name}.img", boot_rom=run.files["boot.rom"],
            native_tsc=self.facts().emulation is Emulation.SOFTWARE,
        )  # fmt: skip
        key = self._public.split()[1]
        append = domain.command_line(spec, nics, key, swapped=self._swapped)
        begun = self._clock.monotonic()
        try:
            made = _ask(
                run.domains,
                {"action": "create", "name": name, "config": config, "append": append, "root": self._host.scratch,
                 "boot_disk": run.files["boot.img"]},
                self.patience(15), self._host.name,
            )  # fmt: skip
            with ExitStack() as stack:
                transport = self._reach(stack, name, nics)
                elapsed = self._clock.monotonic() - begun
                commands = (
                    CommandRecord("host", ("xl", "create", f"{name}.cfg"), 0, made["seconds"]),
                    CommandRecord("host", tuple(made["argv"]), None, None),
                    CommandRecord("guest kernel", tuple(append.split()), None, elapsed),
                )
                yield XenGuest(transport, elapsed, commands, self, run, spec, made["domid"], nics, disks)
        finally:
            with suppress(TransportError, BootError):
                _ask(run.domains, {"action": "destroy", "name": name}, self.patience(5), self._host.name)

    def _reach(self, stack: ExitStack, name: str, nics: Sequence[domain.Nic]) -> Transport:
        assert self._run is not None  # noqa: S101 - boot() has checked
        best = max(nics, key=lambda nic: nic.control)
        deadline = self._clock.monotonic() + self.patience(8)
        while True:
            try:
                return stack.enter_context(self._transport.hop(
                    best.guest_address, 22, GUEST_USER, self._private, self._image.host_key, self.patience(1)
                ))  # fmt: skip
            except Unreachable as error:
                look = _ask(self._run.domains, {"action": "alive", "name": name}, self.patience(2), self._host.name)
                if not look["alive"]:
                    raise BootError(f"{name} ended while it booted; device model: {look['log']}") from error
                if self._clock.monotonic() > deadline:
                    raise BootError(f"{name} runs, but did not answer within {self.patience(8):.0f} s",
                                    hint=f"pvbench doctor {self._host.name}") from error  # fmt: skip
                self._clock.sleep(0.5)

    def _programs(self) -> str:
        return deploy(self._transport, payload_of(shipped.folder("hostside")), f"{self._host.scratch}/hostside")


@dataclass(frozen=True)
class _Run:
    """What setup() made: where the programs and files lie, the scratch disks, the program that makes domains."""

    programs: str
    files: Mapping[str, str]
    disks: Mapping[str, Mapping[str, str]]
    domains: Conversation


@dataclass
class XenGuest:
    """A running domain that answers."""

    transport: Transport
    boot_seconds: float
    commands: tuple[CommandRecord, ...]
    _hypervisor: XenHypervisor
    _run: _Run
    _spec: GuestSpec
    _domid: int
    _nics: tuple[domain.Nic, ...]
    _disks: tuple[domain.Disk, ...]
    _seen: tuple[Sighting, ...] = field(default=())

    def target(self, cell: Cell, seed: int) -> Disk | Peer:
        """Return what a cell's tool aims at."""
        if cell.kind is DeviceKind.NET:
            nic = self._nic(cell.device)
            port = PORTS["netserver" if cell.workload.tool == "netperf" else "iperf3"]
            return Peer(nic.host_address, port, nic.guest_address)
        names = [disk.device for disk in self._disks]
        at = names.index(cell.device) + self._hypervisor._swapped
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
        made = self._run.disks.get(device, {})
        flush = [path for path in (made.get("path"), made.get("file")) if path]
        return XenObservation(self, device, self.look(flush=list(dict.fromkeys(flush)), xenstore=False))

    def look(self, *, flush: list[str], xenstore: bool) -> dict[str, Any]:
        """Return what pvb-domain sees of the domain's devices now, without the control NIC."""
        request = {"action": "look", "domid": self._domid, "flush": flush, "xenstore": xenstore}
        seen = _ask(self._run.domains, request, self._hypervisor.patience(5), "the host")
        control = {f"vif{self._domid}.{nic.devid}" for nic in self._nics if nic.control}
        return seen | {"nics": {name: moved for name, moved in seen["nics"].items() if name not in control}}

    def execute(self, device: str, warmup: tuple[str, ...] | None, argv: tuple[str, ...], timeout_s: float) -> GuestRun:
        """Run the warm-up and the tool in the guest, looking at the guest's side before and after the tool."""
        if warmup is not None:
            self.transport.run(Command(warmup, timeout_s=timeout_s))
        result = self.transport.run(Command(("pvb-run", *argv), timeout_s=timeout_s))
        head, _, body = result.stdout.partition(b"\n\n")
        lines = head.decode(errors="replace")
        said = dict(line.split("=", 1) for line in lines.splitlines() if "=" in line and not line.startswith("look="))
        try:
            size = int(said["stdout"])
            elapsed, code = float(said["end"]) - float(said["start"]), int(said["exit"])
        except (KeyError, ValueError) as error:
            raise ParseError(f"pvb-run in the guest: {_last_line(result.stderr or result.stdout)}") from error
        witness = guest_witness(
            self._tested(parse_look(lines, "before")), self._tested(parse_look(lines, "after")),
            DRIVERS[device].kind, self._sighting(device).name,
        )  # fmt: skip
        return GuestRun(argv, code, body[:size], body[size:], elapsed, witness)

    def host_name_of(self, device: str) -> str:
        """Return what dom0's counters call a device of this domain."""
        driver = DRIVERS[device]
        if driver.kind is DeviceKind.NET:
            name = f"vif{self._domid}.{self._nic(device).devid}"
            return name if driver.io_path is IoPath.PV else f"{name}-emu"
        if driver.io_path is IoPath.PV and not _is_qdisk(device):
            return f"vbd-{self._domid}-{_VDEV[str(driver.vdev)]}"
        return f"device model {driver.vdev}"

    def xenstore_of(self, device: str, nodes: Mapping[str, str]) -> dict[str, str]:
        """Return the nodes of both ends of one device."""
        driver = DRIVERS[device]
        number = self._nic(device).devid if driver.kind is DeviceKind.NET else _VDEV[str(driver.vdev)]
        kinds = ("vif",) if driver.kind is DeviceKind.NET else ("vbd", "qdisk")
        front = tuple(f"/local/domain/{self._domid}/device/{kind}/{number}/" for kind in kinds)
        back = tuple(f"/local/domain/0/backend/{kind}/{self._domid}/{number}/" for kind in kinds)
        return {path: value for path, value in nodes.items() if path.startswith(front + back)}

    def _nic(self, device: str) -> domain.Nic:
        return next(nic for nic in self._nics if nic.device == device and not nic.control)

    def _tested(self, sightings: tuple[Sighting, ...]) -> tuple[Sighting, ...]:
        """Return the sightings without the control NIC."""
        control = {nic.mac for nic in self._nics if nic.control}
        return tuple(sighting for sighting in sightings if sighting.mac not in control)

    def _sighting(self, device: str) -> Sighting:
        """Return what the guest calls the device: by driver and, since a MAC or a driver may appear twice, by name."""
        if not self._seen:
            result = self.transport.run(Command(("pvb-run",), timeout_s=self._hypervisor.patience(2)))
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

    def witness(self) -> Witness:
        """Look again and return what carried the traffic since the observation began, as dom0 counts it."""
        after = self._guest.look(flush=[], xenstore=True)
        kind = DRIVERS[self._device].kind
        facts = self._guest.xenstore_of(self._device, after["xenstore"])
        name = self._guest.host_name_of(self._device)
        return host_witness(_counters(self._before, kind), _counters(after, kind), name, facts)


_VDEV = {"hda": 768, "xvde": 51776, "xvdf": 51792}  # xen-vbd-interface(7)
_MODEL_NAMES = {"ide0-hd0": "device model hda", "xen-qdisk-51792": "device model xvdf"}


def _counters(look: Mapping[str, Any], kind: DeviceKind) -> dict[str, int]:
    """Return {device: bytes} of every device of a kind that the host counts for the domain."""
    if kind is DeviceKind.NET:
        return {name: moved["rx"] + moved["tx"] for name, moved in look["nics"].items()}
    counted = {name: moved["bytes"] for name, moved in look["vbds"].items()}
    for name, moved in (look["blockstats"] or {}).items():
        if name in _MODEL_NAMES:
            counted[_MODEL_NAMES[name]] = moved["bytes"]
    return counted


def facts_of(name: str, answer: Mapping[str, Any]) -> HostFacts:
    """Turn the answer of pvb-probe into the host's facts."""
    said, info = answer["facts"], answer["facts"]["xen"]
    dmi = {key: value or "" for key, value in said["dmi"].items()}
    version = f"Xen {info.get('xen_version', 'of unknown version')}"
    details = {
        "operating system": said["os"], "xen command line": info.get("xen_commandline"),
        "scheduler": info.get("xen_scheduler"), "dom0 command line": said["command_line"],
        "governor": said["governor"], **said["versions"],
    }  # fmt: skip
    return HostFacts(
        name=name,
        emulation=_emulation(dmi),
        machine=" ".join(filter(None, dmi.values())) or "unknown",
        hypervisor=version,
        kernel=f"Linux {said['kernel']}",
        cpu=said["cpu"],
        cpus=int(info.get("nr_cpus", 0)),
        memory_bytes=int(info.get("total_memory", 0)) << 20,
        speed=min(1.0, USUAL_PROBE_S / sum(answer["speed"].values())),
        details=tuple((key, str(value)) for key, value in details.items() if value),
    )


def _emulation(dmi: Mapping[str, str]) -> Emulation:
    """Judge by the firmware's tables: the lab writes there what it runs on, other virtual machines name their maker."""
    if dmi["product_name"] == "pvbench-lab":
        return Emulation.SOFTWARE if Emulation.SOFTWARE in dmi["product_version"] else Emulation.NESTED
    makers = ("qemu", "kvm", "vmware", "virtualbox", "xen", "microsoft corporation virtual", "google", "amazon ec2")
    text = f"{dmi['sys_vendor']} {dmi['product_name']}".lower()
    return Emulation.UNKNOWN if any(maker in text for maker in makers) else Emulation.BARE_METAL


def _is_qdisk(device: str) -> bool:
    return DRIVERS[device].backend.startswith("qdisk")


def _ask(program: Conversation, request: Mapping[str, Any], timeout_s: float, host: str) -> dict[str, Any]:
    answer = program.ask(request, timeout_s)
    if "error" in answer:
        raise BootError(f"{host}: {request['action']}: {answer['error']}")
    return answer


def _last_line(output: bytes) -> str:
    lines = output.decode(errors="replace").strip().splitlines()
    return lines[-1] if lines else CommandFailed.__doc__ or ""
