"""What a lab can be: a Xen host of a Debian release, or the release alone to put Xen onto. A literal table."""

from dataclasses import dataclass

_WITH_XEN = """
linux-image-amd64 initramfs-tools xen-hypervisor-{xen}-amd64 xen-utils-{xen} xenstore-utils qemu-system-xen
ipxe-qemu seabios openssh-server iproute2 python3-minimal python3 iperf3 netperf fio systemd-sysv systemd udev
kmod procps ifupdown e2fsprogs util-linux ethtool lvm2
"""
# As an installed Debian has it, and nothing that Xen or a measurement needs: that is put onto it, or found missing.
_PLAIN = """
linux-image-amd64 initramfs-tools zstd grub2-common grub-pc-bin openssh-server iproute2 python3-minimal python3
systemd-sysv systemd udev kmod procps ifupdown e2fsprogs util-linux
"""


@dataclass(frozen=True)
class Flavour:
    """What a lab is made of and how it boots.

    `host` is what a matrix calls it, `release` what a person does. One that boots from its own disk (`own_disk`) finds
    kernels and their menu there, keeps what was written over reboots and `lab down`, and has a watchdog; another is
    given Xen and dom0's kernel by QEMU and begins each time as it was after its first boot.
    """

    name: str
    host: str
    release: str
    suite: str
    packages: tuple[str, ...]
    own_disk: bool = False

    def command(self, verb: str) -> str:
        """Return the command of `pvbench lab` that does something with it, as a person types it."""
        return f"pvbench lab {verb}" + ("" if self.host == "lab" else f" --flavour {self.name}")


def _xen(version: str) -> tuple[str, ...]:
    return tuple(_WITH_XEN.format(xen=version).split())


FLAVOURS = {
    flavour.name: flavour
    for flavour in (
        Flavour("xen", "lab", "Debian 12 with Xen 4.17", "bookworm", _xen("4.17")),
        Flavour("xen13", "lab-xen13", "Debian 13 with Xen 4.20", "trixie", _xen("4.20")),
        Flavour("plain", "lab-plain", "Debian 12 without Xen", "bookworm", tuple(_PLAIN.split()), own_disk=True),
        Flavour("plain13", "lab-plain13", "Debian 13 without Xen", "trixie", tuple(_PLAIN.split()), own_disk=True),
    )
}
"""The flavours by name; the first is meant where none is named."""

USUAL = FLAVOURS["xen"]
BY_HOST = {flavour.host: flavour for flavour in FLAVOURS.values()}
"""The flavours by what a matrix calls them."""
