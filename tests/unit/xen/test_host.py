"""A host set up for a run, in which order it is asked, and undone; what could not be is told."""

from dataclasses import replace

import pytest

from pvbench.errors import BootError
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
        }
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
