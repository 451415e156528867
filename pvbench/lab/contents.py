"""What an image is made from, and its digest: packages, files laid over them, the scripts that make the disk."""

import hashlib
from pathlib import Path

from pvbench.images.mirror import SUITE
from pvbench.lab.flavours import Flavour

QEMU_SUITE, QEMU_PACKAGES = SUITE, ("qemu-system-x86", "qemu-utils", "seabios")
"""The emulator that every flavour carries: later ones lose HVM guests (docs/lab.md)."""

_RECIPE = Path(__file__).parent / "recipe"
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
_FILES = {
    "etc/hostname": "{host}\n",
    "etc/hosts": "127.0.0.1 localhost {host}\n",
    "etc/fstab": "/dev/vda / ext4 noatime 0 1\n",
    "etc/network/interfaces": "auto lo\niface lo inet loopback\n"
    "auto eth0\niface eth0 inet static\n  address 10.0.2.15/24\n  gateway 10.0.2.2\n",
    "etc/ssh/sshd_config.d/pvbench.conf": "UseDNS no\nUsePAM no\nMaxSessions 64\nPasswordAuthentication no\n"
    "PermitRootLogin prohibit-password\nHostKey /etc/ssh/ssh_host_ed25519_key\n",
}
# GRUB asks nobody anything: its menu would wait on a screen that nobody sees. What Xen is told is what any Xen needs on
# this machine's emulated processor (argv.py has the reasons); how much memory dom0 gets is for whoever deploys it.
# Linux runs on one CPU, alone and as dom0: QEMU 7.2 may translate code that another CPU is just patching and keep the
# breakpoint that stood there meanwhile; then both CPUs trap for ever. One boot in six hung so on a busy machine.
_GRUB_FILES = {
    "etc/default/grub": "GRUB_DEFAULT=saved\nGRUB_TIMEOUT=0\nGRUB_TIMEOUT_STYLE=hidden\nGRUB_RECORDFAIL_TIMEOUT=0\n"
    "GRUB_TERMINAL=console\nGRUB_DISTRIBUTOR=Debian\nGRUB_DISABLE_OS_PROBER=true\n"
    'GRUB_CMDLINE_LINUX="net.ifnames=0 mitigations=off"\n'
    'GRUB_CMDLINE_LINUX_DEFAULT="nr_cpus=1 console=tty0 console=ttyS0,115200"\n'
    'GRUB_CMDLINE_LINUX_XEN_REPLACE_DEFAULT="console=hvc0"\n'
    'GRUB_CMDLINE_XEN="console=com1 com1=115200 cpuidle=0 watchdog=0 clocksource=tsc dom0_max_vcpus=1"\n',
    # For the first boot alone, in which the machine's own update-grub writes another.
    "boot/grub/grub.cfg": "linux /vmlinuz root=/dev/vda ro nr_cpus=1 net.ifnames=0 console=tty0 console=ttyS0,115200\n"
    "initrd /initrd.img\nboot\n",
}


def overlay(flavour: Flavour) -> dict[str, str]:
    """Return the files laid over the packages, by their path, but for the keys: each image has its own."""
    files = _FILES | (_GRUB_FILES if flavour.own_disk else {})
    return {name: text.replace("{host}", flavour.host) for name, text in files.items()}


def excluded() -> list[str]:
    """Return what of the packages is left out, as patterns of dpkg(1); Debian 13 has its modules below /usr."""
    modules = [f"{top}/lib/modules/*/kernel/{each}/*" for top in ("", "/usr") for each in _NEVER_LOADED]
    return [*modules, *(f"/usr/share/{each}/*" for each in ("doc", "man", "locale", "info"))]


def scripts(flavour: Flavour) -> tuple[Path, ...]:
    """Return the script that makes the disk from the packages, and the one that is run among them before, if any."""
    names = ("plain.sh", "grub.sh") if flavour.own_disk else ("dom0.sh",)
    return tuple(_RECIPE / name for name in names)


def digest(flavour: Flavour, disk_gib: int) -> str:
    """Return the digest of everything the image is made from; neither the mirror nor the guest is of it."""
    files = sorted(overlay(flavour).items())
    parts = (flavour.suite, QEMU_PACKAGES, flavour.packages, _NEVER_LOADED, files, disk_gib)
    made_by = b"".join(path.read_bytes() for path in scripts(flavour))
    return hashlib.sha256(repr(parts).encode() + made_by).hexdigest()[:16]
