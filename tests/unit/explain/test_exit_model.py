"""What one I/O costs, who paid for it, and what limited it."""

from dataclasses import replace

import pytest

from pvbench.explain.bottleneck import Limit, Limited, limited
from pvbench.explain.cpu_bill import billed
from pvbench.explain.exit_model import model, traced
from pvbench.explain.trap_costs import by_boot, timed
from pvbench.model import (
    Arm,
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

CELL = Cell(Arm("lab", DeviceKind.BLOCK, "ide", Placement.COEXIST), Workload("fio", (("rw", "randread"),)))
IDE = Mechanism(
    2.0,
    50,
    (("exit: port I/O", 1300), ("device-model round trip", 1250), ("exit: MSR", 150), ("exit: HLT", 50)),
    (("port I/O", 1.6), ("HLT", 0.2)),
    0,
    1.25,
)
TRAPS = (
    TrapCost("port read, device model", ((1_000_000, 9), (2_000_000, 1))),
    TrapCost("port read, hypervisor", ((100_000, 1),)),
    TrapCost("empty hypercall", ((100_000, 1),)),
)


def trial(block: int, mechanism: Mechanism | None = IDE, **paid: float) -> Trial:
    spent = tuple((payer, paid.get(payer.name, 0.0)) for payer in Payer)
    spec = TrialSpec(CELL, block, f"b{block}", 0)
    return Trial(
        spec,
        Outcome.OK,
        None,
        "",
        (Reading("iops", 31.25),),
        seconds=(("tool", 10.0),),
        bill=CpuBill(12.0, 2, spent, 400, 1 << 20),
        mechanism=mechanism,
    )


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
        "port I/O, device model": 25,
        "port I/O, hypervisor": 1,
        "other exits": 3,
    }
    assert made.explained == pytest.approx((25 * 1e-3 + 1e-4 + 3e-4) / 0.032)
    assert made.at_mean == pytest.approx((25 * 1.1e-3 + 1e-4 + 3e-4) / 0.032)
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
    assert (found.accounted, found.host_share) == (1.0, pytest.approx(0.4))


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

    found = limited(trials, traced(trials), ceiling=Limited(reached, "it reached it") if reached else None)

    assert found is not None
    assert found.by is limit


def test_without_evidence_nothing_is_named() -> None:
    trials = [trial(1, None, GUEST=2)]

    assert limited(trials, traced(trials), ceiling=None) is None


@pytest.mark.parametrize(
    ("paid", "tool_s", "vcpus", "said"),
    [
        ({"GUEST": 10.7}, 10.0, 1, "the guest's vCPU ran for 100% of the time"),  # the looks are part of the window
        ({"GUEST": 19.0}, 10.0, 2, "the guest's 2 vCPUs ran for 95% of the time"),
        ({"DEVICE_MODEL": 10.7}, 10.0, 1, "device model used 100% of a CPU"),
        ({"DEVICE_MODEL": 18.0}, 10.0, 1, "device model used 1.5 CPUs"),  # it has threads
    ],
)
def test_no_share_of_time_is_above_what_the_clock_allows(
    paid: dict[str, float], tool_s: float, vcpus: int, said: str
) -> None:
    trials = [replace(trial(1, None, **paid), seconds=(("tool", tool_s),))]

    found = limited(trials, None, ceiling=None, vcpus=vcpus)

    assert found is not None
    assert found.because == said


@pytest.mark.parametrize(
    "paid",
    [
        {"GUEST": 14.0},  # one vCPU, for 14 s of 12
        {"GUEST": 11.0, "IDLE": 20.0},  # two CPUs, for 31 s of 24
        {"DEVICE_MODEL": 11.0, "HOST": -3.0},
    ],
)
def test_clocks_that_contradict_each_other_name_nothing(paid: dict[str, float]) -> None:
    trials = [trial(1, None, **paid)]

    assert limited(trials, None, ceiling=None) is None
    bill = billed(trials)
    assert bill is not None
    assert not bill.consistent


def test_the_warm_up_is_part_of_what_a_guest_ran_for() -> None:
    trials = [replace(trial(1, None, GUEST=5.0), seconds=(("warmup", 5.0), ("tool", 5.0)))]

    assert limited(trials, None, ceiling=None) is None


def test_a_vcpu_that_was_away_longer_than_the_trace_lasted_limits_nothing() -> None:
    trials = [trial(1, replace(IDE, away=(("port I/O", 2.5),)))]
    found = traced(trials)

    assert found is not None
    assert not found.consistent
    assert limited(trials, found, ceiling=None) is None
    both = traced(trials, vcpus=2)
    assert both is not None
    assert both.consistent
    assert dict(both.away) == {"port I/O": 0.625}


@pytest.mark.parametrize(
    ("rounds", "charged"),
    [
        ([1000, 1010, 1020, 9000], 1000),
        ([9000, 9000, 1000, 1010, 9000, 1020, 9000, 9000], 1010),
        ([1000, 9000, 9000], 9000),  # too few to leave any out, so the median
    ],
)
def test_a_burst_makes_no_cost_while_a_quarter_of_the_rounds_are_without_it(rounds: list[int], charged: int) -> None:
    (found,) = timed(TrapCost("empty hypercall", ((ns, 10),)) for ns in rounds)

    assert found.charged_s == pytest.approx(charged / 1e9)
    assert found.mean_s == pytest.approx(sum(rounds) / len(rounds) / 1e9)


def test_one_round_stands_a_burst_of_less_than_half_of_it() -> None:
    (found,) = timed([TrapCost("empty hypercall", ((1000, 60), (50_000, 40)))])

    assert (found.charged_s, len(found.rounds)) == (1e-6, 1)


def test_rounds_keep_the_interference_that_operations_under_load_meet_too() -> None:
    ticked = ((1000, 90), (5000, 10))
    (found,) = timed([TrapCost("empty hypercall", ticked)] * 4)

    assert found.charged_s == pytest.approx(1.4e-6)


def test_a_boot_has_all_its_rounds_and_each_once() -> None:
    rounds = tuple(TrapCost("empty hypercall", ((ns, 10),)) for ns in (1, 2, 3))
    again = replace(trial(1), spec=replace(trial(1).spec, position=1), traps=rounds[:2])
    other = replace(again, spec=replace(again.spec, position=2), traps=rounds[2:])
    anew = replace(other, booted="2026-01-01T00:00:00Z")

    assert by_boot([replace(trial(1), traps=rounds[:2]), again, other, trial(2), anew]) == {
        ("lab", "b1", None): rounds,
        ("lab", "b1", "2026-01-01T00:00:00Z"): rounds[2:],
    }


def test_operations_timed_under_disturbance_explain_no_share() -> None:
    found = traced([trial(1)])
    assert found is not None

    def share(ns: int) -> float | None:
        made = model(found, [TrapCost("port read, device model", ((ns, 5),)), *TRAPS[1:]])
        assert made is not None
        return made.explained

    assert share(1_500_000) == pytest.approx((25 * 1.5e-3 + 4e-4) / 0.032)
    assert share(1_600_000) is None
