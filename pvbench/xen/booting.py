"""What makes a domain boot, as lines of xl.cfg(5): its own disk and a device model, or a kernel and nothing else.

A PVH or PV domain has no firmware and no device model, unless a qdisk backend needs one: Xen's toolstack loads kernel
and initramfs into it (xl.cfg(5), "Direct Kernel Boot").
"""

from collections.abc import Mapping, Sequence

from pvbench.drivers import DRIVERS
from pvbench.errors import BootError
from pvbench.hypervisor import GuestSpec
from pvbench.model import GuestMode
from pvbench.xen.domain_config import Nic, Setting, is_emulated

LONGEST_COMMAND_LINE = 1023
"""Bytes of a PV guest's command line: MAX_GUEST_CMDLINE of public/xen.h, less its end."""

_SILENCED = ("e1000", "rtl8139")
"""Models without a boot ROM in every guest, whether it has one or not, as since the first version."""

_STORAGE_OTHER = "0x0180"

SYSTEM_DRIVER = "virtio_blk"
"""What drives the disks that a guest of one's own boots from, and no device under test."""


def from_disk(spec: GuestSpec, guest_nics: Sequence[Nic], disk: str, rom: str) -> Mapping[str, Setting]:
    """Return what makes an HVM domain boot from its own copy of the guest's disk, which holds its command line."""
    device_model = [
        *_no_boot_roms(guest_nics),
        "-drive",
        f"file={disk},if=none,id=pvbboot,format=raw,readonly=on",
        "-device",
        "virtio-blk-pci,drive=pvbboot",
        "-device",
        f"pci-testdev,romfile={rom}",
    ]
    return _from_rom(spec) | {"device_model_args_hvm": device_model}


def from_overlay(
    spec: GuestSpec, guest_nics: Sequence[Nic], overlay: str, seed: str | None, rom: str, console: str | None
) -> Mapping[str, Setting]:
    """Return what makes an HVM domain boot from an overlay of somebody's own image, by that image's boot loader.

    Overlay and seed are virtio disks of no class that a guest unplugs (xen_platform.c of QEMU takes out IDE, SCSI and
    NVMe), so that what is under test is never what it boots from, and a BIOS reads them quickly. `console` is the file
    that takes what it prints on its serial port, None for a guest without one.
    """
    drives = {"pvbboot": f"file={overlay},if=none,id=pvbboot,format=qcow2"}
    if seed is not None:
        drives["pvbseed"] = f"file={seed},if=none,id=pvbseed,format=raw,readonly=on"
    device_model = [*_no_boot_roms(guest_nics)]
    for name, drive in drives.items():
        device_model += ["-drive", drive, "-device", f"virtio-blk-pci,drive={name},class={_STORAGE_OTHER}"]
    device_model += ["-device", f"pci-testdev,romfile={rom}"]
    serial = {"serial": f"file:{console}"} if console is not None else {}
    return _from_rom(spec) | serial | {"device_model_args_hvm": device_model}


def from_kernel(spec: GuestSpec, kernel: str, initrd: str, command_line: str) -> Mapping[str, Setting]:
    """Return what makes a PVH or PV domain boot. Raises BootError for a command line that Xen would cut off."""
    if spec.mode is GuestMode.PV and len(command_line) > LONGEST_COMMAND_LINE:
        raise BootError(
            f"{spec.name}'s command line has {len(command_line)} bytes; Xen gives a pv guest {LONGEST_COMMAND_LINE}",
            hint="ask for fewer devices or tunables in one guest",
        )
    return {"kernel": kernel, "ramdisk": initrd, "cmdline": command_line}


def _from_rom(spec: GuestSpec) -> dict[str, Setting]:
    """Return what the option ROM of a guest's own disk needs, which says that it boots from a network."""
    return {"boot": "n", "xen_platform_pci": 0 if is_emulated(spec) else 1, "vga": "none", "vnc": 0, "usb": 0}


def _no_boot_roms(guest_nics: Sequence[Nic]) -> list[str]:
    """Return what keeps SeaBIOS from a NIC's own boot ROM, which asks the network for 40 s under emulation."""
    models = dict.fromkeys((*_SILENCED, *filter(None, (DRIVERS[nic.device].model for nic in guest_nics))))
    return [word for model in models for word in ("-global", f"{model}.romfile=")]
