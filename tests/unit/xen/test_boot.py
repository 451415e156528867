"""One boot: a domain, and its peer where it has one, created, reached and destroyed."""

from dataclasses import replace

import pytest

from pvbench.errors import BootError
from pvbench.hypervisor import TracedLoad
from pvbench.model import Arm, Cell, DeviceKind, Placement, Workload
from pvbench.workloads import Peer
from pvbench.xen import XenHypervisor
from tests.unit.xen.dom0 import SPEC, Dom0

NET = Cell(Arm("xen1", DeviceKind.NET, "netfront", Placement.COEXIST), Workload("iperf3", ()))


def load(*argv: str) -> TracedLoad:
    return TracedLoad(argv, 2.5, 2.0, None, lambda printed: printed)


def test_a_peer_guest_serves_before_the_first_boots_and_goes_after_it(xen: XenHypervisor, dom0: Dom0) -> None:
    spec = replace(SPEC, devices=("e1000", "netfront"), peer=True)
    between = Workload("netperf", (("peer", "guest"), ("test", "TCP_RR")))
    with xen.setup(0, spec.devices), xen.boot(spec) as guest:
        to = guest.target(replace(NET, workload=between), 1)
        usual = guest.target(replace(NET, workload=Workload("iperf3", ())), 1)

    assert to == Peer("198.18.11.3", 12811, "198.18.11.2")
    assert usual == Peer("198.18.11.1", 5811, "198.18.11.2")
    assert [(what.split()[1], request.get("name")) for what, request in dom0.asked[1:-1]] == [
        ("create", "pvb-b01-xen1-peer"),
        ("create", "pvb-b01-xen1"),
        ("destroy", "pvb-b01-xen1"),
        ("destroy", "pvb-b01-xen1-peer"),
    ]
    assert [argv for argv in dom0.in_guest if argv[0] == "netserver"] == [
        ("netserver", "-N", "-4", "-L", f"198.18.{net}.3", "-p", "12811") for net in (10, 11)
    ]


def test_a_peer_whose_server_does_not_start_ends_the_boot(xen: XenHypervisor, dom0: Dom0) -> None:
    dom0.refused = "iperf3"
    spec = replace(SPEC, devices=("e1000", "netfront"), peer=True)
    with xen.setup(0, spec.devices), pytest.raises(BootError, match="peer guest: iperf3: no such port"), xen.boot(spec):
        pass

    assert dom0.asked[-2][1]["name"] == "pvb-b01-xen1-peer"


def test_a_guest_that_ends_while_it_boots_says_what_its_device_model_said(dom0: Dom0, xen: XenHypervisor) -> None:
    dom0.alive = False
    with xen.setup(64 << 20, SPEC.devices), pytest.raises(BootError, match="could not open disk"), xen.boot(SPEC):
        pass

    assert dom0.asked[-2][0] == "pvb-domain destroy"
