"""Images of one's own on a host: sent there once a run, piece by piece, and known there by their digest."""

from dataclasses import replace

from pvbench.deploy import LargeFile, deploy_files
from pvbench.guest import own
from pvbench.inventory import Host
from pvbench.model import OwnGuest
from pvbench.progress import Watch
from pvbench.transport import Transport

_LEAST_S, _BYTES_PER_S = 600.0, 250_000
"""How long it may take: slower than any host seen; the lab's disk and network were twice as quick at their worst."""


def put(transport: Transport, host: Host, guest: OwnGuest, watch: Watch) -> OwnGuest:
    """Return a guest whose image is on the host, whole. Raises DeployError, ImageError."""
    if not guest.digest:
        guest = own.with_digest(guest, watch)
    size = own.size(guest)
    placed = deploy_files(
        transport,
        {guest.name: LargeFile(guest.path, guest.digest, size)},
        host.scratch,
        "guest",
        timeout_s=_LEAST_S + size / _BYTES_PER_S,
        watch=watch,
    )
    return replace(guest, placed=placed[guest.name])
