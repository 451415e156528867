"""Images of one's own as files on this machine."""

import hashlib
import os
from dataclasses import replace
from pathlib import Path

from pvbench.errors import ImageError
from pvbench.model import OwnGuest
from pvbench.progress import Watch, unwatched

_PIECE = 1 << 20


def with_digest(guest: OwnGuest, watch: Watch = unwatched) -> OwnGuest:
    """Return the guest with its file's digest, a second for each GiB. Raises ImageError."""
    return replace(guest, digest=_sha256(guest.path, watch))


def size(guest: OwnGuest) -> int:
    """Return how many bytes its file has. Raises ImageError."""
    try:
        return guest.path.stat().st_size
    except OSError as error:
        raise ImageError(f"{guest.path}: {error.strerror}") from None


def _sha256(path: Path, watch: Watch) -> str:
    digest, done = hashlib.sha256(), 0
    try:
        with path.open("rb") as file, watch(f"reading {path.name}") as update:
            total = os.fstat(file.fileno()).st_size
            while piece := file.read(_PIECE):
                digest.update(piece)
                done += len(piece)
                update(done, total)
    except OSError as error:
        raise ImageError(f"{path}: {error.strerror}") from None
    return digest.hexdigest()
