"""Building the lab's image: the carried QEMU, dom0's disk, keys; and with it the builtin guest."""

import hashlib
import json
import shutil
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from pvbench import ssh
from pvbench.errors import ImageError
from pvbench.guest import builtin
from pvbench.images import bootstrap, programs
from pvbench.images.bootstrap import Report
from pvbench.images.mirror import SUITE, Mirror, mirror
from pvbench.lab import argv

TOOLS = {"mmdebstrap": "mmdebstrap", "fakeroot": "fakeroot", "mke2fs": "e2fsprogs", "tar": "tar"}
"""The programs a build needs, and the Debian packages that have them."""

_RECIPE = Path(__file__).parent / "recipe"
_QEMU_PACKAGES = ("qemu-system-x86", "qemu-utils", "seabios")
_DOM0_PACKAGES = """
linux-image-amd64 initramfs-tools xen-hypervisor-4.17-amd64 xen-utils-4.17 xenstore-utils qemu-system-xen
ipxe-qemu seabios openssh-server iproute2 python3-minimal python3 iperf3 netperf fio systemd-sysv systemd udev
kmod procps ifupdown e2fsprogs util-linux ethtool lvm2
"""
# Kernel modules a Xen host without hardware of its own never loads: three quarters of the package.
_NEVER_LOADED = (
    "drivers/gpu",
    "drivers/media",
    "drivers/infiniband",
    "drivers/net/wireless",
    "drivers/staging",
    "drivers/iio",
    "drivers/isdn",
    "drivers/hwmon",
    "drivers/usb",
    "drivers/input",
    "drivers/hid",
    "drivers/scsi/[a-lq-z]*",
    "drivers/net/ethernet",
    "drivers/bluetooth",
    "drivers/mtd",
    "drivers/platform",
    "sound",
    "net/wireless",
    "net/bluetooth",
    "net/mac80211",
    "fs/[f-x]*fs",
    "fs/btrfs",
    "fs/ceph",
    "drivers/net/usb",
    "drivers/comedi",
)
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


def recipe_digest(disk_gib: int) -> str:
    """Return the digest of everything the image is made from; neither the mirror nor the guest is of it."""
    parts = (SUITE, _QEMU_PACKAGES, tuple(_DOM0_PACKAGES.split()), _NEVER_LOADED, sorted(_OVERLAY.items()), disk_gib)
    return hashlib.sha256(repr(parts).encode() + (_RECIPE / "dom0.sh").read_bytes()).hexdigest()[:16]


def find(cache: Path, disk_gib: int = 8) -> Image | None:
    """Return the finished image of today's recipe, or None."""
    path = cache / "images" / recipe_digest(disk_gib)
    return Image(path) if path.is_dir() else None


def missing_packages() -> list[str]:
    """Return the packages that have to be installed before an image can be built here."""
    return bootstrap.missing(TOOLS)


def build(cache: Path, report: Report, disk_gib: int = 8, given: str | None = None) -> Image:
    """Build the image and the guest, side by side, each unless it is there; `report` is told each step.

    Packages come from the machine's own mirror or the one given. Raises ImageError.
    """
    if find(cache, disk_gib) is None:
        bootstrap.need(TOOLS)
    with ThreadPoolExecutor(1) as lane:
        beside = lane.submit(builtin.build, cache, report, given)
        path = bootstrap.finished_part(
            cache / "images", recipe_digest(disk_gib), lambda work: _build(work, report, disk_gib, given)
        )
        beside.result()
    return Image(path)


def _build(work: Path, report: Report, disk_gib: int, given: str | None) -> None:
    source = mirror(given, work)
    _keys(work)
    with ThreadPoolExecutor(1) as lane:
        beside = lane.submit(_qemu, work, report, source)
        _dom0(work, report, disk_gib, source)
        beside.result()
    report("disk image of dom0")
    tree = work / "qemu"
    convert = [*argv.loader(tree), f"{tree}/usr/bin/qemu-img", "convert", "-O", "qcow2", "dom0.raw", "dom0.qcow2"]
    programs.run(convert, log=work / "convert.log", timeout_s=900, cwd=work)
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


def _qemu(work: Path, report: Report, source: Mirror) -> None:
    report("QEMU 7.2 of Debian 12, carried in the image")
    bootstrap.tree(work, "qemu", _QEMU_PACKAGES, source, "deb", variant="extract", target="qemu.tar")
    (work / "qemu").mkdir()
    # Only root may make the devices of a root file system; a tree of programs needs none, and no mirror's password.
    untar = ["tar", "-xf", "qemu.tar", "--no-same-owner", "--exclude=./dev/*", "--exclude=./etc/apt/*", "-C", "qemu"]
    programs.run(untar, log=work / "qemu.log", timeout_s=600, cwd=work)
    (work / "qemu.tar").unlink()


def _qemu_version(work: Path) -> str:
    """Return the version that the carried QEMU itself prints."""
    log, tree = work / "version.log", work / "qemu"
    programs.run([*argv.loader(tree), f"{tree}/usr/bin/qemu-system-x86_64", "--version"], log=log, timeout_s=60)
    _, _, said = log.read_text().partition("emulator version ")
    if not said:
        raise ImageError("the carried QEMU does not say its version", hint=f"see {log}")
    return said.split()[0]


def _dom0(work: Path, report: Report, disk_gib: int, source: Mirror) -> None:
    report("dom0: Debian 12 with Xen 4.17")
    excluded = [f"/lib/modules/*/kernel/{folder}/*" for folder in _NEVER_LOADED]
    excluded += ["/usr/share/doc/*", "/usr/share/man/*", "/usr/share/locale/*", "/usr/share/info/*"]
    bootstrap.tree(
        work, "dom0", _DOM0_PACKAGES.split(), source, "deb", variant="minbase", target="dom0.tar", excluded=excluded
    )
    report("dom0: file system")
    programs.run(
        [
            "fakeroot",
            "sh",
            str(_RECIPE / "dom0.sh"),
            f"{work}/dom0.tar",
            f"{work}/overlay",
            f"{work}/dom0.raw",
            f"{disk_gib}G",
        ],
        log=work / "dom0.log",
        timeout_s=1800,
    )
    (work / "dom0.tar").unlink()
    shutil.rmtree(work / "overlay")
