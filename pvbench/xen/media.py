"""What a guest boots from and how it is entered: the builtin guest's disk, or an image of one's own.

Each is a row of what a boot differs in; how a domain is made, waited for and destroyed is the same for all.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from pvbench.guest import Login, Seed, SeededNic, entering, look, rest, seed
from pvbench.hypervisor import GuestSpec
from pvbench.model import NO_CONSOLE, PARAVIRTUAL, SERIAL, OwnGuest
from pvbench.transport import Transport
from pvbench.xen import booting
from pvbench.xen import domain_config as domain


@dataclass(frozen=True)
class Given:
    """What one boot is given: lines of xl.cfg(5), and what pvb-domain is told besides.

    `command_line` is the kernel's, "" where an image has its own.
    """

    settings: Mapping[str, domain.Setting]
    request: Mapping[str, Any] = field(default_factory=dict)
    command_line: str = ""


class Media(Protocol):
    """What guests of one image boot from. `private_key` is the one that lets in."""

    @property
    def login(self) -> Login:
        """How its guests are reached."""
        ...

    @property
    def private_key(self) -> str:
        """The text of the key that they let in."""
        ...

    @property
    def key_hint(self) -> str | None:
        """What is to be done about a guest that bears another key than its own."""
        ...

    @property
    def usual_boot_s(self) -> float:
        """How long they take to answer on an ordinary host, at most."""
        ...

    def given(self, spec: GuestSpec, nics: Sequence[domain.Nic], name: str) -> Given:
        """Return what a boot is given; `name` is the domain's."""
        ...

    def entered(self, transport: Transport, timeout_s: float) -> Transport:
        """Return the way to run programs in a guest that answers, what it lacks put there."""
        ...

    def busy(self, transport: Transport, limit_s: float) -> str | None:
        """Wait until a guest that answers is at rest; return what to tell of one that was not within `limit_s`."""
        ...


@dataclass(frozen=True, kw_only=True)
class BuiltinMedia:
    """The builtin guest: `files` are its own on the host, `boot` is where each boot's copy of its disk lies there."""

    login: Login
    private_key: str
    public_key: str
    files: Mapping[str, str]
    boot: str
    swapped: bool = False
    usual_boot_s: float = 8.0
    key_hint: str | None = None

    def given(self, spec: GuestSpec, nics: Sequence[domain.Nic], name: str) -> Given:
        """Return its disk with the kernel's command line on it, or kernel and initramfs where there is no firmware."""
        line = domain.command_line(spec, tuple(nics), self.public_key.split()[1], swapped=self.swapped)
        if spec.mode.has_emulated_devices:
            settings = booting.from_disk(spec, nics, f"{self.boot}/{name}.img", self.files["boot.rom"])
            return Given(settings, {"boot_disk": self.files["boot.img"], "append": line}, line)
        return Given(booting.from_kernel(spec, self.files["vmlinuz"], self.files["initrd"], line), {}, line)

    def entered(self, transport: Transport, timeout_s: float) -> Transport:  # noqa: ARG002
        """Return the way itself: it has all its programs."""
        return transport

    def busy(self, transport: Transport, limit_s: float) -> str | None:  # noqa: ARG002
        """Return None: it starts nothing but its SSH server."""
        return None


@dataclass(frozen=True, kw_only=True)
class OwnMedia:
    """An image of one's own: `image` and `rom` lie on the host, `boot` is the folder of overlays and seeds there.

    `host_keys` are the private and the public key by which its guests are known, "" and the pinned one, if any, where
    they have their own; `swapped` is the negative control; `tools` is a tar of what is pushed into a guest.
    """

    guest: OwnGuest
    private_key: str
    public_key: str
    host_keys: tuple[str, str]
    image: str
    rom: str
    boot: str
    tools: bytes
    swapped: bool = False
    usual_boot_s: float = 90.0

    @property
    def login(self) -> Login:
        """As the matrix says, with the key that the seed gives it or its own, "" where its console has to show it."""
        return Login(self.host_keys[1], user=self.guest.user)

    @property
    def key_hint(self) -> str:
        """As the guest was to have its key: by the seed, or as it is."""
        if self.guest.seeded:
            return (
                "its cloud-init did not take the seed: install cloud-init with the NoCloud source in the image, and "
                "see that its disk has room; an image with keys of its own needs `key`"
            )
        if not self.guest.host_key:
            return "print the image's keys on its console once they are made, or give `host_key`"
        return "`host_key` is the image's /etc/ssh/ssh_host_ed25519_key.pub (or its other type of key)"

    def given(self, spec: GuestSpec, nics: Sequence[domain.Nic], name: str) -> Given:
        """Return a throw-away overlay of the image, and the seed of a cloud image."""
        overlay = {"image": self.image, "format": self.guest.format, "bytes": self.guest.size_bytes}
        request: dict[str, Any] = {"overlay": overlay}
        if shadows := domain.shadows(spec, nics):
            request["shadows"] = shadows
        seed_disk = None
        addresses = domain.addresses_of(nics, swapped=self.swapped)
        if self.guest.seeded:
            told = Seed(
                instance=name,
                user=self.guest.user,
                public_key=self.public_key,
                host_key=self.host_keys[0],
                host_key_public=self.host_keys[1],
                nics=[SeededNic(nic.mac, f"{addresses[nic.devid]}/24") for nic in nics],
                says=look.for_console() if self.guest.looked_at and self.guest.console != NO_CONSOLE else "",
                console=f"/dev/{self.guest.console}",
            )
            request["seed"] = seed.encoded(told)
            seed_disk = f"{self.boot}/{name}.seed"
        serial = f"{self.boot}/{name}.console" if self.guest.console == SERIAL else None
        if serial is None:
            request["console"] = "xen" if self.guest.console == PARAVIRTUAL else "none"
        settings = booting.from_overlay(spec, nics, f"{self.boot}/{name}.img", seed_disk, self.rom, serial)
        return Given(settings, request)

    def entered(self, transport: Transport, timeout_s: float) -> Transport:
        """Return the way through the programs that were put into a temporary folder of the guest."""
        return entering.entered(transport, self.guest.user, self.tools, timeout_s)

    def busy(self, transport: Transport, limit_s: float) -> str | None:
        """Wait until what the image starts by itself has ended."""
        return rest.busy(transport, limit_s)
