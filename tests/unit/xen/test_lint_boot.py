"""What pvbench boots itself is linted as other people's configurations are, before it is created."""

import itertools
from dataclasses import replace

import pytest

from pvbench.campaign.guests import guests_of
from pvbench.drivers import DRIVERS
from pvbench.errors import BootError
from pvbench.hypervisor import GuestSpec
from pvbench.matrix import load
from pvbench.model import DeviceKind, GuestMode, Placement
from pvbench.testing.campaign import MATRIX
from pvbench.xen import domain_config as domain
from pvbench.xen.lint_boot import of_config, of_spec, refuse_wrong

GUESTS = [
    (mode, names)
    for mode in GuestMode
    for size in (1, 2, 6)
    for names in itertools.combinations((name for name, row in DRIVERS.items() if row.exists_in(mode)), size)
]
CONFIG = 'name="pvb-a"\ntype="hvm"\nmemory=64\ndisk=[{}]\n'
HDA, XVDE = '"format=raw,vdev=hda,access=rw,target=/dev/loop0"', '"format=raw,vdev=xvde,access=rw,target=/dev/loop{}"'


@pytest.mark.parametrize(("mode", "names"), GUESTS)
def test_no_guest_made_of_the_rows_of_drivers_breaks_a_lint(mode: GuestMode, names: tuple[str, ...]) -> None:
    placement = Placement.ISOLATED if len(names) == 1 else Placement.COEXIST
    assert of_spec(GuestSpec("a", names, placement, 256 << 20, 1, 64 << 20, mode=mode)) == ()


def test_one_store_for_the_emulated_and_the_pv_disk_is_refused_before_anything_is_created() -> None:
    disks = (domain.Disk("ide", "hda", "/dev/loop0"), domain.Disk("blkfront", "xvde", "/dev/loop0"))
    with pytest.raises(BootError, match=r"refused by store-as-ide-and-pv: hda \(emulated\) and xvde \(PV\) are both"):
        refuse_wrong(CONFIG.format(f"{HDA},{XVDE.format(0)}"), "xen_emul_unplug=unnecessary", disks)

    refuse_wrong(CONFIG.format(f"{HDA},{XVDE.format(1)}"), "xen_emul_unplug=unnecessary", disks)


def test_a_pv_disk_under_a_name_that_is_emulated_is_refused_with_the_right_one() -> None:
    config = CONFIG.format('"format=raw,vdev=xvda,access=rw,target=/dev/loop0"')
    (finding,) = of_config(config, "xen_emul_unplug=all", {"xvda"})

    assert str(finding).startswith("pv-disk-on-ide: xvda is meant to be PV alone; xvde is its name then")
    assert of_config(config, "xen_emul_unplug=all", set()) == ()


def test_a_matrix_has_a_guest_of_each_kind_looked_at() -> None:
    matrix = load(MATRIX, name="matrix.yaml")
    alone = replace(matrix, placement=Placement.ISOLATED)

    assert [spec.devices for spec in guests_of(matrix)] == [
        tuple(name for names in matrix.devices.values() for name in names)
    ]
    assert [spec.devices for spec in guests_of(alone)] == [
        (name,) for kind in DeviceKind for name in matrix.devices.get(kind, ())
    ]
