"""An imported guest → its devices as lints know them, with what this machine knows of kernels and stores."""

import importlib.util
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from pvbench import shipped
from pvbench.xen.imports.nouns import ImportedDisk, ImportedGuest, Mode, Reach
from pvbench.xen.lint import Devices, DiskUse, LiesOn, NicUse

_SYMBOLS: Mapping[str, str] = {
    "e1000": "CONFIG_E1000",
    "e1000e": "CONFIG_E1000E",
    "rtl8139": "CONFIG_8139CP",
    "ne2k_pci": "CONFIG_NE2K_PCI",
    "pcnet": "CONFIG_PCNET32",
    "virtio-net": "CONFIG_VIRTIO_NET",
    "virtio-net-pci": "CONFIG_VIRTIO_NET",
    "vmxnet3": "CONFIG_VMXNET3",
}
"""Of each model of a NIC, what its driver is called in a kernel's configuration (Kconfig of drivers/net)."""


_MAGIC: Mapping[bytes, str] = {b"QFI\xfb": "qcow2", b"conectix": "vhd", b"KDMV": "vmdk", b"QED\0": "qed"}
"""How images begin that are not raw (docs/interop of QEMU); a VHD of fixed size does not, and is raw."""


@dataclass(frozen=True)
class Apart:
    """How a file tells emulated disks from PV ones: by the prefix `ioemu:`, or by names, hda beside xvdb."""

    by_prefix: bool
    by_name: bool

    def pv_alone(self, disk: ImportedDisk) -> bool:
        """Whether a disk is meant to be PV alone: it is told apart from those that are meant to be emulated."""
        if disk.cdrom or disk.emulated_by_name:
            return False
        return self.by_prefix or (self.by_name and disk.vdev.bus == "xvd")


def devices_of(guest: ImportedGuest) -> Devices:
    """Return a guest's devices for lints; its kernel's configuration is read where it lies beside it here."""
    named = {disk.vdev.bus for disk in guest.disks if not disk.cdrom}
    apart = Apart(any(disk.emulated_by_name for disk in guest.disks), {"hd", "xvd"} <= named)
    return Devices(
        hvm=guest.mode is Mode.HVM,
        disks=tuple(_use(disk, apart) for disk in guest.disks),
        nics=tuple(
            NicUse(nic.model or "rtl8139" if nic.reach is Reach.BOTH else None, nic.mac, nic.place.line)
            for nic in guest.nics
        ),
        ahci=guest.disk_controller == "ahci",
        unplug=guest.unplug if guest.platform_device else "never",
        kernel=guest.kernel,
        drivers=_drivers(guest.kernel),
    )


def _use(disk: ImportedDisk, apart: Apart) -> DiskUse:
    said = dict(option.partition("=")[::2] for option in disk.options)
    by_blkback = disk.written.lower().startswith("phy:") or disk.served_by.startswith("blkback")
    return DiskUse(
        vdev=disk.vdev.name,
        target=disk.target,
        writable=disk.writable,
        format=disk.format if disk.format != "raw" else _guessed(disk.target),
        cdrom=disk.cdrom,
        pv_alone=apart.pv_alone(disk),
        backend=said.get("backendtype") or ("phy" if by_blkback else None),
        line=disk.place.line,
    )


def _guessed(target: str) -> str:
    """Return the format of an image that is said to be raw: as it begins, where it lies here, else as it is called."""
    match = re.search(r"\.(qcow2?|vmdk|vdi|qed)$", target)
    by_name = match[1] if match else "raw"
    path = Path(target)
    try:
        if not (path.is_absolute() and path.is_file()):
            return by_name
        with path.open("rb") as file:
            begun = file.read(8)
    except (OSError, ValueError):
        return by_name
    return next((name for magic, name in _MAGIC.items() if begun.startswith(magic)), "raw")


def _drivers(kernel: str | None) -> frozenset[str] | None:
    """Return the NIC models that a kernel of this machine has drivers for; None where it does not lie here."""
    if kernel is None:
        return None
    path = Path(kernel)
    version = path.name.partition("-")[2]
    try:
        text = (path.parent / f"config-{version}").read_text(errors="replace") if version else ""
    except (OSError, ValueError):
        return None
    able = {match[1] for match in re.finditer(r"^(CONFIG_\w+)=[ym]$", text, re.MULTILINE)}
    return frozenset(model for model, symbol in _SYMBOLS.items() if symbol in able) if able else None


def stores_here() -> LiesOn:
    """Return how this machine's stores are asked: by the program that asks those of a host, hostside/pvb_stores.py."""
    path = shipped.folder("hostside") / "pvb_stores.py"
    spec = importlib.util.spec_from_file_location("pvb_stores", path)
    if spec is None or spec.loader is None:
        raise ImportError(f"{path} is not there")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)

    def lies_on(target: str) -> Sequence[str]:
        found: Sequence[str] = module.lies_on(target)
        return found

    return lies_on
