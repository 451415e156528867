"""Building the lab's image: the carried QEMU, dom0's disk, the builtin guest, keys. Atomic, keyed by its recipe."""

import hashlib
import json
import os
import shlex
import shutil
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from filelock import FileLock

from pvbench import shipped, ssh
from pvbench.errors import LabError
from pvbench.lab import argv, process
from pvbench.model import GuestImage

Report = Callable[[str], None]

TOOLS = {"mmdebstrap": "mmdebstrap", "fakeroot": "fakeroot", "mke2fs": "e2fsprogs", "tar": "tar"}
"""The programs a build needs, and the Debian packages that have them."""

_RECIPE = Path(__file__).parent / "recipe"
_MIRROR = "http://deb.debian.org/debian"
_SOURCES = (f"deb {_MIRROR} bookworm main non-free",)
_TOOLCHAIN_SOURCES = (*_SOURCES, f"deb-src {_MIRROR} bookworm main")
_QEMU_PACKAGES = ("qemu-system-x86", "qemu-utils", "seabios")
_DOM0_PACKAGES = (
    "linux-image-amd64", "initramfs-tools", "xen-hypervisor-4.17-amd64", "xen-utils-4.17", "xenstore-utils",
    "qemu-system-xen", "ipxe-qemu", "seabios", "openssh-server", "iproute2", "python3-minimal", "python3",
    "iperf3", "netperf", "fio", "systemd-sysv", "systemd", "udev", "kmod", "procps", "ifupdown", "e2fsprogs",
    "util-linux", "ethtool", "lvm2",
)  # fmt: skip
_GUEST_PACKAGES = (
    "gcc", "libc6-dev", "make", "binutils", "libaio-dev", "zlib1g-dev", "iperf3", "netperf", "dropbear-bin",
    "busybox-static", "ethtool", "syslinux", "mtools", "dosfstools", "cpio", "zstd", "xz-utils",
)  # fmt: skip
# Kernel modules a Xen host without hardware of its own never loads: three quarters of the package.
_NEVER_LOADED = (
    "drivers/gpu", "drivers/media", "drivers/infiniband", "drivers/net/wireless", "drivers/staging", "drivers/iio",
    "drivers/isdn", "drivers/hwmon", "drivers/usb", "drivers/input", "drivers/hid", "drivers/scsi/[a-lq-z]*",
    "drivers/net/ethernet", "drivers/bluetooth", "drivers/mtd", "drivers/platform", "sound", "net/wireless",
    "net/bluetooth", "net/mac80211", "fs/[f-x]*fs", "fs/btrfs", "fs/ceph", "drivers/net/usb", "drivers/comedi",
)  # fmt: skip
_OVERLAY = {
    "etc/hostname": "lab\n",
    "etc/hosts": "127.0.0.1 localhost lab\n",
    "etc/fstab": "/dev/vda / ext4 noatime 0 1\n",
    "etc/network/interfaces": "auto lo\niface lo inet loopback\n"
    "auto eth0\niface eth0 inet static\n  address 10.0.2.15/24\n  gateway 10.0.2.2\n",
    "etc/ssh/sshd_config.d/pvbench.conf": "UseDNS no\nUsePAM no\nMaxSessions 64\nPasswordAuthentication no\n"
    "PermitRootLogin prohibit-password\nHostKey /etc/ssh/ssh_host_ed25519_key\n",
}


@dataclass(frozen=True)
class Image:
    """A finished image on disk."""

    path: Path

    @property
    def key(self) -> Path:
        """The private key that dom0 admits."""
        return self.path / "id_ed25519"

    @property
    def host_key(self) -> str:
        """The pinned public key of dom0's sshd."""
        return (self.path / "host_key").read_text().strip()

    @property
    def qemu_version(self) -> str:
        """The carried QEMU's version."""
        return str(json.loads((self.path / "manifest.json").read_text())["qemu"])

    def guest(self) -> GuestImage:
        """Return the builtin guest."""
        folder = self.path / "guest"
        versions = (line.partition("=") for line in (folder / "versions").read_text().splitlines())
        disk = folder / "boot.img"
        return GuestImage(
            name="builtin",
            boot_disk=str(disk),
            boot_rom=str(folder / "boot.rom"),
            digest=hashlib.sha256(disk.read_bytes()).hexdigest()[:16],
            host_key=(folder / "host_key").read_text().strip(),
            versions=tuple((name, value) for name, _, value in versions),
        )


