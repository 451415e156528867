"""One boot: a domain created from its configuration, reached over SSH, destroyed in the end; and a peer beside it."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from typing import Any

from pvbench.clock import Clock
from pvbench.errors import BootError, GuestKeyMismatch, HostKeyMismatch, LoginRefused, TransportError, Unreachable
from pvbench.hypervisor import GuestSpec
from pvbench.inventory import Host
from pvbench.model import BUILTIN_GUEST, CommandRecord
from pvbench.ssh.hostkeys import HostKey
from pvbench.transport import Transport
from pvbench.xen import console_keys
from pvbench.xen import domain_config as domain
from pvbench.xen.devices import DomainDevices
from pvbench.xen.guest import XenGuest
from pvbench.xen.lint_boot import refuse_wrong
from pvbench.xen.media import Media
from pvbench.xen.peer import serve
from pvbench.xen.prepared import Prepared, bridge_of
from pvbench.xen.programs import ask
from pvbench.xen.proof import prove
from pvbench.xen.silence import BARRED, UNKNOWN, aside, silent
from pvbench.xen.waiting import Waiting


@dataclass(frozen=True)
class _Reached:
    """The way into a guest, and in words the host key that was learnt from its console, nothing where none was."""

    way: Transport
    learnt: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class Boots:
    """What all boots of a run have in common.

    `media` is what the guest boots from, `peer_media` what the guest that only answers does. `patience` scales a usual
    time in seconds by the host's speed; `native_tsc` as in `domain_config`; `swapped` is the negative control;
    `host_parts` as in `XenGuest`.
    """

    host: Host
    prepared: Prepared
    media: Media
    peer_media: Media
    clock: Clock
    patience: Callable[[float], float]
    native_tsc: bool
    swapped: bool
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
            made, append = stack.enter_context(self._domain(spec, nics, disks, self.media))
            reached = self._reach(stack, spec, nics, self.media)
            elapsed = self.clock.monotonic() - begun
            commands = (
                CommandRecord("host", ("xl", "create", f"{domain.PREFIX}{spec.name}.cfg"), 0, made["seconds"]),
                *([CommandRecord("host", tuple(made["argv"]), None, None)] if made["argv"] else []),
                *([CommandRecord("guest kernel", tuple(append.split()), None, elapsed)] if append else []),
                *([CommandRecord("guest console", reached.learnt, None, None)] if reached.learnt else []),
            )
            devices = DomainDevices(made["domid"], nics, disks)
            if spec.guest != BUILTIN_GUEST:
                prove(reached.way, spec, devices, self.clock, self.patience, swapped=self.swapped)
            yield XenGuest(
                transport=reached.way,
                boot_seconds=elapsed,
                commands=commands,
                patience=self.patience,
                swapped=self.swapped,
                prepared=self.prepared,
                spec=spec,
                devices=devices,
                dom0=dom0,
                peer_domid=peer_domid,
                host_parts=self.host_parts,
                busy=self.media.busy,
            )

    @contextmanager
    def _domain(
        self, spec: GuestSpec, nics: tuple[domain.Nic, ...], disks: tuple[domain.Disk, ...], media: Media
    ) -> Iterator[tuple[Mapping[str, Any], str]]:
        """Yield what pvb-domain says of the domain it created, and its kernel's command line."""
        run, name = self.prepared, domain.PREFIX + spec.name
        given = media.given(spec, nics, name)
        config = domain.domain_config(
            spec,
            nics,
            disks,
            bridge=bridge_of(self.host),
            script=f"{run.programs}/pvb-hotplug",
            boots=given.settings,
            native_tsc=self.native_tsc,
        )
        refuse_wrong(config, given.command_line, disks)
        request = {"action": "create", "name": name, "config": config, "root": self.host.scratch, **given.request}
        try:
            yield ask(run.domains, request, self.patience(15), self.host.name), given.command_line
        finally:
            with suppress(TransportError, BootError):
                ask(run.domains, {"action": "destroy", "name": name}, self.patience(5), self.host.name)

    @contextmanager
    def _peer(self, spec: GuestSpec, nics: tuple[domain.Nic, ...]) -> Iterator[int]:
        """Yield the domain number of a second guest that answers the network tests of the first."""
        beside, nic = domain.peer(spec), domain.peer_nic(nics, self.host.name)
        with self._domain(beside, (nic,), (), self.peer_media) as (made, _), ExitStack() as stack:
            serve(self._reach(stack, beside, (nic,), self.peer_media).way, nic, self.patience(2))
            yield made["domid"]

    def _reach(self, stack: ExitStack, spec: GuestSpec, nics: Sequence[domain.Nic], media: Media) -> _Reached:
        """Return the way into a guest once it answers. Raises BootError where it ended, or takes too long."""
        usual_s, login = media.usual_boot_s, media.login
        name = domain.PREFIX + spec.name
        best = max(nics, key=lambda nic: nic.control)
        begun = self.clock.monotonic()
        waiting = Waiting(begun, usual_s, self.patience)
        learnt: HostKey | None = None
        barred = False
        while True:
            try:
                if not login.host_key:  # each time anew: a second key of that type may have been printed since
                    learnt = self._shown(name, spec.guest)
                way = stack.enter_context(
                    self.prepared.host.hop(
                        best.guest_address,
                        login.port,
                        login.user,
                        media.private_key,
                        login.host_key or (learnt.line if learnt else ""),
                        self.patience(1),
                    )
                )
                told = ("host key:", learnt.kind, learnt.fingerprint) if learnt else ()
                return _Reached(media.entered(way, self.patience(10)), told)
            except HostKeyMismatch as error:
                why = aside(self._alive(name, best)) if spec.guest != BUILTIN_GUEST else ""
                given = "than its console shows" if learnt else "than it was given"
                raise GuestKeyMismatch(
                    f"{name} answers with another host key {given}: {error}{why}", hint=media.key_hint
                ) from error
            except (Unreachable, LoginRefused) as error:
                if isinstance(error, LoginRefused) and spec.guest == BUILTIN_GUEST:
                    raise
                look = self._alive(name, best)
                # OpenSSH greets nobody for a while whom it has refused (sshd_config(5), PerSourcePenalties).
                if isinstance(error, LoginRefused) or (barred and look.get("port") in ("open", "mute")):
                    look["port"], barred = BARRED, True
                elif not login.host_key and learnt is None and look.get("port") == "open":
                    look["port"] = UNKNOWN
                now = self.clock.monotonic()
                if not look["alive"] or waiting.over(now, look):
                    raise silent(spec, self.host.name, look, waited_s=now - begun if look["alive"] else None) from error
                self.clock.sleep(0.5)

    def _alive(self, name: str, nic: domain.Nic) -> dict[str, Any]:
        """Return whether a domain is still there, and what one of somebody's own image left so far."""
        request = {"action": "alive", "name": name, "address": nic.guest_address}
        return dict(ask(self.prepared.domains, request, self.patience(2), self.host.name))

    def _shown(self, name: str, guest: str) -> HostKey:
        """Return the host key that a guest's console shows. Raises Unreachable while it shows none."""
        request = {"action": "alive", "name": name, "keys": True}
        look = ask(self.prepared.domains, request, self.patience(2), self.host.name)
        key = console_keys.shown(str(look.get("keys") or ""), f"the guest {guest}")
        if key is None:
            raise Unreachable(f"{name} has not shown its host key yet")
        return key
