"""What one I/O costs, who paid for it, and what limited it."""

from dataclasses import replace

import pytest

from pvbench.bottleneck import Limit, Limited, limited
from pvbench.costs import billed, model, traced
from pvbench.model import (
    Cell,
    CpuBill,
    DeviceKind,
    Mechanism,
    Outcome,
    Payer,
    Placement,
    Reading,
    TrapCost,
    Trial,
    TrialSpec,
    Workload,
)

CELL = Cell("lab", DeviceKind.BLOCK, "ide", Placement.COEXIST, Workload("fio", (("rw", "randread"),)))
IDE = Mechanism(
    2.0, 50,
    (("exit: port I/O", 1300), ("device-model round trip", 1250), ("exit: MSR", 150), ("exit: HLT", 50)),
    (("port I/O", 1.6), ("HLT", 0.2)), 0, 1.25,
)  # fmt: skip
TRAPS = (
    TrapCost("port read, device model", ((1_000_000, 9), (2_000_000, 1))),
    TrapCost("port read, hypervisor", ((100_000, 1),)),
    TrapCost("empty hypercall", ((100_000, 1),)),
)


def trial(block: int, mechanism: Mechanism | None = IDE, **paid: float) -> Trial:
    spent = tuple((payer, paid.get(payer.name, 0.0)) for payer in Payer)
    spec = TrialSpec(CELL, block, f"b{block}", 0)
    return Trial(
        spec, Outcome.OK, None, "", (Reading("iops", 31.25),), seconds=(("tool", 10.0),),
        bill=CpuBill(12.0, 2, spent, 400, 1 << 20), mechanism=mechanism,
    )  # fmt: skip


def test_counts_of_all_traces_are_for_one_io() -> None:
    found = traced([trial(1), trial(2), trial(3, None)])

    assert found is not None
    assert (2, 100, 30) == (found.passes, found.ios, found.exits)
    assert (26, 25) == (found.often("exit: port I/O"), found.often("device-model round trip"))
    assert dict(found.away) == pytest.approx({"port I/O": 0.8, "HLT": 0.1})
    assert found.io_s == pytest.approx(0.032)


def test_the_time_of_an_io_is_what_the_tool_told_of_the_timed_pass_else_from_the_slowdown() -> None:
    told = replace(trial(1), readings=(Reading("iops", 50.0),))
    silent = replace(trial(1), readings=(Reading("goodput", 1.0),))
    unknown = replace(silent, mechanism=replace(IDE, slowdown=None))

    for made, seconds in ((told, 0.02), (silent, 0.032), (unknown, None)):
        found = traced([made])
        assert found is not None
        assert found.io_s == seconds


def test_exits_times_their_cost_explain_the_time_of_an_io_and_halting_is_no_cost() -> None:
    found = traced([trial(1)])
    assert found is not None
    made = model(found, TRAPS)

    assert made is not None
    assert {share.what: share.often for share in made.shares} == {
        "port I/O, device model": 25, "port I/O, hypervisor": 1, "other exits": 3,
    }  # fmt: skip
    assert made.explained == pytest.approx((25 * 1.1e-3 + 1e-4 + 3e-4) / 0.032)
    assert made.lacking == ()


def test_an_operation_that_was_not_timed_is_named_and_not_guessed() -> None:
    found = traced([trial(1)])
    assert found is not None
    made = model(found, TRAPS[1:])

    assert made is not None
    assert made.lacking == ("port I/O, device model",)
    assert model(found, ()) is None


def test_bills_of_a_cell_add_up() -> None:
    found = billed([trial(1, GUEST=6, DEVICE_MODEL=3, IDLE=14), trial(2, GUEST=6, DEVICE_MODEL=5, IDLE=14)])

    assert found is not None
    assert found.per_io(Payer.DEVICE_MODEL) == pytest.approx(8 / 800)
    assert found.per_byte(Payer.GUEST) == pytest.approx(12 / (2 << 20))
    assert (found.accounted, found.dom0_share) == (1.0, pytest.approx(0.4))


@pytest.mark.parametrize(
    ("paid", "mechanism", "reached", "limit"),
    [
        ({"PEER": 9.5}, IDE, None, Limit.GENERATOR),
        ({"DEVICE_MODEL": 9.0, "GUEST": 3.0}, IDE, None, Limit.DEVICE_MODEL),
        ({"DEVICE_MODEL": 5.0, "GUEST": 9.0}, IDE, None, Limit.PATH),
        ({"GUEST": 9.0}, None, None, Limit.GUEST),
        ({"BACKEND": 9.0}, None, None, Limit.BACKEND),
        ({"GUEST": 9.0}, IDE, Limit.STORE, Limit.STORE),
    ],
)
def test_the_limit_is_named_with_its_evidence(
    paid: dict[str, float], mechanism: Mechanism | None, reached: Limit | None, limit: Limit
) -> None:
    trials = [trial(1, mechanism, **paid)]

    found = limited(trials, traced(trials), at=Limited(reached, "it reached it") if reached else None)

    assert found is not None
    assert found.by is limit


def test_without_evidence_nothing_is_named() -> None:
    trials = [trial(1, None, GUEST=2)]

    assert limited(trials, traced(trials), at=None) is None
