"""What pvbench itself would boot → the lints it breaks: its own configuration, read as any other one is."""

from collections.abc import Collection, Mapping
from dataclasses import replace

from pvbench.drivers import DRIVERS
from pvbench.errors import BootError
from pvbench.hypervisor import GuestSpec
from pvbench.model import IoPath
from pvbench.xen import booting
from pvbench.xen import domain_config as domain
from pvbench.xen.imports.convert import convert, unplug_of
from pvbench.xen.imports.linted import devices_of
from pvbench.xen.lint import Finding, findings


def of_config(config: str, command_line: str, pv_alone: Collection[str]) -> tuple[Finding, ...]:
    """Return what forbids to boot a configuration; `pv_alone` names the disks that shall not be emulated."""
    read = devices_of(convert(config, "the configuration").guest)
    disks = tuple(replace(disk, pv_alone=disk.vdev in pv_alone) for disk in read.disks)
    guest = replace(read, disks=disks, unplug=unplug_of(command_line) or read.unplug)
    return tuple(finding for finding in findings(guest) if finding.refuses)


def refuse_wrong(config: str, command_line: str, disks: Collection[domain.Disk]) -> None:
    """Raise BootError, with the lint's id and sentence, for a configuration that must not be booted."""
    for finding in of_config(config, command_line, pv_alone(disks)):
        raise BootError(f"refused by {finding}", hint=f"{finding.lint.sentence} ({finding.lint.source})")


def pv_alone(disks: Collection[domain.Disk]) -> frozenset[str]:
    """Return the names of the disks that are PV alone in DRIVERS."""
    return frozenset(disk.vdev for disk in disks if DRIVERS[disk.device].io_path is IoPath.PV)


def of_spec(spec: GuestSpec) -> tuple[Finding, ...]:
    """Return what forbids to boot a guest on whatever host: each disk has a store of its own there."""
    nics = domain.nics(spec, "host")
    disks = domain.disks(spec, {device: f"/{device}" for device in spec.devices})
    line = domain.command_line(spec, nics, "", swapped=False)
    boots: Mapping[str, domain.Setting] = (
        booting.from_disk(spec, nics, "/disk", "/rom")
        if spec.mode.has_emulated_devices
        else booting.from_kernel(spec, "/kernel", "/initrd", line)
    )
    config = domain.domain_config(spec, nics, disks, bridge="br0", script="/s", boots=boots, native_tsc=False)
    return of_config(config, line, pv_alone(disks))
