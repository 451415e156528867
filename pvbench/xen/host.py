"""A Xen host driven over SSH with the programs of hostside/: probe, set up, boot, bear witness."""

import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path
from types import MappingProxyType
from typing import Any

from pvbench import shipped, ssh
from pvbench.clock import Clock
from pvbench.deploy import deploy, payload_of
from pvbench.drivers import DRIVERS
from pvbench.errors import BootError, DeployError, TransportError, Unreachable
from pvbench.guest import GuestImage, HostDrivers
from pvbench.hypervisor import GuestSpec, HostCheck
from pvbench.inventory import Host
from pvbench.model import BUILTIN_GUEST, STOCK, DeviceKind, Emulation, GuestMode, HostFacts, ImageDigests, OwnGuest
from pvbench.observed import Observed
from pvbench.progress import Watch, unwatched
from pvbench.transport import Command, Transport
from pvbench.workloads import servers
from pvbench.xen import built
from pvbench.xen.boot import Boots
from pvbench.xen.facts import check_of, facts_of, lacks_of
from pvbench.xen.guest import XenGuest
from pvbench.xen.media import BuiltinMedia, Media, OwnMedia
from pvbench.xen.observe import observe
from pvbench.xen.own_images import Images
from pvbench.xen.placing import Placing
from pvbench.xen.prepared import Prepared, setup_request
from pvbench.xen.programs import ask, last_line
from pvbench.xen.recorder import Recorder
from pvbench.xen.tunables import dom0_vcpus
from pvbench.xen.verify import host_parts

UNDO_S = 30.0  # usual, at most: a mount that a dying domain still holds, servers that are slow to end


