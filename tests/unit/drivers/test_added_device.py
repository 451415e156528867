"""A device is one row: a copy of the package with one more boots guests with it."""

from pathlib import Path

import pytest

from tests.copied import said_with
from tests.toys.rows import NIC

pytestmark = pytest.mark.thorough

DISK = """
    Driver(
        name="ide-slave",
        kind=_BLOCK,
        io_path=_EMULATED,
        platforms=_XEN,
        modules=_ATA,
        bound=("ata_piix",),
        server=Server.DEVICE_MODEL,
        backend="device model",
        disk=VirtualDisk(
            "hdb", 832, Backing.FILE, "device model with cache=none", drive="ide0-hd1", command_port=_IDE_COMMAND
        ),
    ),
"""
PROGRAM = '''
import sys
from pvbench.hypervisor import GuestSpec
from pvbench.inventory import Host
from pvbench.matrix import expand, load
from pvbench.model import DeviceKind, Placement
from pvbench.xen import booting
from pvbench.xen import domain_config as domain
from pvbench.xen.devices import DomainDevices, counted
from pvbench.xen.prepared import setup_request

name = sys.argv[1]
kind, other, tool, axis = {
    "e1000e": ("net", "netfront", "netperf", "test: TCP_RR"),
    "ide-slave": ("block", "blkfront", "fio", "rw: randread, bs: 4KiB"),
}[name]
text = f"""schema: 1
hosts: [lab]
placement: coexist
devices: {{{kind}: [{name}, {other}]}}
workloads: [{{{tool}: {{{axis}, runtime: 1s}}}}]
run: {{blocks: 2}}
compare: {{baseline: {{{kind}: {name}}}}}
"""
print("devices of the matrix:", *dict.fromkeys(cell.device for cell in expand(load(text, name="m.yaml"))))
spec = GuestSpec("b01", (name, "netfront"), Placement.COEXIST, 256 << 20, 1, 1 << 20)
nics = domain.nics(spec, "lab")
disks = domain.disks(spec, {name: "/s/new.img"})
boots = booting.from_disk(spec, nics, "/s/b.img", "/s/b.rom")
print(domain.domain_config(spec, nics, disks, bridge="pvbr0", script="/s/pvb-hotplug", boots=boots, native_tsc=False))
print(domain.command_line(spec, nics, "AAAA", swapped=False))
devices = DomainDevices(7, nics, disks)
print(devices.host_name(name), *devices.ends(name))
look = {"vbds": {}, "blockstats": {"ide0-hd1": {"bytes": 4096, "ios": 1}}}
print(counted(look, DeviceKind.BLOCK))
print(setup_request(Host("lab", "10.0.0.1", scratch="/s"), 1 << 20, (name,))["disks"])
'''


def of_guest_with(row: str, name: str, folder: Path) -> str:
    """Return what a copy of the package, with a row more in DRIVERS, says of a guest with that device."""
    return said_with(row, "drivers/__init__.py", folder, PROGRAM, name)


def test_a_nic_is_one_row(tmp_path: Path) -> None:
    said = of_guest_with(NIC, "e1000e", tmp_path)

    assert "devices of the matrix: e1000e netfront\n" in said
    assert "devid=0,type=ioemu,model=e1000e" in said
    assert '"-global","e1000e.romfile="' in said
    assert " pvb.load=e1000e,xen-netfront,xen-evtchn " in said
    assert " pvb.nic=e1000e,00:16:3e:" in said
    assert "\nvif7.0-emu /local/domain/7/device/vif/0 /local/domain/0/backend/vif/7/0\n" in said


def test_a_disk_is_one_row(tmp_path: Path) -> None:
    said = of_guest_with(DISK, "ide-slave", tmp_path)

    assert "vdev=hdb,access=rw,backendtype=qdisk,target=/s/new.img" in said
    assert " pvb.load=scsi_common,scsi_mod,libata,ata_piix," in said
    assert "\ndevice model hdb /local/domain/7/device/vbd/832 " in said
    assert "{'device model hdb': Moved(bytes=4096, ios=1)}" in said
    assert "[{'name': 'ide-slave', 'bytes': 1048576, 'as': 'file'}]" in said


@pytest.mark.parametrize(("row", "error"), [(NIC.replace('model="e1000e",', ""), "an emulated NIC has a model")])
def test_a_row_that_lacks_something_is_refused_when_it_is_read(row: str, error: str, tmp_path: Path) -> None:
    with pytest.raises(AssertionError, match=error):
        of_guest_with(row, "e1000e", tmp_path)