def recipe_digest(disk_gib: int) -> str:
    """Return the digest of everything the image is made from."""
    state = hashlib.sha256(repr((_SOURCES, _QEMU_PACKAGES, _DOM0_PACKAGES, _GUEST_PACKAGES, _NEVER_LOADED,
                                 sorted(_OVERLAY.items()), disk_gib)).encode())  # fmt: skip
    for path in sorted((*_RECIPE.glob("*.sh"), *shipped.folder("guestside").glob("*"))):
        state.update(path.name.encode() + b"\0" + path.read_bytes())
    return state.hexdigest()[:16]


def find(cache: Path, disk_gib: int = 8) -> Image | None:
    """Return the finished image of today's recipe, or None. A folder under its final name is finished."""
    path = cache / "images" / recipe_digest(disk_gib)
    return Image(path) if path.is_dir() else None


def missing_packages() -> list[str]:
    """Return the packages that have to be installed before an image can be built here."""
    return [package for tool, package in TOOLS.items() if shutil.which(tool, path=process.PATH) is None]


def build(cache: Path, report: Report, disk_gib: int = 8) -> Image:
    """Build the image, unless it is there; `report` is told each step. Raises LabError."""
    images = cache / "images"
    images.mkdir(parents=True, exist_ok=True, mode=0o700)
    with FileLock(images / ".lock"):
        found = find(cache, disk_gib)
        if found:
            return found
        with _workshop(images) as work:
            _build(work, report, disk_gib)
            work.rename(images / recipe_digest(disk_gib))
    image = find(cache, disk_gib)
    assert image is not None  # noqa: S101 - it was renamed into place a line above
    return image


@contextmanager
def _workshop(images: Path) -> Iterator[Path]:
    """Make a folder to build in. The lock is held, so any other one was left by a build that was killed."""
    for stale in images.glob(".building-*"):
        shutil.rmtree(stale, ignore_errors=True)
    work = images / f".building-{os.getpid()}"
    work.mkdir(mode=0o700)
    try:
        yield work
    except BaseException as error:
        logs = images / "failed-build.log"
        logs.write_bytes(b"".join(log.read_bytes() for log in sorted(work.glob("*.log"))))
        shutil.rmtree(work, ignore_errors=True)
        if isinstance(error, LabError) and str(work) in (error.hint or ""):
            raise LabError(str(error), hint=f"see {logs}") from error
        raise


def _build(work: Path, report: Report, disk_gib: int) -> None:
    missing = missing_packages()
    if missing:
        raise LabError(f"{', '.join(missing)} not installed", hint=f"apt-get install {' '.join(missing)}")
    _keys(work)
    with ThreadPoolExecutor(2) as lanes:
        dom0 = lanes.submit(_dom0, work, report, disk_gib)
        other = lanes.submit(_qemu_and_guest, work, report)
        other.result()
        dom0.result()
    report("disk image of dom0")
    tree = work / "qemu"
    convert = [*argv.loader(tree), f"{tree}/usr/bin/qemu-img", "convert", "-O", "qcow2", "dom0.raw", "dom0.qcow2"]
    process.run(convert, log=work / "convert.log", timeout_s=900, cwd=work)
    (work / "dom0.raw").unlink()
    manifest = {"recipe": recipe_digest(disk_gib), "qemu": _qemu_version(work)}
    (work / "manifest.json").write_text(json.dumps(manifest, indent=1) + "\n")


def _keys(work: Path) -> None:
    """Make the key that dom0 admits and dom0's own host key; both stay on this machine."""
    overlay = work / "overlay"
    private, public = ssh.new_key()
    host_private, host_public = ssh.new_key()
    files = _OVERLAY | {
        "root/.ssh/authorized_keys": f"{public} pvbench-lab\n",
        "etc/ssh/ssh_host_ed25519_key": host_private,
        "etc/ssh/ssh_host_ed25519_key.pub": f"{host_public}\n",
    }
    for name, text in files.items():
        path = overlay / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    (work / "id_ed25519").touch(mode=0o600)
    (work / "id_ed25519").write_text(private)
    (work / "host_key").write_text(f"{host_public}\n")


