"""What `show` says of a trial's bill, trace and trap costs."""

import json

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
from pvbench.views import trial_costs

CELL = Cell(Arm("lab", DeviceKind.BLOCK, "ide", Placement.COEXIST), Workload("fio", (("rw", "randread"),)))
BARE = Trial(TrialSpec(CELL, 1, "b1", 0), Outcome.OK, None, "", (Reading("iops", 31.0),))
TRIAL = Trial(
    TrialSpec(CELL, 1, "b1", 0),
    Outcome.OK,
    None,
    "",
    (Reading("iops", 31.0),),
    bill=CpuBill(10.0, 2, ((Payer.GUEST, 5.0), (Payer.IDLE, 12.0), (Payer.DEVICE_MODEL, 2.9)), 400, 1 << 20),
    mechanism=Mechanism(
        2.0, 50, (("exit: port I/O", 1300), ("exit: \x1b[31m", 5)), (("port I/O", 1.6),), 3, 1.25, 3 << 20
    ),
    traps=(TrapCost("empty hypercall", ((100_000, 3), (300_000, 1))), TrapCost("event to self", ())),
)


def test_show_prints_what_an_io_cost() -> None:
    assert [
        "    CPU of 10 s on 2 CPUs, 400 I/Os, 1 MiB:",
        "      guest vCPU: 5.00 s (25.0 %)",
        "      device model: 2.90 s (14.5 %)",
        "      idle: 12.00 s (60.0 %)",
        "      accounted: 99.5 % of wall clock × CPUs",
        "    traced for 2 s, 50 I/Os, rate untraced ÷ traced 1.25, 3 MiB written:",
        "      3 records lost: every count is a lower bound",
        "      exit: port I/O: at least 1,300, 26.0 per I/O, away 80.0 % of the time",
        r"      exit: \x1b[31m: at least 5, 0.100 per I/O",
        "    one operation takes, as it is charged (and on average):",
        "      empty hypercall: 100 µs (150 µs; 4 samples)",
        "      event to self: not measured",
    ] == list(trial_costs.lines(TRIAL))


def test_what_was_not_measured_is_not_printed_and_is_null_in_the_data() -> None:
    assert [] == list(trial_costs.lines(BARE))
    assert {"bill": None, "mechanism": None, "traps": []} == trial_costs.as_data(BARE)


def test_the_data_is_keyed_by_what_it_is() -> None:
    data = json.loads(json.dumps(trial_costs.as_data(TRIAL)))
    assert {"guest vCPU": 5.0, "idle": 12.0, "device model": 2.9} == data["bill"]["paid"]
    assert {"port I/O": 1.6} == data["mechanism"]["away"]
    assert 1300 == data["mechanism"]["counts"]["exit: port I/O"]
    assert [["empty hypercall", 0.00015], ["event to self", None]] == [
        [trap["name"], round(trap["mean_s"], 9) if trap["mean_s"] else None] for trap in data["traps"]
    ]
