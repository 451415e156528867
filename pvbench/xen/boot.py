"""One boot: a domain created from its configuration, reached over SSH, destroyed in the end; and a peer beside it."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from typing import Any

from pvbench.clock import Clock
from pvbench.errors import BootError, TransportError, Unreachable
from pvbench.guest import Login
from pvbench.hypervisor import GuestSpec
from pvbench.inventory import Host
from pvbench.model import STOCK, CommandRecord
from pvbench.model.driver_builds import in_words
from pvbench.transport import Transport
from pvbench.xen import booting
from pvbench.xen import domain_config as domain
from pvbench.xen.devices import DomainDevices
from pvbench.xen.guest import XenGuest
from pvbench.xen.lint_boot import refuse_wrong
from pvbench.xen.peer import serve
from pvbench.xen.prepared import Prepared, bridge_of
from pvbench.xen.programs import ask


@dataclass(frozen=True, kw_only=True)
class Boots:
    """What all boots of a run have in common.

    `private_key` and `public_key` are the controller's own. `patience` scales a usual time in seconds by the host's
    speed; `native_tsc` as in `domain_config`; `swapped` is the negative control; `host_parts` as in `XenGuest`.
    `files` are what a guest boots from whose frontends are not stock, on the host; a peer's are.
    """

    host: Host
    prepared: Prepared
    login: Login
    private_key: str
    public_key: str
    clock: Clock
    patience: Callable[[float], float]
    native_tsc: bool
    swapped: bool
    files: Mapping[str, str]
    host_parts: Mapping[str, str]

    @contextmanager
    def guest(self, spec: GuestSpec, dom0: Mapping[str, str]) -> Iterator[XenGuest]:
        """Yield the guest once it answers, after its peer if it has one; destroy them on leaving.

        `dom0` is what was set of dom0 for this boot.
        """
        nics = domain.nics(spec, self.host.name)
        disks = domain.disks(spec, {device: made["path"] for device, made in self.prepared.disks.items()})
        with ExitStack() as stack:
            begun = self.clock.monotonic()
            peer_domid = stack.enter_context(self._peer(spec, nics)) if spec.peer else None
            made, append = stack.enter_context(self._domain(spec, nics, disks))
            transport = self._reach(stack, spec, nics)
            elapsed = self.clock.monotonic() - begun
            commands = (
                CommandRecord("host", ("xl", "create", f"{domain.PREFIX}{spec.name}.cfg"), 0, made["seconds"]),
                *([CommandRecord("host", tuple(made["argv"]), None, None)] if made["argv"] else []),
                CommandRecord("guest kernel", tuple(append.split()), None, elapsed),
            )
            yield XenGuest(
                transport=transport,
                boot_seconds=elapsed,
                commands=commands,
                patience=self.patience,
                swapped=self.swapped,
                prepared=self.prepared,
                spec=spec,
                devices=DomainDevices(made["domid"], nics, disks),
                dom0=dom0,
                peer_domid=peer_domid,
                host_parts=self.host_parts,
            )

    @contextmanager
    def _domain(
        self, spec: GuestSpec, nics: tuple[domain.Nic, ...], disks: tuple[domain.Disk, ...]
    ) -> Iterator[tuple[Mapping[str, Any], str]]:
        """Yield what pvb-domain says of the domain it created, and its kernel's command line."""
        run, name = self.prepared, domain.PREFIX + spec.name
        files = run.files if spec.frontends == STOCK else self.files
        append = domain.command_line(spec, nics, self.public_key.split()[1], swapped=self.swapped)
        if spec.mode.has_emulated_devices:
            boots = booting.from_disk(spec, nics, f"{run.boot}/{name}.img", files["boot.rom"])
            disk = {"boot_disk": files["boot.img"], "append": append}
        else:
            boots, disk = booting.from_kernel(spec, files["vmlinuz"], files["initrd"], append), {}
        config = domain.domain_config(
            spec,
            nics,
            disks,
            bridge=bridge_of(self.host),
            script=f"{run.programs}/pvb-hotplug",
            boots=boots,
            native_tsc=self.native_tsc,
        )
        refuse_wrong(config, append, disks)
        request = {"action": "create", "name": name, "config": config, "root": self.host.scratch, **disk}
        try:
            yield ask(run.domains, request, self.patience(15), self.host.name), append
        finally:
            with suppress(TransportError, BootError):
                ask(run.domains, {"action": "destroy", "name": name}, self.patience(5), self.host.name)

    @contextmanager
    def _peer(self, spec: GuestSpec, nics: tuple[domain.Nic, ...]) -> Iterator[int]:
        """Yield the domain number of a second guest that answers the network tests of the first."""
        beside, nic = domain.peer(spec), domain.peer_nic(nics, self.host.name)
        with self._domain(beside, (nic,), ()) as (made, _), ExitStack() as stack:
            serve(self._reach(stack, beside, (nic,)), nic, self.patience(2))
            yield made["domid"]

    def _reach(self, stack: ExitStack, spec: GuestSpec, nics: Sequence[domain.Nic]) -> Transport:
        """Return the way into a guest once it answers. Raises BootError where it ended, or takes too long."""
        name = domain.PREFIX + spec.name
        best = max(nics, key=lambda nic: nic.control)
        deadline = self.clock.monotonic() + self.patience(8)
        while True:
            try:
                return stack.enter_context(
                    self.prepared.host.hop(
                        best.guest_address,
                        self.login.port,
                        self.login.user,
                        self.private_key,
                        self.login.host_key,
                        self.patience(1),
                    )
                )
            except Unreachable as error:
                look = ask(self.prepared.domains, {"action": "alive", "name": name}, self.patience(2), self.host.name)
                if not look["alive"]:
                    said = f"; device model: {look['log']}" if spec.mode.has_emulated_devices else ""
                    raise BootError(f"{name} ended while it booted{said}") from error
                if self.clock.monotonic() > deadline:
                    raise BootError(
                        f"{name} runs, but did not answer within {self.patience(8):.0f} s{_built(spec)}",
                        hint=f"pvbench doctor {self.host.name}",
                    ) from error
                self.clock.sleep(0.5)


def _built(spec: GuestSpec) -> str:
    """Return what else may be amiss with a guest whose frontends are not its kernel's own."""
    if spec.frontends == STOCK:
        return ""
    return f"; its frontends are '{in_words(spec.frontends)}', and a guest that cannot load them has no PV device"
