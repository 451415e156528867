"""Disk images as clouds have them, made once: Debian with cloud-init, by GRUB or by extlinux."""

import hashlib
import subprocess
from pathlib import Path

from pvbench.cli.wiring import cache_folder
from pvbench.images import bootstrap, programs
from pvbench.images.mirror import mirror

SCRIPT = Path(__file__).parent / "recipes/cloud-disk.sh"
SPOILS = SCRIPT.with_name("spoil-disk.sh")
TOOLS = {
    "mmdebstrap": "mmdebstrap",
    "qemu-img": "qemu-utils",
    "extlinux": "extlinux",
    "grub-mkimage": "grub-common",
    "sfdisk": "fdisk",
}
_PACKAGES = (
    "linux-image-amd64",
    "cloud-init",
    "openssh-server",
    "systemd-sysv",
    "sudo",
    "iproute2",
    "initramfs-tools",
    "udev",
    "dbus",
    "ifupdown",
    "isc-dhcp-client",
    "grub-pc-bin",
    "grub2-common",
    "extlinux",
)
_LEFT_OUT = ("doc", "man", "locale")


def cloud_image(suite: str, loader: str) -> Path:
    """Return a qcow2 of a Debian release that boots by "grub" or "extlinux"; some minutes, once."""
    recipe = hashlib.sha256(SCRIPT.read_bytes() + repr((suite, loader, _PACKAGES, _LEFT_OUT)).encode()).hexdigest()[:16]
    folder = cache_folder() / "cloud-images"
    made = bootstrap.finished_part(folder, recipe, lambda work: _make(work, suite, loader))
    return made / f"debian-{suite}-{loader}.qcow2"


def spoiled(image: Path, how: str) -> Path:
    """Return a copy of a cloud image that lacks something, as spoil-disk.sh knows it; a minute, once."""
    recipe = hashlib.sha256(SPOILS.read_bytes() + f"{image.parent.name} {how}".encode()).hexdigest()[:16]
    made = bootstrap.finished_part(
        cache_folder() / "cloud-images",
        recipe,
        lambda work: programs.run(
            ["bash", str(SPOILS), str(image), how, str(work / f"{how}.qcow2")], log=work / "spoil.log", timeout_s=1800
        ),
    )
    return made / f"{how}.qcow2"


def _make(work: Path, suite: str, loader: str) -> None:
    bootstrap.need(TOOLS)
    sources = mirror(None, work).of(suite)
    tar = work / "root.tar"
    excluded = [f"--dpkgopt=path-exclude=/usr/share/{name}/*" for name in _LEFT_OUT]
    argv = ["mmdebstrap", "--variant=apt", f"--include={','.join(_PACKAGES)}", *excluded]
    argv += [f"--aptopt={option}" for option in sources.reach]
    programs.run([*argv, suite, str(tar), *sources.sources("deb")], log=work / "tree.log", timeout_s=3600)
    out = work / f"debian-{suite}-{loader}.qcow2"
    subprocess.run(["bash", str(SCRIPT), str(tar), loader, str(out)], check=True, timeout=1800)
    tar.unlink()
