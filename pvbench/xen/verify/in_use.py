"""All that guest and dom0 answered in a boot → what is in use for each of its devices, by the names of PARTS. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from pvbench.drivers import DRIVERS, Server
from pvbench.model import IoPath
from pvbench.parts import PARTS
from pvbench.xen.devices import DomainDevices
from pvbench.xen.verify.dom0 import dom0_parts, vbd_parts, vif_parts
from pvbench.xen.verify.guest import guest_parts
from pvbench.xen.verify.look import GuestLook

_OF_KERNEL_BACKENDS = tuple(f"{module} {what}" for module in ("netback", "blkback") for what in ("build", "file"))


@dataclass(frozen=True)
class InUse:
    """What was answered once a boot: by the host before it, by the guest, and by dom0 of the guest's domain."""

    host: Mapping[str, str]
    guest: GuestLook
    dom0: Mapping[str, Any]

    @cached_property
    def _of_boot(self) -> dict[str, str]:
        return {**self.host, **guest_parts(self.guest), **dom0_parts(self.dom0)}

    def of_device(self, device: str, devices: DomainDevices) -> tuple[tuple[str, str], ...]:
        """Return what is in use for a device of the domain, in the order of PARTS; of an emulated one no PV part."""
        row = DRIVERS[device]
        found = self._of_boot | self._of_ends(device, devices)
        kinds = (None, row.kind) if row.io_path is IoPath.PV else (None,)
        idle = () if row.server is Server.KERNEL else _OF_KERNEL_BACKENDS
        return tuple(
            (name, found[name])
            for name, part in PARTS.items()
            if name in found and part.kind in kinds and name not in idle
        )

    def _of_ends(self, device: str, devices: DomainDevices) -> dict[str, str]:
        row, nodes = DRIVERS[device], self.dom0["xenstore"]
        if row.io_path is not IoPath.PV:
            return {}
        return vif_parts(nodes, devices.nic(device).devid) if row.disk is None else vbd_parts(nodes, row.disk.number)
