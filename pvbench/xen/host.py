"""A Xen host driven over SSH with the programs of hostside/: probe, set up, boot, bear witness."""

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import Any

from pvbench import shipped, ssh
from pvbench.clock import Clock
from pvbench.deploy import File, deploy, deploy_files, payload_of
from pvbench.drivers import DRIVERS
from pvbench.errors import BootError, DeployError, TransportError, Unreachable
from pvbench.hypervisor import GuestSpec
from pvbench.inventory import Host
from pvbench.model import CommandRecord, DeviceKind, Emulation, GuestImage, HostFacts
from pvbench.transport import Command, Transport
from pvbench.tunables import dom0_vcpus
from pvbench.xen import domain_config as domain
from pvbench.xen.facts import facts_of
from pvbench.xen.guest import PORTS, Prepared, XenGuest, is_qdisk
from pvbench.xen.peer import serve
from pvbench.xen.programs import ask, last_line
from pvbench.xen.recorder import Recorder

OWN_BRIDGE = "pvbr0"
GUEST_USER = "root"
UNDO_S = 30.0  # usual, at most: a mount that a dying domain still holds, servers that are slow to end


class XenHypervisor:
    """A Xen host. `swapped` is the negative control: every flow is sent over another device than the one asked for.

    `tell` is told what could not be undone: no reason to lose what was measured, and somebody should know.
    """

    def __init__(
        self,
        transport: Transport,
        host: Host,
        guest: GuestImage,
        clock: Clock,
        tell: Callable[[str], None],
        *,
        swapped: bool = False,
    ) -> None:
        self._transport, self._host, self._image, self._clock = transport, host, guest, clock
        self._tell, self._swapped = tell, swapped
        self._private, self._public = ssh.new_key()
        self._facts: HostFacts | None = None
        self._run: Prepared | None = None

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
            raise DeployError(
                f"{self._host.name}: pvb-probe failed: {last_line(result.stderr)}",
                hint=f"apt-get install python3 on {self._host.name}",
            )
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
            self._host.scratch,
            "guest",
        )
        disks = [
            {"name": name, "bytes": scratch_bytes, "as": "file" if is_qdisk(name) else "block"}
            for name in devices
            if DRIVERS[name].kind is DeviceKind.BLOCK
        ]
        nics = 1 + sum(DRIVERS[name].kind is DeviceKind.NET for name in devices)
        request = {
            "action": "setup",
            "root": self._host.scratch,
            "volume_group": self._host.volume_group,
            "ports": PORTS,
            "memory": self._host.storage == "memory",
            "bridge": self._host.bridge or OWN_BRIDGE,
            "own_bridge": self._host.bridge is None,
            "addresses": [f"198.18.{10 + index}.1/24" for index in range(nics)],
            "disks": disks,
        }
        programs = self._programs()
        with ExitStack() as stack:
            setup = stack.enter_context(self._transport.talk((f"{programs}/pvb-setup",)))
            domains = stack.enter_context(self._transport.talk((f"{programs}/pvb-domain",)))
            recorder = stack.enter_context(
                Recorder(lambda: self._transport.talk((f"{programs}/pvb-trace",)), self._host.name)
            )
            made = ask(setup, request, self.patience(20 + scratch_bytes * len(disks) / 2e8), self._host.name)
            self._run = Prepared(
                self._host.scratch,
                programs,
                files,
                made["boot"],
                made["disks"],
                self._transport,
                domains,
                setup,
                recorder,
                paced=self.facts().emulation is not Emulation.SOFTWARE,
            )
            try:
                yield
            finally:
                self._run = None
                with self._told():
                    undone = ask(setup, {"action": "undo"}, self.patience(UNDO_S), self._host.name)
                    for failure in undone["failures"]:
                        self._left(failure)

    @contextmanager
    def boot(self, spec: GuestSpec) -> Iterator["XenGuest"]:
        """Create the domain, and its peer where it has one, wait until they answer; destroy them on leaving."""
        run = self._run
        if run is None:
            raise BootError(f"{self._host.name}: no guest boots before setup()")
        nics = domain.nics(spec, self._host.name)
        disks = domain.disks(spec, {device: made["path"] for device, made in run.disks.items()})
        vcpus = dom0_vcpus(spec.tunables)
        with ExitStack() as stack:
            begun = self._clock.monotonic()
            dom0 = stack.enter_context(self._dom0_with(run, vcpus)) if vcpus is not None else {}
            peer_domid = stack.enter_context(self._peer(run, spec, nics)) if spec.peer else None
            made, append = stack.enter_context(self._domain(run, spec, nics, disks))
            transport = self._reach(stack, spec, nics)
            elapsed = self._clock.monotonic() - begun
            commands = (
                CommandRecord("host", ("xl", "create", f"{domain.PREFIX}{spec.name}.cfg"), 0, made["seconds"]),
                CommandRecord("host", tuple(made["argv"]), None, None),
                CommandRecord("guest kernel", tuple(append.split()), None, elapsed),
            )
            yield XenGuest(
                transport,
                elapsed,
                commands,
                self.patience,
                self._swapped,
                run,
                spec,
                made["domid"],
                nics,
                disks,
                dom0,
                peer_domid,
            )

    @contextmanager
    def _domain(
        self, run: Prepared, spec: GuestSpec, nics: tuple[domain.Nic, ...], disks: tuple[domain.Disk, ...]
    ) -> Iterator[tuple[Mapping[str, Any], str]]:
        """Yield what pvb-domain says of the domain it created, and its kernel's command line."""
        name = domain.PREFIX + spec.name
        config = domain.domain_config(
            spec,
            nics,
            disks,
            bridge=self._host.bridge or OWN_BRIDGE,
            script=f"{run.programs}/pvb-hotplug",
            boot_disk=f"{run.boot}/{name}.img",
            boot_rom=run.files["boot.rom"],
            native_tsc=self.facts().emulation is Emulation.SOFTWARE,
        )
        append = domain.command_line(spec, nics, self._public.split()[1], swapped=self._swapped)
        request = {
            "action": "create",
            "name": name,
            "config": config,
            "append": append,
            "root": self._host.scratch,
            "boot_disk": run.files["boot.img"],
        }
        try:
            yield ask(run.domains, request, self.patience(15), self._host.name), append
        finally:
            with suppress(TransportError, BootError):
                ask(run.domains, {"action": "destroy", "name": name}, self.patience(5), self._host.name)

    @contextmanager
    def _peer(self, run: Prepared, spec: GuestSpec, nics: tuple[domain.Nic, ...]) -> Iterator[int]:
        """Yield the domain number of a second guest that answers the network tests of the first."""
        beside, nic = domain.peer(spec), domain.peer_nic(nics, self._host.name)
        with self._domain(run, beside, (nic,), ()) as (made, _), ExitStack() as stack:
            serve(self._reach(stack, beside, (nic,)), nic, self.patience(2))
            yield made["domid"]

    @contextmanager
    def _dom0_with(self, run: Prepared, vcpus: int) -> Iterator[Mapping[str, str]]:
        """Give dom0 so many vCPUs and yield what it has; give back what it had."""
        try:
            yield self._vcpus(run, vcpus)
        finally:
            with self._told():
                self._vcpus(run, None)

    @contextmanager
    def _told(self) -> Iterator[None]:
        """Tell what an undoing raises. A lost connection says enough itself, and makes the host undo everything."""
        try:
            yield
        except Unreachable:
            return
        except (TransportError, BootError) as error:
            self._left(str(error).removeprefix(f"{self._host.name}: "))

    def _left(self, what: str) -> None:
        self._tell(f"{self._host.name}: not undone: {what}; `pvbench clean {self._host.name}` tries again")

    def _reach(self, stack: ExitStack, spec: GuestSpec, nics: Sequence[domain.Nic]) -> Transport:
        assert self._run is not None  # noqa: S101 - boot() has checked
        name = domain.PREFIX + spec.name
        best = max(nics, key=lambda nic: nic.control)
        deadline = self._clock.monotonic() + self.patience(8)
        while True:
            try:
                return stack.enter_context(
                    self._transport.hop(
                        best.guest_address, 22, GUEST_USER, self._private, self._image.host_key, self.patience(1)
                    )
                )
            except Unreachable as error:
                look = ask(self._run.domains, {"action": "alive", "name": name}, self.patience(2), self._host.name)
                if not look["alive"]:
                    raise BootError(f"{name} ended while it booted; device model: {look['log']}") from error
                if self._clock.monotonic() > deadline:
                    raise BootError(
                        f"{name} runs, but did not answer within {self.patience(8):.0f} s",
                        hint=f"pvbench doctor {self._host.name}",
                    ) from error
                self._clock.sleep(0.5)

    def _vcpus(self, run: Prepared, number: int | None) -> dict[str, str]:
        """Give dom0 so many vCPUs, or back what it had; return what it has."""
        answer = ask(run.setup, {"action": "vcpus", "number": number}, self.patience(20), self._host.name)
        return {"vcpus": str(answer["online"])}

    def _programs(self) -> str:
        return deploy(self._transport, payload_of(shipped.folder("hostside")), self._host.scratch, "hostside")