class XenHypervisor:
    """A Xen host. `swapped` is the negative control: every flow is sent over another device than the one asked for.

    `tell` is told what could not be undone: no reason to lose what was measured, and somebody should know.
    `drivers` are what can be loaded in the place of stock ones, `own` the images besides the builtin guest, by name;
    `watch` is told how far they are sent.
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
        drivers: HostDrivers | None = None,
        own: Mapping[str, OwnGuest] = MappingProxyType({}),
        watch: Watch = unwatched,
    ) -> None:
        self._transport, self._host, self._image, self._clock = transport, host, guest, clock
        self._tell, self._swapped, self._drivers = tell, swapped, drivers or HostDrivers()
        self._own, self._watch = dict(own), watch
        self._private, self._public = ssh.new_key()
        self._guests_keys = ssh.new_key()
        self._facts: HostFacts | None = None
        self._run: Prepared | None = None

    def facts(self) -> HostFacts:
        """Probe the host, once. Raises BootError when it cannot run guests at all, saying what is missing."""
        if self._facts is None:
            answer = self._probed()
            for what, mend in lacks_of(answer):
                raise BootError(f"{self._host.name}: {what}", hint=mend)
            self._facts = facts_of(self._host.name, answer)
        return self._facts

    def check(self) -> HostCheck:
        """Probe the host and say what it is and what it lacks."""
        return check_of(self._host.name, self._probed())

    def images(self) -> tuple[OwnGuest, ...]:
        """Put images of one's own on the host and return their guests. Raises DeployError, ImageError."""
        if self._own:
            images = self._images()
            self._own = {name: images.there(guest) for name, guest in self._own.items()}
        return tuple(self._own.values())

    def image_digests(self) -> tuple[ImageDigests, ...]:
        """Return what the images of one's own are now, beside what they were."""
        images = self._images() if self._own else None
        return tuple(images.digests(guest) for guest in self._own.values()) if images else ()

    def _images(self) -> Images:
        return Images(self._transport, self._host, self._programs(), self._watch)

    def observe(self, domain: str, seconds: float) -> Observed:
        """Watch a running domain, whoever's it is; nothing is changed or kept in dom0."""
        return observe(self._transport, domain, seconds, self._clock)

    def _probed(self) -> dict[str, Any]:
        """Return what hostside/pvb-probe says: {"facts", "missing", "speed"}."""
        program = f"{self._programs()}/pvb-probe"
        needed = {each.program: {"package": each.package, "version": each.version} for each in servers()}
        request = json.dumps({"servers": needed, "scratch": self._host.scratch.rstrip("/")}).encode()
        result = self._transport.run(Command((program,), stdin=request, timeout_s=600))
        if result.exit_code != 0:
            raise DeployError(
                f"{self._host.name}: pvb-probe failed: {last_line(result.stderr)}",
                hint=f"{self._host.name} needs python3, 3.6 or later",
            )
        answer: dict[str, Any] = json.loads(result.stdout)
        return answer

    def patience(self, usual_s: float) -> float:
        """Return a time-out in seconds for what takes `usual_s` on an ordinary host, scaled by this one's speed."""
        return max(30.0, min(1800.0, 2 * usual_s / self.facts().speed))

    @contextmanager
    def setup(
        self, scratch_bytes: int, devices: tuple[str, ...], modes: tuple[GuestMode, ...] = (GuestMode.HVM,)
    ) -> Iterator[None]:
        """Put files in place, make scratch disks, bridge and peers; undo all of it on leaving."""
        host, disks = self._host, sum(DRIVERS[name].kind is DeviceKind.BLOCK for name in devices)
        files = self._placing.boot_files(modes, self._image)
        self.images()  # before anything is made: a host may have no room for them
        programs = self._programs()
        with ExitStack() as stack:
            setup = stack.enter_context(self._transport.talk((f"{programs}/pvb-setup",)))
            domains = stack.enter_context(self._transport.talk((f"{programs}/pvb-domain",)))
            recorder = stack.enter_context(
                Recorder(lambda: self._transport.talk((f"{programs}/pvb-trace",)), host.name)
            )
            request = setup_request(host, scratch_bytes, devices)
            request["servers"] += self._placing.dhcp(tuple(self._own.values()))
            made = ask(setup, request, self.patience(20 + scratch_bytes * disks / 2e8), host.name)
            self._run = Prepared(
                root=host.scratch,
                programs=programs,
                files=files,
                boot=made["boot"],
                disks=made["disks"],
                host=self._transport,
                domains=domains,
                setup=setup,
                recorder=recorder,
                paced=not self._translated,
            )
            try:
                yield
            finally:
                self._run = None
                with self._told():
                    undone = ask(setup, {"action": "undo"}, self.patience(UNDO_S), host.name)
                    for failure in undone["failures"]:
                        self._left(failure)

    @contextmanager
    def boot(self, spec: GuestSpec) -> Iterator[XenGuest]:
        """Create the domain, and its peer where it has one, wait until they answer; destroy them on leaving."""
        run = self._run
        if run is None:
            raise BootError(f"{self._host.name}: no guest boots before setup()")
        builtin = self._builtin(run, run.files)
        boots = Boots(
            host=self._host,
            prepared=run,
            media=self._media(run, spec),
            peer_media=builtin,
            clock=self._clock,
            patience=self.patience,
            native_tsc=self._translated,
            swapped=self._swapped,
            host_parts=host_parts(self.facts()),
        )
        vcpus = dom0_vcpus(spec.tunables)
        with ExitStack() as stack:
            dom0 = stack.enter_context(self._dom0_with(run, vcpus)) if vcpus is not None else {}
            if spec.backends != STOCK:
                stack.enter_context(self._backends_with(run, spec.backends))
            yield stack.enter_context(boots.guest(spec, dom0))

    @property
    def _translated(self) -> bool:
        """Whether the host's own processor is emulated by software."""
        return self.facts().emulation is Emulation.SOFTWARE

    def _media(self, run: Prepared, spec: GuestSpec) -> Media:
        """Return what a guest boots from, put on the host if it is not there."""
        if spec.guest != BUILTIN_GUEST:
            return self._own_media(run, self._own[spec.guest])
        if spec.frontends == STOCK:
            return self._builtin(run, run.files)
        return self._builtin(run, self._placing.boot_files((spec.mode,), self._drivers.images[spec.frontends]))

    @property
    def _placing(self) -> Placing:
        return Placing(self._transport, self._host, self._image)

    def _builtin(self, run: Prepared, files: Mapping[str, str]) -> BuiltinMedia:
        return BuiltinMedia(
            login=self._image.login,
            private_key=self._private,
            public_key=self._public,
            files=files,
            boot=run.boot,
            swapped=self._swapped,
        )

    def _own_media(self, run: Prepared, guest: OwnGuest) -> OwnMedia:
        """Return what boots from an image, with a ROM that boots it put on the host. Raises DeployError, ImageError."""
        return OwnMedia(
            guest=guest,
            private_key=guest.key.read_text() if guest.key else self._private,
            public_key=self._public,
            host_keys=self._guests_keys if guest.seeded else ("", guest.host_key or ""),
            image=guest.placed,
            rom=self._placing.rom(guest),
            boot=run.boot,
            tools=Path(self._image.tools).read_bytes(),
            swapped=self._swapped,
        )

    @contextmanager
    def _backends_with(self, run: Prepared, value: str) -> Iterator[None]:
        """Have dom0 load backends in the place of its own, and give it back its own."""
        files = built.placed(self._transport, self._host, self.facts(), self._drivers.backends[value])
        try:
            self._backends(run, files)
            yield
        finally:
            with self._told():
                self._backends(run, {})

    def _backends(self, run: Prepared, files: Mapping[str, str]) -> None:
        ask(run.setup, {"action": "backends", "files": files}, self.patience(40), self._host.name)

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

    def _vcpus(self, run: Prepared, number: int | None) -> dict[str, str]:
        """Give dom0 so many vCPUs, or back what it had; return what it has."""
        answer = ask(run.setup, {"action": "vcpus", "number": number}, self.patience(20), self._host.name)
        return {"vcpus": str(answer["online"])}

    def _programs(self) -> str:
        return deploy(self._transport, payload_of(shipped.folder("hostside")), self._host.scratch, "hostside")
