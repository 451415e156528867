"""A small system without glibc as a disk image, made once: busybox and dropbear on musl, booted by extlinux."""

import hashlib
import shlex
import subprocess
from dataclasses import dataclass
from pathlib import Path

from pvbench import ssh
from pvbench.cli.wiring import cache_folder
from pvbench.images import bootstrap
from pvbench.images.mirror import SUITE, mirror

RECIPES = Path(__file__).parent / "recipes"
TOOLS = {"mmdebstrap": "mmdebstrap", "qemu-img": "qemu-utils", "extlinux": "extlinux", "sfdisk": "fdisk"}
_SCRIPTS = ("musl-downloads.sh", "musl-root.sh", "musl-disk.sh")
_PACKAGES = "gcc libc6-dev make binutils bzip2 xz-utils musl-tools linux-libc-dev kmod cpio zstd"


@dataclass(frozen=True)
class KeyedImage:
    """An image that says itself who may log in: `key` is the private key's file, `host_key` its own public key."""

    path: Path
    key: Path
    host_key: str

    @property
    def wanted(self) -> dict[str, str]:
        """As a matrix's `image:` says it."""
        return {"path": str(self.path), "user": "root", "key": str(self.key), "host_key": self.host_key}


def musl_image() -> KeyedImage:
    """Return a qcow2 with the keys that it was made with; some minutes, once."""
    made = bootstrap.finished_part(cache_folder() / "cloud-images", _digest(), _make)
    return KeyedImage(made / "musl.qcow2", made / "key", (made / "host_key").read_text().strip())


def _digest() -> str:
    state = hashlib.sha256(repr((SUITE, _PACKAGES)).encode())
    for path in (*(RECIPES / name for name in _SCRIPTS), *sorted((RECIPES / "musl-system").iterdir())):
        state.update(path.name.encode() + b"\0" + path.read_bytes())
    return state.hexdigest()[:16]


def _make(work: Path) -> None:
    bootstrap.need(TOOLS)
    key, public = ssh.new_key()
    (work / "key").touch(0o600)
    (work / "key").write_text(key)
    (work / "login.pub").write_text(f"{public}\n")
    taken = (RECIPES / "musl-root.sh", RECIPES / "musl-system", work / "login.pub")
    hooks = [
        'mkdir -p "$1/build"',
        f'sh {shlex.quote(str(RECIPES / "musl-downloads.sh"))} "$1/build"',
        *(f"copy-in {shlex.quote(str(path))} /build" for path in taken),
        'chroot "$1" bash /build/musl-root.sh',
        f"copy-out /build/out {shlex.quote(str(work))}",
    ]
    sources = mirror(None, work)
    packages = _PACKAGES.split()
    bootstrap.tree(work, "musl", packages, sources, "deb", "deb-src", variant="apt", target="/dev/null", hooks=hooks)
    root = work / "out/root.tar"
    disk = ["bash", str(RECIPES / "musl-disk.sh"), str(root), str(work / "musl.qcow2")]
    subprocess.run(disk, check=True, timeout=600)
    root.unlink()
    (work / "out/host_key").rename(work / "host_key")
    (work / "out").rmdir()
