"""Which trials are measured together."""

from dataclasses import replace

from pvbench.model import Arm, Cell, DeviceKind, Outcome, Placement, Reading, Trial, TrialSpec, Workload
from pvbench.pairs import pairs, parted, unfinished


def cell(device: str, tool: str = "fio") -> Cell:
    return Cell(Arm("xen1", DeviceKind.BLOCK, device, Placement.COEXIST), Workload(tool, (("rw", "read"),)))


IDE, BLKFRONT = cell("ide"), cell("blkfront")
PLAN = (
    TrialSpec(IDE, 1, "b01", 0),
    TrialSpec(BLKFRONT, 1, "b01", 1),
    TrialSpec(IDE, 1, "b01", 2, run=2),
    TrialSpec(BLKFRONT, 1, "b01", 3, run=2),
    TrialSpec(cell("ide", "dd"), 1, "b01", 4),
    TrialSpec(IDE, 2, "b02", 5),
    TrialSpec(BLKFRONT, 2, "b02", 6),
)


def test_the_arms_of_a_workload_in_a_boot_and_a_run_are_a_pair() -> None:
    assert [[spec.position for spec in pair] for pair in pairs(PLAN)] == [[0, 1], [2, 3], [4], [5, 6]]


def test_an_unfinished_trial_takes_its_partners_with_it_and_no_other() -> None:
    finished = {spec.id for spec in PLAN} - {PLAN[1].id, PLAN[5].id}

    assert [spec.position for spec in unfinished(PLAN, finished)] == [0, 1, 5, 6]
    assert unfinished(PLAN, {spec.id for spec in PLAN}) == []


def test_a_pair_of_two_boots_is_found_and_one_of_unknown_boots_is_not() -> None:
    made = [
        Trial(spec, Outcome.OK, None, "2026-01-01T00:00:00Z", (Reading("iops", 1.0),), booted=booted)
        for spec, booted in zip(PLAN[:4], ("then", "later", "then", "then"), strict=True)
    ]

    assert [[trial.spec.position for trial in pair] for pair in parted(made)] == [[0, 1]]
    assert not list(parted(replace(trial, booted=None) for trial in made))
