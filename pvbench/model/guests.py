"""A guest of somebody's own, as a matrix names it."""

from dataclasses import dataclass
from pathlib import Path

SERIAL, PARAVIRTUAL, NO_CONSOLE = "ttyS0", "hvc0", "none"
"""What a guest's console may be: its first serial port, which is emulated, Xen's own, which is not, or none."""


@dataclass(frozen=True)
class OwnGuest:
    """A disk image to measure in. `name` is what tables call it: its file's.

    `path` is the file on this machine, or `on_host` on each host that it is measured on; `format` is "qcow2" or "raw",
    `size_bytes` its disk's size, `signature` the 4 bytes by which a BIOS knows that disk, at `signature_at` of its boot
    sector: "", 0 and b"" of one on a host until it is read there. It is reached as `user`. With `key`, a private key's
    file, it is as it is, and `host_key` is its own public key, None where its console shows that; without `key` it is a
    cloud image, which is told both by a seed.
    `digest` is the file's SHA-256, as hex, `placed` where it lies on a host, and `state` what differs once somebody
    wrote to it there; all three "" until a run begins.
    `console` is what its kernel prints on, of SERIAL, PARAVIRTUAL and NO_CONSOLE.
    One that is `looked_at` prints what it has on its console, where a seed can tell it to.
    """

    name: str
    path: Path
    format: str
    size_bytes: int
    signature: bytes
    user: str
    key: Path | None = None
    host_key: str | None = None
    digest: str = ""
    placed: str = ""
    state: str = ""
    looked_at: bool = False
    on_host: bool = False
    console: str = SERIAL
    signature_at: int = 0x1B8

    @property
    def seeded(self) -> bool:
        """Whether it is a cloud image, which learns from a seed who may log in."""
        return self.key is None


@dataclass(frozen=True)
class ImageDigests:
    """The SHA-256, as hex, of an image on a host before the first boot from it and after the last; None: it is gone."""

    name: str
    before: str
    after: str | None

    @property
    def changed(self) -> bool:
        """Whether it is not what it was."""
        return self.before != self.after

    @property
    def words(self) -> str:
        """What came of it, in a few words."""
        if self.after is None:
            return "the image is not there any more"
        if self.changed:
            return f"the image changed: its SHA-256 was {self.before[:16]}..., is {self.after[:16]}..."
        return f"the image is as it was before the first boot, SHA-256 {self.after}"
