"""Images of one's own as files on this machine."""

import hashlib
from dataclasses import replace

from pvbench.errors import ImageError
from pvbench.model import OwnGuest


def with_digest(guest: OwnGuest) -> OwnGuest:
    """Return the guest with its file's digest, a second for each GiB. Raises ImageError."""
    try:
        with guest.path.open("rb") as file:
            return replace(guest, digest=hashlib.file_digest(file, "sha256").hexdigest()[:16])
    except OSError as error:
        raise ImageError(f"{guest.path}: {error.strerror}") from None