def _qemu(work: Path, report: Report) -> None:
    report("QEMU 7.2 of Debian 12, carried in the image")
    _bootstrap(work, "qemu", _QEMU_PACKAGES, _SOURCES, variant="extract", target="qemu.tar")
    (work / "qemu").mkdir()
    # Only root may make the devices of a root file system; a tree of programs needs none.
    untar = ["tar", "-xf", "qemu.tar", "--no-same-owner", "--exclude=./dev/*", "-C", "qemu"]
    process.run(untar, log=work / "qemu.log", timeout_s=600, cwd=work)
    (work / "qemu.tar").unlink()


def _qemu_and_guest(work: Path, report: Report) -> None:
    """Build what the other lane builds, dom0's, does not need."""
    _qemu(work, report)
    _guest(work, report)


def _qemu_version(work: Path) -> str:
    """Return the version that the carried QEMU itself prints."""
    log, tree = work / "version.log", work / "qemu"
    process.run([*argv.loader(tree), f"{tree}/usr/bin/qemu-system-x86_64", "--version"], log=log, timeout_s=60)
    _, _, said = log.read_text().partition("emulator version ")
    if not said:
        raise LabError("the carried QEMU does not say its version", hint=f"see {log}")
    return said.split()[0]


def _guest(work: Path, report: Report) -> None:
    report("builtin guest: fio from source, initramfs, boot disk")
    (work / "guest").mkdir()
    hooks = [
        'mkdir -p "$1/build/guestside"',
        f"copy-in {shlex.quote(str(_RECIPE / 'guest.sh'))} /build",
        *(f"copy-in {shlex.quote(str(path))} /build/guestside" for path in shipped.folder("guestside").glob("[!.]*")),
        'chroot "$1" sh /build/guest.sh',
        f"copy-out /build/out {shlex.quote(str(work / 'guest'))}",
    ]
    _bootstrap(work, "guest", _GUEST_PACKAGES, _TOOLCHAIN_SOURCES, variant="apt", target="/dev/null", hooks=hooks)
    for path in (work / "guest/out").iterdir():
        path.rename(work / "guest" / path.name)
    (work / "guest/out").rmdir()


def _dom0(work: Path, report: Report, disk_gib: int) -> None:
    report("dom0: Debian 12 with Xen 4.17")
    excluded = [f"/lib/modules/*/kernel/{folder}/*" for folder in _NEVER_LOADED]
    excluded += ["/usr/share/doc/*", "/usr/share/man/*", "/usr/share/locale/*", "/usr/share/info/*"]
    _bootstrap(work, "dom0", _DOM0_PACKAGES, _SOURCES, variant="minbase", target="dom0.tar", excluded=excluded)
    report("dom0: file system")
    process.run(
        ["fakeroot", "sh", str(_RECIPE / "dom0.sh"), f"{work}/dom0.tar", f"{work}/overlay", f"{work}/dom0.raw",
         f"{disk_gib}G"],
        log=work / "dom0.log", timeout_s=1800,
    )  # fmt: skip
    (work / "dom0.tar").unlink()
    shutil.rmtree(work / "overlay")


def _bootstrap(
    work: Path,
    name: str,
    packages: tuple[str, ...],
    sources: tuple[str, ...],
    *,
    variant: str,
    target: str,
    excluded: list[str] | None = None,
    hooks: list[str] | None = None,
) -> None:
    """Run mmdebstrap, which picks its mode: as root, or as a user in a namespace of its own."""
    process.run(
        [
            "mmdebstrap", "--mode=auto", f"--variant={variant}", f"--include={','.join(packages)}",
            f"--format={'null' if target == '/dev/null' else 'tar'}", "--aptopt=Apt::Install-Recommends \"false\"",
            *(f"--dpkgopt=path-exclude={pattern}" for pattern in excluded or []),
            *(f"--customize-hook={hook}" for hook in hooks or []),
            "bookworm", target, *sources,
        ],
        log=work / f"{name}.log", timeout_s=3600, cwd=work,
    )  # fmt: skip
