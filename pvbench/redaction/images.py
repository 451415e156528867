"""Which names of guests' images tell of nobody, those that distributions publish them under; and where they lie."""

import re
from collections.abc import Iterator

from pvbench.model import Platform

_PUBLISHED = """alma almalinux alpine amazon amazonlinux amzn arch archlinux basic boxes centos debian devuan fedora
gentoo leap linux nixos opensuse oracle oraclelinux rhel rocky rockylinux sles suse tumbleweed ubuntu void bullseye
bookworm trixie forky sid focal jammy noble plucky questing resolute amd base bios builtin busybox cloud cloudimg
cloudinit container core daily default disk efi extlinux gb generic genericcloud glibc grub guest hvm image img
install iso kvm latest live lts micro min minimal mini musl netinst nocloud ova pvbench qcow qemu raw rc release
root rootfs server standard stable stream syslinux test testing tiny uefi v virt virtual vm x ec openstack azure
r edge small"""
PUBLISHED = frozenset((*_PUBLISHED.split(), *(platform.value for platform in Platform)))


def tells_of_nobody(name: str) -> bool:
    """Whether an image's name is made of distributions, their releases, architectures and the like alone."""
    return PUBLISHED.issuperset(re.findall(r"[^\W\d_]+", name.casefold()))


def folders_of(name: str, matrix: str) -> Iterator[str]:
    """Yield the folders that a matrix names before an image, those that begin at the root, a home or above."""
    for found in re.finditer(rf"(?<!\S)[\"'\[{{]*([/~.][^\s\"'\[\]{{}},]*)/{re.escape(name)}", matrix):
        if found[1].strip("./~"):
            yield found[1]
