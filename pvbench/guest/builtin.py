"""The builtin guest, for the lab and for anybody's host: its recipe, its digest, and where it lies when it is made."""

import hashlib
import shlex
from pathlib import Path

from pvbench import shipped
from pvbench.guest.contract import BootDisk, BootKernel, GuestImage, Login, Programs
from pvbench.images import bootstrap
from pvbench.images.bootstrap import Report
from pvbench.images.mirror import SUITE, mirror

TOOLS = {"mmdebstrap": "mmdebstrap"}
"""The programs a build needs, and the Debian packages that have them."""

_RECIPE = Path(__file__).parent / "recipe"
_SCRIPTS = tuple(_RECIPE / name for name in ("guest-downloads.sh", "guest.sh"))
_PROGRAMS = ("bootrom.S", "init", "pvb-in", "pvb-run", "traps.c")
_PACKAGES = """
gcc libc6-dev make binutils libaio-dev zlib1g-dev iperf3 netperf dropbear-bin busybox-static ethtool syslinux
mtools dosfstools cpio zstd xz-utils
"""


def digest(guestside: Path | None = None) -> str:
    """Return the digest of everything the guest is made from; the mirror is not of it."""
    state = hashlib.sha256(repr((SUITE, tuple(_PACKAGES.split()))).encode())
    for path in (*_SCRIPTS, *_programs(guestside or shipped.folder("guestside"))):
        state.update(path.name.encode() + b"\0" + path.read_bytes())
    return state.hexdigest()[:16]


def find(cache: Path) -> GuestImage | None:
    """Return the finished guest of today's recipe, or None."""
    folder = cache / "guests" / digest()
    return _read(folder) if folder.is_dir() else None


def build(cache: Path, report: Report, given: str | None = None) -> GuestImage:
    """Build the guest, unless it is there, from the machine's own mirror or the one given. Raises ImageError."""
    return _read(bootstrap.finished_part(cache / "guests", digest(), lambda work: _build(work, report, given)))


def _programs(guestside: Path) -> list[Path]:
    return [guestside / name for name in _PROGRAMS]


def _build(work: Path, report: Report, given: str | None) -> None:
    bootstrap.need(TOOLS)
    report("builtin guest: fio from source, initramfs, boot disk")
    hooks = [
        'mkdir -p "$1/build/guestside"',
        f'sh {shlex.quote(str(_RECIPE / "guest-downloads.sh"))} "$1/build"',
        f"copy-in {shlex.quote(str(_RECIPE / 'guest.sh'))} /build",
        *(f"copy-in {shlex.quote(str(path))} /build/guestside" for path in _programs(shipped.folder("guestside"))),
        'chroot "$1" sh /build/guest.sh',
        f"copy-out /build/out {shlex.quote(str(work))}",
    ]
    bootstrap.tree(
        work,
        "guest",
        _PACKAGES.split(),
        mirror(given, work),
        "deb",
        "deb-src",
        variant="apt",
        target="/dev/null",
        hooks=hooks,
    )
    for path in (work / "out").iterdir():
        path.rename(work / path.name)
    (work / "out").rmdir()


def _read(folder: Path) -> GuestImage:
    versions = (line.partition("=") for line in (folder / "versions").read_text().splitlines())
    disk = folder / "boot.img"
    return GuestImage(
        name="builtin",
        digest=hashlib.sha256(disk.read_bytes()).hexdigest()[:16],
        boot=BootDisk(str(disk), str(folder / "boot.rom")),
        login=Login((folder / "host_key").read_text().strip()),
        programs=Programs(tuple((name, value) for name, _, value in versions)),
        kernel=BootKernel(str(folder / "vmlinuz"), str(folder / "initrd")),
        tools=str(folder / "tools.tar"),
        busybox=str(folder / "busybox"),
    )
