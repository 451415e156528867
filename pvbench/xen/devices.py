"""The devices of a domain under test: what dom0's counters call them, and where xenstore has their ends. Pure."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from pvbench.drivers import DRIVERS, Driver, Server, VirtualDisk
from pvbench.evidence.witness import Sighting
from pvbench.model import DeviceKind, IoPath
from pvbench.xen.domain_config import Disk, Nic


@dataclass(frozen=True)
class Moved:
    """What a device has moved so far, as the host counts it: bytes, and requests (packets for a NIC)."""

    bytes: int
    ios: int


@dataclass(frozen=True)
class DomainDevices:
    """The NICs and disks of the domain `domid`."""

    domid: int
    nics: tuple[Nic, ...]
    disks: tuple[Disk, ...]

    def nic(self, device: str) -> Nic:
        """Return the NIC under test that is a device of DRIVERS."""
        return next(nic for nic in self.nics if nic.device == device and not nic.control)

    def seen_as(self, device: str, sightings: Iterable[Sighting]) -> Sighting | None:
        """Return which of a guest's devices one is, None where it has none that fits.

        By driver and, since a MAC or a driver may appear twice, by name.
        """
        driver = DRIVERS[device]
        fits = [s for s in sightings if s.kind is driver.kind and s.driver in driver.bound]
        if driver.disk is None:
            fits = [s for s in fits if s.mac == self.nic(device).mac]
        elif driver.io_path is IoPath.PV:
            fits = [s for s in fits if s.name == driver.disk.name]
        return next(iter(fits), None)

    @property
    def control_macs(self) -> frozenset[str]:
        """The addresses of NICs that carry the controller's SSH alone."""
        return frozenset(nic.mac for nic in self.nics if nic.control)

    @property
    def control_vifs(self) -> frozenset[str]:
        """What dom0 calls the NICs that carry the controller's SSH alone."""
        return frozenset(f"vif{self.domid}.{nic.devid}" for nic in self.nics if nic.control)

    def host_name(self, device: str) -> str:
        """Return what dom0's counters call a device of this domain."""
        driver = DRIVERS[device]
        if driver.disk is None:
            name = f"vif{self.domid}.{self.nic(device).devid}"
            return name if driver.io_path is IoPath.PV else f"{name}-emu"
        if driver.server is Server.KERNEL:
            return f"vbd-{self.domid}-{driver.disk.number}"
        return _by_device_model(driver.disk)

    def ends(self, device: str) -> tuple[str, ...]:
        """Return where xenstore has both ends of one device."""
        disk = DRIVERS[device].disk
        number = self.nic(device).devid if disk is None else disk.number
        kinds = ("vif",) if disk is None else ("vbd", "qdisk")
        front = tuple(f"/local/domain/{self.domid}/device/{kind}/{number}" for kind in kinds)
        back = tuple(f"/local/domain/0/backend/{kind}/{self.domid}/{number}" for kind in kinds)
        return front + back


def counted(look: Mapping[str, Any], kind: DeviceKind) -> dict[str, Moved]:
    """Return what every device of a kind has moved that the host counts for the domain, by the host's name for it."""
    if kind is DeviceKind.NET:
        return {name: Moved(nic["rx"] + nic["tx"], nic["packets"]) for name, nic in look["nics"].items()}
    drives = {disk.drive: _by_device_model(disk) for row in DRIVERS.values() if (disk := row.disk) and disk.drive}
    disks = dict(look["vbds"])
    disks |= {drives[name]: disk for name, disk in (look["blockstats"] or {}).items() if name in drives}
    return {name: Moved(disk["bytes"], disk["ios"]) for name, disk in disks.items()}


def moved(early: Moved | None, late: Moved | None) -> Moved | None:
    """Return what was moved between two looks, None where one of them had no such device."""
    return Moved(late.bytes - early.bytes, late.ios - early.ios) if early and late else None


def waits_offline(driver: Driver) -> bool:
    """Whether accesses wait for the device model: Xen has a vCPU that does so offline, and Linux calls that steal."""
    return driver.io_path is IoPath.EMULATED


def _by_device_model(disk: VirtualDisk) -> str:
    return f"device model {disk.name}"
