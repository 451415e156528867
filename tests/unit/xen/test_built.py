"""Drivers of one's own on a host: guests boot with built frontends, dom0 has built backends while one needs them."""

from dataclasses import replace
from pathlib import Path

import pytest

from pvbench.errors import BootError
from pvbench.guest import BootDisk, BootKernel, GuestImage, HostDrivers
from pvbench.inventory import Host
from pvbench.model import DriverBuild
from pvbench.testing import FakeClock
from pvbench.xen import XenHypervisor
from tests.unit.xen.dom0 import SPEC, Dom0

VALUE = "patched: a.patch 1c2d3e4f5a6b"


@pytest.fixture
def build(tmp_path: Path) -> DriverBuild:
    for name in ("netback", "blkback", "netfront"):
        (tmp_path / f"xen-{name}.ko").write_bytes(name.encode())
    ids = tuple((f"xen-{name}", "11") for name in ("blkback", "netback", "netfront"))
    return DriverBuild(VALUE, "6.1", ids, str(tmp_path))


def with_drivers(dom0: Dom0, image: GuestImage, drivers: HostDrivers) -> XenHypervisor:
    host = Host("xen1", "10.0.0.1", scratch="/s")
    return XenHypervisor(dom0.transport(), host, image, FakeClock(), dom0.told.append, drivers=drivers)


def test_backends_are_loaded_before_the_guest_is_made_and_given_back_after_it_is_gone(
    dom0: Dom0, image: GuestImage, build: DriverBuild
) -> None:
    xen = with_drivers(dom0, image, HostDrivers(backends={VALUE: build}))
    with xen.setup(64 << 20, SPEC.devices):
        with xen.boot(replace(SPEC, backends=VALUE)):
            pass
        with xen.boot(SPEC):
            pass

    assert [what.partition(" ")[2] for what, _ in dom0.asked] == [
        *("setup", "backends", "create", "destroy", "backends"),
        *("create", "destroy", "undo"),
    ]
    loaded, given_back = (request["files"] for what, request in dom0.asked if what == "pvb-setup backends")
    assert {name: Path(path).name for name, path in loaded.items()} == {
        "xen_netback": "xen-netback.ko",
        "xen_blkback": "xen-blkback.ko",
    }
    assert given_back == {}


def test_backends_that_dom0_refuses_fail_the_boot_and_those_that_stay_are_told(
    dom0: Dom0, image: GuestImage, build: DriverBuild
) -> None:
    xen = with_drivers(dom0, image, HostDrivers(backends={VALUE: build}))
    dom0.instead["backends"] = {"error": "xen_netback serves vif-7-0: domain 7 has to end"}
    with (
        xen.setup(64 << 20, SPEC.devices),
        pytest.raises(BootError, match="xen_netback serves vif-7-0"),
        xen.boot(replace(SPEC, backends=VALUE)),
    ):
        pass

    assert [line for line in dom0.told if "not undone: backends" in line] != []


def test_backends_for_another_kernel_than_dom0s_are_refused_before_anything_is_loaded(
    dom0: Dom0, image: GuestImage, build: DriverBuild
) -> None:
    xen = with_drivers(dom0, image, HostDrivers(backends={VALUE: replace(build, kernel="6.1.0-49-amd64")}))
    with (
        xen.setup(64 << 20, SPEC.devices),
        pytest.raises(BootError, match=r"'patched: a\.patch' are for Linux 6\.1\.0-49-amd64, and dom0 runs 6\.1"),
        xen.boot(replace(SPEC, backends=VALUE)),
    ):
        pass

    assert "pvb-setup backends" not in {what for what, _ in dom0.asked}


def test_a_guest_with_built_frontends_boots_from_a_disk_of_its_own(
    dom0: Dom0, image: GuestImage, tmp_path: Path
) -> None:
    disk = tmp_path / "built.img"
    disk.write_bytes(b"built")
    built = replace(image, boot=BootDisk(str(disk), image.boot.rom), kernel=BootKernel(str(disk), str(disk)))
    xen = with_drivers(dom0, image, HostDrivers(images={VALUE: built}))
    with xen.setup(64 << 20, SPEC.devices):
        for spec in (SPEC, replace(SPEC, frontends=VALUE), SPEC):
            with xen.boot(spec):
                pass

    first, other, third = (request["boot_disk"] for what, request in dom0.asked if what == "pvb-domain create")
    assert first == third != other
