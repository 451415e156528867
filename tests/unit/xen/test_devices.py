"""What dom0 and xenstore call the devices of a domain."""

import pytest

from pvbench.drivers import DRIVERS
from pvbench.hypervisor import GuestSpec
from pvbench.model import DeviceKind, Placement
from pvbench.xen import domain_config as domain
from pvbench.xen.devices import DomainDevices, Moved, counted, moved

SPEC = GuestSpec("b01", tuple(DRIVERS), Placement.COEXIST, 256 << 20, 1, 1 << 20)
DISKS = {name: f"/s/{name}.img" for name, row in DRIVERS.items() if row.kind is DeviceKind.BLOCK}
DEVICES = DomainDevices(7, domain.nics(SPEC, "lab"), domain.disks(SPEC, DISKS))


@pytest.mark.parametrize(
    ("device", "name"),
    [
        ("rtl8139", "vif7.0-emu"),
        ("e1000", "vif7.1-emu"),
        ("netfront", "vif7.2"),
        ("ide", "device model hda"),
        ("blkfront", "vbd-7-51776"),
        ("blkfront-qdisk", "device model xvdf"),
    ],
)
def test_dom0_counts_a_device_by_who_serves_it(device: str, name: str) -> None:
    assert DEVICES.host_name(device) == name


def test_xenstore_has_two_ends_of_each_and_of_a_disk_those_of_either_backend() -> None:
    assert DEVICES.ends("e1000") == ("/local/domain/7/device/vif/1", "/local/domain/0/backend/vif/7/1")
    assert DEVICES.ends("blkfront-qdisk")[2:] == (
        "/local/domain/0/backend/vbd/7/51792",
        "/local/domain/0/backend/qdisk/7/51792",
    )


def test_the_control_nic_is_none_of_those_under_test() -> None:
    assert DEVICES.control_vifs == {"vif7.3"}
    assert DEVICES.nic("netfront").mac not in DEVICES.control_macs


def test_disks_of_the_device_model_and_of_the_kernel_are_counted_by_one_name_each() -> None:
    disk = {"bytes": 4096, "ios": 1}
    look = {"vbds": {"vbd-7-51776": disk}, "blockstats": {"ide0-hd0": disk, "xvdf-raw": disk, "pvbboot": disk}}

    assert counted(look, DeviceKind.BLOCK) == {
        "vbd-7-51776": Moved(4096, 1),
        "device model hda": Moved(4096, 1),
        "device model xvdf": Moved(4096, 1),
    }


def test_what_moved_is_known_where_both_looks_saw_the_device() -> None:
    assert moved(Moved(10, 1), Moved(30, 4)) == Moved(20, 3)
    assert moved(None, Moved(30, 4)) is None
