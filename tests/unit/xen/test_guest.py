"""What runs in a guest, and on what its disks lie."""

import pytest

from pvbench.drivers import DRIVERS
from pvbench.errors import CommandFailed, CommandTimeout
from pvbench.model import Arm, Cell, DeviceKind, Placement, Workload
from pvbench.testing import FakeTransport
from pvbench.transport import Command, CommandResult
from pvbench.workloads import Disk
from pvbench.xen import XenHypervisor
from tests.unit.xen.dom0 import SPEC, Dom0

CELL = Cell(Arm("xen1", DeviceKind.BLOCK, "blkfront", Placement.COEXIST), Workload("fio", ()))


def test_a_warm_up_is_run_and_looked_at_like_the_tool(xen: XenHypervisor, dom0: Dom0) -> None:
    with xen.setup(64 << 20, SPEC.devices), xen.boot(SPEC) as guest:
        run = guest.execute("blkfront", ("netperf", "-l", "1"), ("netperf", "-l", "4"), 10)

    assert [argv for argv in dom0.in_guest if len(argv) > 1 and argv[0] == "pvb-run"] == [
        ("pvb-run", "netperf", "-l", "1"),
        ("pvb-run", "netperf", "-l", "4"),
    ]
    assert run.warmup is not None
    assert (run.warmup.argv, run.warmup.exit_code, run.warmup_s) == (("netperf", "-l", "1"), 0, 2.5)
    assert run.warmup.witness.asked_bytes == 409600


def test_waiting_for_the_device_model_is_not_called_steal(xen: XenHypervisor, dom0: Dom0) -> None:
    with xen.setup(64 << 20, SPEC.devices), xen.boot(SPEC) as guest:
        run = guest.execute("ide", None, ("fio", "--x"), 10)

    assert run.steal is None


def test_trap_costs_that_cannot_be_timed_say_why(xen: XenHypervisor, dom0: Dom0) -> None:
    dom0.refused = "pvb-traps"
    with (
        xen.setup(64 << 20, SPEC.devices),
        xen.boot(SPEC) as guest,
        pytest.raises(CommandFailed, match="the guest: no such port"),
    ):
        guest.traps()


def test_a_guest_is_asked_for_its_own_drivers_and_says_nothing_where_it_takes_too_long(
    xen: XenHypervisor, dom0: Dom0
) -> None:
    with xen.setup(64 << 20, SPEC.devices), xen.boot(SPEC) as guest:
        assert guest.facts(("fio",)) == ()
        asked = dom0.in_guest[-1]
        assert asked[3:] == ("pvb-facts", *(DRIVERS[each].module.replace("-", "_") for each in SPEC.devices))
        guest.transport = FakeTransport(late)
        assert guest.facts(("fio",)) == ()


def late(command: Command) -> CommandResult:
    raise CommandTimeout("it takes longer than 60 s")


def test_the_backing_store_is_measured_on_the_disk_that_setup_made(xen: XenHypervisor, dom0: Dom0) -> None:
    with xen.setup(64 << 20, SPEC.devices), xen.boot(SPEC) as guest:

        def argv(disk: Disk) -> tuple[str, ...]:
            return ("fio", f"--filename={disk.path}", f"--size={disk.size_bytes}")

        printed = guest.on_backing(CELL, 7, argv, 10)

    assert printed == b"{}"
    assert dom0.ran[-1] == ("fio", "--filename=/dev/loop1", f"--size={64 << 20}")
