"""Disk images like Ubuntu's and Fedora's in what matters to pvbench, made of Debian's packages, once."""

import hashlib
import shlex
from dataclasses import dataclass
from pathlib import Path

from pvbench.cli.wiring import cache_folder
from pvbench.images import bootstrap, programs
from pvbench.images.mirror import mirror

RECIPES = Path(__file__).parent / "recipes"
DISK = RECIPES / "gpt-disk.sh"
TOOLS = {
    "mmdebstrap": "mmdebstrap",
    "qemu-img": "qemu-utils",
    "grub-mkimage": "grub-common",
    "sfdisk": "fdisk",
    "mkfs.vfat": "dosfstools",
    "mkfs.xfs": "xfsprogs",
}
_COMMON = (
    "linux-image-amd64 cloud-init openssh-server systemd-sysv sudo iproute2 initramfs-tools udev dbus grub-pc-bin "
    "grub2-common zstd"
)
_LEFT_OUT = ("/usr/share/doc/*", "/usr/share/man/*", "/usr/share/locale/*", "/usr/lib/firmware/*")


@dataclass(frozen=True)
class Likeness:
    """What an image is made of: a release, packages beside the common ones, its disk's file system and kernel words."""

    suite: str
    packages: str
    disk: tuple[str, str]
    words: tuple[str, ...] = ()


LIKENESSES = {
    "ubuntu": Likeness(
        "trixie", "netplan.io systemd-resolved libpam-systemd apparmor lsb-release", ("ext4", "PARTUUID")
    ),
    "fedora": Likeness(
        "bookworm",
        "network-manager selinux-policy-default policycoreutils python3-selinux libpam-systemd xfsprogs",
        ("xfs", "UUID"),
        ("security=selinux", "selinux=1"),
    ),
}


def like_image(name: str) -> Path:
    """Return a qcow2 like "ubuntu"'s or "fedora"'s; some minutes, once."""
    like, script = LIKENESSES[name], RECIPES / f"like-{name}.sh"
    folder = cache_folder() / "cloud-images"
    root = bootstrap.finished_part(
        folder,
        _digest(script.read_bytes(), repr((like.suite, like.packages, _COMMON, _LEFT_OUT)).encode()),
        lambda work: _make_root(work, like, script),
    )
    made = bootstrap.finished_part(
        folder,
        _digest(DISK.read_bytes(), repr((root.name, like.disk, like.words)).encode()),
        lambda work: _make_disk(work, root, name, like),
    )
    return made / f"like-{name}.qcow2"


def _digest(*parts: bytes) -> str:
    return hashlib.sha256(b"\0".join(parts)).hexdigest()[:16]


def _make_root(work: Path, like: Likeness, script: Path) -> None:
    bootstrap.need(TOOLS)
    hooks = (
        f"copy-in {shlex.quote(str(script))} /root",
        f'chroot "$1" sh /root/{script.name}',
        f'rm "$1/root/{script.name}"',
    )
    packages = f"{_COMMON} {like.packages}".split()
    sources = mirror(None, work).of(like.suite)
    target = str(work / "root.tar")
    bootstrap.tree(
        work, "tree", packages, sources, "deb", variant="apt", target=target, excluded=_LEFT_OUT, hooks=hooks
    )


def _make_disk(work: Path, root: Path, name: str, like: Likeness) -> None:
    out = str(work / f"like-{name}.qcow2")
    argv = ["bash", str(DISK), str(root / "root.tar"), *like.disk, out, *like.words]
    programs.run(argv, log=work / "disk.log", timeout_s=1800)
