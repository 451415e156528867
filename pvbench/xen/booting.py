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


def from_disk(spec: GuestSpec, guest_nics: Sequence[Nic], disk: str, rom: str) -> Mapping[str, Setting]:
    """Return what makes an HVM domain boot from its own copy of the guest's disk, which holds its command line."""
    models = dict.fromkeys((*_SILENCED, *filter(None, (DRIVERS[nic.device].model for nic in guest_nics))))
    device_model = [
        # SeaBIOS would run the NIC's own boot ROM, which asks the network for 40 s under emulation.
        *(word for model in models for word in ("-global", f"{model}.romfile=")),
        "-drive",
        f"file={disk},if=none,id=pvbboot,format=raw,readonly=on",
        "-device",
        "virtio-blk-pci,drive=pvbboot",
        "-device",
        f"pci-testdev,romfile={rom}",
    ]
    return {
        "boot": "n",
        "xen_platform_pci": 0 if is_emulated(spec) else 1,
        "vga": "none",
        "vnc": 0,
        "usb": 0,
        "device_model_args_hvm": device_model,
    }


def from_kernel(spec: GuestSpec, kernel: str, initrd: str, command_line: str) -> Mapping[str, Setting]:
    """Return what makes a PVH or PV domain boot. Raises BootError for a command line that Xen would cut off."""
    if spec.mode is GuestMode.PV and len(command_line) > LONGEST_COMMAND_LINE:
        raise BootError(
            f"{spec.name}'s command line has {len(command_line)} bytes; Xen gives a pv guest {LONGEST_COMMAND_LINE}",
            hint="ask for fewer devices or tunables in one guest",
        )
    return {"kernel": kernel, "ramdisk": initrd, "cmdline": command_line}
