"""What a guest of one's own is, has and lacks: it is booted once on a host and looked into."""

import os
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from pvbench.cli import wiring
from pvbench.cli.app import App
from pvbench.errors import BootError, GuestKeyMismatch, ImageError, NoNetwork, PvbenchError, UsageError

if TYPE_CHECKING:
    from pvbench.checkup import Checkup
    from pvbench.hypervisor import GuestSpec, Hypervisor
    from pvbench.inventory import Inventory
    from pvbench.model import OwnGuest

TRIED = ("netfront", "e1000")
"""The NICs that a guest is reached by, one after the other: its PV one tells more."""
MEMORY_BYTES, SCRATCH_BYTES = 1 << 30, 16 << 20


def own(
    path: Path,
    user: str,
    key: Path | None = None,
    host_key: str | None = None,
    *,
    on_host: bool = False,
    console: str = "ttyS0",
) -> "OwnGuest":
    """Return the guest of an image's file, looked at as a matrix's is. Raises UsageError for one that cannot be."""
    from pvbench.matrix.guest_images import own_guest

    try:
        return replace(own_guest(path, user, key, _public(host_key), on_host=on_host, console=console), looked_at=True)
    except ImageError as error:
        raise UsageError(str(error), hint=error.hint) from None


def _public(host_key: str | None) -> str | None:
    """Return a public key, which is said, or of which the file is."""
    if host_key is None or " " in host_key.strip():
        return host_key
    try:
        return Path(host_key).expanduser().read_text(encoding="ascii").strip()
    except (OSError, ValueError) as error:
        raise UsageError(
            f"{host_key}: {getattr(error, 'strerror', None) or 'no public key'}",
            hint="--host-key takes a public key, or its file: /etc/ssh/ssh_host_ed25519_key.pub of the image",
        ) from None


def examined(app: App, name: str, guest: "OwnGuest", known: "Inventory") -> "Checkup":
    """Boot a guest on a host and return what it has and lacks; one that does not answer lacks that."""
    builtin = wiring.guest_image(app)
    hosts, known = wiring.resolve(app, (name,), known)
    with wiring.leased(app, hosts[name], known, "doctor") as (transport, _lease):
        driven = wiring.hypervisor(app, transport, hosts[name], builtin, own=(guest,))
        with driven.setup(SCRATCH_BYTES, TRIED):
            checkup = _tried(app, driven, name, guest)
        for digests in driven.image_digests():
            if digests.changed:
                app.voice.warn(f"{name}: {digests.name}: {digests.words}")
    return checkup


def _tried(app: App, driven: "Hypervisor", name: str, guest: "OwnGuest") -> "Checkup":
    from pvbench.views.guest import checkup_of, explained, silent

    mute: list[PvbenchError] = []
    for device in TRIED:
        app.note(f"{name}: booting {guest.name} with {device}")
        try:
            printed, facts = _look(driven, _spec(guest, device))
            return checkup_of(guest.name, device, printed, mute, facts)
        except (BootError, ImageError, GuestKeyMismatch) as error:
            mute.append(error)
            if not isinstance(error, NoNetwork) or explained(error):
                break
    return silent(guest.name, mute)


def _look(driven: "Hypervisor", spec: "GuestSpec") -> tuple[bytes, tuple[tuple[str, str], ...]]:
    """Return what a guest says to be measured in, and what a run would keep of it."""
    from pvbench.guest import look
    from pvbench.transport import Command
    from pvbench.workloads import WORKLOADS

    with driven.boot(spec) as guest:
        printed = guest.transport.run(Command(look.argv(), timeout_s=guest.patience(10))).stdout
        return printed, guest.facts(tuple(WORKLOADS))


def _spec(guest: "OwnGuest", device: str) -> "GuestSpec":
    from pvbench.hypervisor import GuestSpec
    from pvbench.model import Placement

    return GuestSpec(
        name=f"doctor-{os.getpid()}-{device}",
        devices=(device,),
        placement=Placement.ISOLATED,
        memory_bytes=MEMORY_BYTES,
        vcpus=1,
        scratch_bytes=SCRATCH_BYTES,
        guest=guest.name,
    )
