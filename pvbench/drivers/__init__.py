"""DRIVERS: the device drivers under test, each a frontend and a backend, or an emulated device."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from pvbench.model import DeviceKind, IoPath, Platform


@dataclass(frozen=True)
class Driver:
    """A row of DRIVERS.

    `bound` holds the names the guest kernel may give the driver it bound (sysfs driver links; xen.md 1.5, 1.6);
    `modules` what the guest must load; `vdev` the virtual disk's name in xl's terms; `backend` says who serves it.
    """

    name: str
    kind: DeviceKind
    io_path: IoPath
    platforms: frozenset[Platform]
    bound: frozenset[str]
    backend: str
    vdev: str | None = None
    model: str | None = None


_NET, _BLOCK = DeviceKind.NET, DeviceKind.BLOCK
_EMULATED, _PV = IoPath.EMULATED, IoPath.PV
_XEN = frozenset({Platform.XEN})

_ROWS = (
    Driver("rtl8139", _NET, _EMULATED, _XEN, frozenset({"8139cp", "8139too"}), "device model", model="rtl8139"),
    Driver("e1000", _NET, _EMULATED, _XEN, frozenset({"e1000"}), "device model", model="e1000"),
    Driver("netfront", _NET, _PV, _XEN, frozenset({"vif"}), "netback in dom0"),
    Driver("ide", _BLOCK, _EMULATED, _XEN, frozenset({"ata_piix"}), "device model", vdev="hda"),
    Driver("blkfront", _BLOCK, _PV, _XEN, frozenset({"vbd"}), "blkback in dom0 (phy)", vdev="xvde"),
    Driver("blkfront-qdisk", _BLOCK, _PV, _XEN, frozenset({"vbd"}), "qdisk in the device model", vdev="xvdf"),
)

DRIVERS: Mapping[str, Driver] = MappingProxyType({row.name: row for row in _ROWS})
