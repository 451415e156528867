"""DRIVERS: the device drivers under test, each a frontend and a backend, or an emulated device; a row says it all."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType

from pvbench.model import DeviceKind, GuestMode, IoPath, Platform


class Server(StrEnum):
    """Who serves a device's requests on the host."""

    KERNEL = "host kernel"
    DEVICE_MODEL = "device model"


class Backing(StrEnum):
    """What a disk's backend opens."""

    BLOCK_DEVICE = "block device"
    FILE = "file"


@dataclass(frozen=True)
class VirtualDisk:
    """Where a disk stands in the guest, and what is behind it on the host.

    `name` and `number` are the toolstack's (on Xen those of xen-vbd-interface(7)); a PV frontend takes the name over.
    `drive` is what a device model that serves it calls it in its counters; `opened` says in words how the backing is
    opened. A write to the I/O port `command_port` begins one request, where there is such a port.
    """

    name: str
    number: int
    backing: Backing
    opened: str
    drive: str | None = None
    command_port: int | None = None


_BACKENDS: Mapping[DeviceKind, str] = MappingProxyType({DeviceKind.NET: "xen-netback", DeviceKind.BLOCK: "xen-blkback"})
"""The kernel's modules that serve PV devices."""


@dataclass(frozen=True)
class Driver:
    """A row of DRIVERS.

    `modules` are what the guest loads, in this order; `bound` the names its kernel may give the driver it bound (sysfs
    driver links), that of the builtin guest first. `backend` says in words who serves it. A NIC that is emulated has
    the device model's `model` of it, a disk has its `disk`. `driven_by` is which of the modules drives the device,
    where that is not the first.
    """

    name: str
    kind: DeviceKind
    io_path: IoPath
    platforms: frozenset[Platform]
    modules: tuple[str, ...]
    bound: tuple[str, ...]
    server: Server
    backend: str
    model: str | None = None
    disk: VirtualDisk | None = None
    driven_by: str = ""

    @property
    def module(self) -> str:
        """The module that drives the device, whose parameters tunables set."""
        return self.driven_by or self.modules[0]

    @property
    def built(self) -> Mapping[str, str]:
        """What drives it that can be built by itself, a module: its frontend, its backend where that is a kernel's."""
        if self.io_path is not IoPath.PV:
            return {}
        return {"frontends": self.module} | ({"backends": _BACKENDS[self.kind]} if self.server is Server.KERNEL else {})

    def exists_in(self, mode: GuestMode) -> bool:
        """Whether a guest of this mode can have it: who has no device model has no emulated device."""
        return self.io_path is IoPath.PV or mode.has_emulated_devices

    def __post_init__(self) -> None:
        if (self.kind is DeviceKind.BLOCK) != (self.disk is not None):
            raise ValueError(f"{self.name}: a disk has a VirtualDisk, and nothing else has")
        if (self.kind is DeviceKind.NET and self.io_path is IoPath.EMULATED) != (self.model is not None):
            raise ValueError(f"{self.name}: an emulated NIC has a model, and nothing else has")


_NET, _BLOCK = DeviceKind.NET, DeviceKind.BLOCK
_EMULATED, _PV = IoPath.EMULATED, IoPath.PV
_XEN = frozenset({Platform.XEN})
_ATA = (
    *("scsi_common", "scsi_mod", "libata", "ata_piix"),
    *("crct10dif_common", "crct10dif_generic", "crc-t10dif", "crc64", "crc64-rocksoft", "t10-pi", "sd_mod"),
)
_IDE_COMMAND = 0x1F7
"""The command register of the first IDE channel: a write there begins one transfer (ATA/ATAPI-6, 7.4)."""

_ROWS = (
    Driver(
        name="rtl8139",
        kind=_NET,
        io_path=_EMULATED,
        platforms=_XEN,
        modules=("mii", "8139cp"),
        bound=("8139cp", "8139too"),  # QEMU's chip is a C+
        server=Server.DEVICE_MODEL,
        backend="device model",
        model="rtl8139",
        driven_by="8139cp",
    ),
    Driver(
        name="e1000",
        kind=_NET,
        io_path=_EMULATED,
        platforms=_XEN,
        modules=("e1000",),
        bound=("e1000",),
        server=Server.DEVICE_MODEL,
        backend="device model",
        model="e1000",
    ),
    Driver(
        name="netfront",
        kind=_NET,
        io_path=_PV,
        platforms=_XEN,
        modules=("xen-netfront", "xen-evtchn"),
        bound=("vif",),
        server=Server.KERNEL,
        backend="netback in dom0",
    ),
    Driver(
        name="ide",
        kind=_BLOCK,
        io_path=_EMULATED,
        platforms=_XEN,
        modules=_ATA,
        bound=("ata_piix",),
        server=Server.DEVICE_MODEL,
        backend="device model",
        disk=VirtualDisk(
            name="hda",
            number=768,
            backing=Backing.BLOCK_DEVICE,
            opened="device model with cache=writeback",
            drive="ide0-hd0",
            command_port=_IDE_COMMAND,
        ),
        driven_by="ata_piix",
    ),
    Driver(
        name="blkfront",
        kind=_BLOCK,
        io_path=_PV,
        platforms=_XEN,
        modules=("xen-blkfront", "xen-evtchn"),
        bound=("vbd",),
        server=Server.KERNEL,
        backend="blkback in dom0 (phy)",
        disk=VirtualDisk("xvde", 51776, Backing.BLOCK_DEVICE, "blkback, no cache of its own"),
    ),
    Driver(
        name="blkfront-qdisk",
        kind=_BLOCK,
        io_path=_PV,
        platforms=_XEN,
        modules=("xen-blkfront", "xen-evtchn"),
        bound=("vbd",),
        server=Server.DEVICE_MODEL,
        backend="qdisk in the device model",
        disk=VirtualDisk("xvdf", 51792, Backing.FILE, "qdisk in the device model", drive="xvdf-raw"),
    ),
)

DRIVERS: Mapping[str, Driver] = MappingProxyType({row.name: row for row in _ROWS})
