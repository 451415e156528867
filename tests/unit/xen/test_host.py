"""A host set up for a run, in which order it is asked, and undone; what could not be is told."""

from dataclasses import replace

import pytest

from pvbench.errors import BootError
from pvbench.guest import GuestImage
from pvbench.inventory import Host
from pvbench.model import GuestMode, Placement
from pvbench.testing import FakeClock
from pvbench.xen import XenHypervisor
from tests.unit.xen.dom0 import SPEC, Dom0


def test_a_boot_is_set_up_observed_and_torn_down_in_order(xen: XenHypervisor, dom0: Dom0) -> None:
    with xen.setup(64 << 20, SPEC.devices), xen.boot(SPEC) as guest:
        seen = guest.observe("blkfront")
        run = guest.execute("blkfront", None, ("fio", "--x"), 10)
        host = seen.finish().witness

    assert [what for what, _ in dom0.asked] == [
        "pvb-setup setup",
        "pvb-domain create",
        "pvb-domain look",
        "pvb-domain look",
        "pvb-domain destroy",
        "pvb-setup undo",
    ]
    assert (run.stdout, run.stderr, run.log, run.elapsed_s) == (b"{}", b"bad", b"rate", 2.5)
    assert run.steal == 0.2
    assert (run.witness.driver, run.witness.share, run.witness.asked_ios) == ("vbd", 1.0, 100)
    assert (host.asked_bytes, host.share, host.asked_ios) == (409600, 1.0, 100)
    stored = dict(host.facts)
    assert stored["/local/domain/0/backend/vbd/4/51776/state"] == "4"
    assert "/local/domain/0/backend/vbd/4/768/state" not in stored


def test_a_host_is_probed_for_the_servers_of_network_tests(xen: XenHypervisor, dom0: Dom0) -> None:
    xen.facts()

    assert dom0.probed == {
        "servers": {
            "iperf3": {"package": "iperf3", "version": ["iperf3", "--version"]},
            "netserver": {"package": "netperf", "version": ["netserver", "-V"]},
        },
        "scratch": "/s",
    }


def test_what_could_not_be_undone_is_told_with_what_to_do(xen: XenHypervisor, dom0: Dom0) -> None:
    dom0.instead["undo"] = {"failures": ["umount /s/disks: target is busy", "ip link del: no"]}
    with xen.setup(64 << 20, SPEC.devices):
        pass

    assert dom0.told == [
        "xen1: not undone: umount /s/disks: target is busy; `pvbench clean xen1` tries again",
        "xen1: not undone: ip link del: no; `pvbench clean xen1` tries again",
    ]


def test_processors_that_dom0_refuses_fail_the_boot_and_leave_the_set_up(xen: XenHypervisor, dom0: Dom0) -> None:
    asking = replace(SPEC, tunables=(("dom0_vcpus", 9),))
    with xen.setup(64 << 20, SPEC.devices):
        dom0.instead["vcpus"] = {"error": "dom0 has 4 vCPUs, not 9"}
        with pytest.raises(BootError, match="dom0 has 4 vCPUs, not 9"), xen.boot(asking):
            pass
        with xen.boot(SPEC) as guest:
            assert guest.devices.domid == 4

    assert [what for what, _ in dom0.asked].count("pvb-setup undo") == 1


def test_processors_that_do_not_come_back_are_told(xen: XenHypervisor, dom0: Dom0) -> None:
    asking = replace(SPEC, tunables=(("dom0_vcpus", 1),))
    with xen.setup(64 << 20, SPEC.devices), xen.boot(asking):
        dom0.instead["vcpus"] = {"error": "dom0's CPU 2 does not go on"}

    assert dom0.told == ["xen1: not undone: vcpus: dom0's CPU 2 does not go on; `pvbench clean xen1` tries again"]


def test_a_host_that_is_gone_is_not_told_to_have_left_something(xen: XenHypervisor, dom0: Dom0) -> None:
    with xen.setup(64 << 20, SPEC.devices), xen.boot(SPEC):
        dom0.gone = True

    assert dom0.told == []


def test_a_host_is_given_what_the_modes_of_a_run_boot_from_and_no_more(dom0: Dom0, xen: XenHypervisor) -> None:
    for mode, there, absent in ((GuestMode.PVH, "vmlinuz", "boot.img"), (GuestMode.HVM, "boot.img", "vmlinuz")):
        dom0.asked.clear()
        spec = replace(SPEC, devices=("blkfront",), placement=Placement.ISOLATED, mode=mode)
        with xen.setup(64 << 20, spec.devices, (mode,)), xen.boot(spec) as guest:
            assert guest.spec.mode is mode
        (request,) = [request for what, request in dom0.asked if what == "pvb-domain create"]
        assert there in str(request)
        assert absent not in str(request)
        assert f'type="{mode}"' in request["config"]


def test_a_guest_without_device_model_has_none_among_its_commands(dom0: Dom0, xen: XenHypervisor) -> None:
    dom0.instead["create"] = {"domid": 4, "argv": [], "seconds": 9.5}
    spec = replace(SPEC, devices=("blkfront",), placement=Placement.ISOLATED, mode=GuestMode.PV)
    with xen.setup(64 << 20, spec.devices, (GuestMode.PV,)), xen.boot(spec) as guest:
        assert [record.where for record in guest.commands] == ["host", "guest kernel"]


def test_an_image_with_a_disk_alone_boots_no_guest_without_firmware(
    dom0: Dom0, xen: XenHypervisor, image: GuestImage
) -> None:
    host, disk_alone = Host("xen1", "10.0.0.1", scratch="/s"), replace(image, kernel=None)
    alone = XenHypervisor(dom0.transport(), host, disk_alone, FakeClock(), dom0.told.append)
    with pytest.raises(BootError, match="has no kernel to boot pvh guests by"), alone.setup(0, (), (GuestMode.PVH,)):
        pass
