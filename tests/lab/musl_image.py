"""A small system without glibc as a disk image, made once: busybox and dropbear on musl, booted by extlinux."""

import hashlib
import shlex
import subprocess
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from pvbench import ssh
from pvbench.cli.wiring import cache_folder
from pvbench.images import bootstrap
from pvbench.images.mirror import SUITE, mirror

RECIPES = Path(__file__).parent / "recipes"
TOOLS = {"mmdebstrap": "mmdebstrap", "qemu-img": "qemu-utils", "extlinux": "extlinux", "sfdisk": "fdisk"}
_PACKAGES = "gcc libc6-dev make binutils bzip2 xz-utils musl-tools linux-libc-dev kmod cpio zstd"
_NAME = "musl.qcow2"


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


def musl_image(*words: str) -> KeyedImage:
    """Return a qcow2 with the keys that it was made with, its kernel told further words; some minutes, once."""
    folder = cache_folder() / "cloud-images"
    scripts = (RECIPES / "musl-downloads.sh", RECIPES / "musl-root.sh", *sorted((RECIPES / "musl-system").iterdir()))
    root = bootstrap.finished_part(folder, _digest(scripts, SUITE, _PACKAGES), _make_root)
    disk = RECIPES / "musl-disk.sh"
    digest = _digest((disk, root / "root.tar"), *words)
    made = bootstrap.finished_part(folder, digest, lambda work: _make_disk(disk, root, words, work / _NAME))
    return KeyedImage(made / _NAME, root / "key", (root / "host_key").read_text().strip())


def _digest(files: Iterable[Path], *words: str) -> str:
    state = hashlib.sha256(repr(words).encode())
    for path in files:
        state.update(path.name.encode() + b"\0" + path.read_bytes())
    return state.hexdigest()[:16]


def _make_root(work: Path) -> None:
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
    for path in (work / "out").iterdir():
        path.rename(work / path.name)
    (work / "out").rmdir()


def _make_disk(script: Path, root: Path, words: Iterable[str], out: Path) -> None:
    subprocess.run(["bash", str(script), str(root / "root.tar"), str(out), *words], check=True, timeout=600)
