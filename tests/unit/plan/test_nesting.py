"""What takes less to switch lies within what takes more, and at each level the order alternates."""

from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from itertools import groupby, pairwise

import pytest

from pvbench import plan
from pvbench.factors import FACTORS, Switch
from pvbench.model import Arm, Cell, Contrast, DeviceKind, GuestMode, Placement, TrialSpec, Workload

HVM, PVH, PV = GuestMode
FIO = Workload("fio", (("runtime", 5), ("rw", "read")))
RR = Workload("netperf", (("runtime", 5), ("test", "TCP_RR")))
QUEUES, STACK, DEVICE = (
    Contrast("queues", 1),
    Contrast("stack", "old"),
    Contrast("device", ((DeviceKind.NET, "e1000"),)),
)


def cells(
    placement: Placement = Placement.COEXIST, stacks: tuple[str, ...] = ("",), queues: tuple[int, ...] = (1, 4)
) -> list[Cell]:
    return [
        Cell(Arm("lab", DeviceKind.NET, device, placement, (("queues", number),), stack=stack), RR)
        for stack in stacks
        for number in queues
        for device in ("e1000", "netfront")
    ]


def make(chosen: list[Cell], blocks: int = 4, **more: object) -> tuple[TrialSpec, ...]:
    placement = chosen[0].placement
    return plan.make(chosen, blocks=blocks, order="random", seed=1, placement=placement, **more).trials  # type: ignore[arg-type]


def places(trials: tuple[TrialSpec, ...], value: Callable[[Arm], object]) -> dict[object, list[float]]:
    """Return the mean place of each value of a factor within its block, block by block."""
    found: dict[object, list[float]] = {}
    for _, block in groupby(trials, key=lambda trial: trial.block):
        own = list(block)
        for each in {value(trial.cell.arm) for trial in own}:
            at = [trial.position - own[0].position for trial in own if value(trial.cell.arm) == each]
            found.setdefault(each, []).append(sum(at) / len(at))
    return found


@pytest.mark.parametrize("placement", Placement)
@pytest.mark.parametrize("queues", [(1, 4), (1, 2, 4, 8)])
def test_the_boots_of_tunables_alternate_from_block_to_block_so_that_a_linear_drift_cancels(
    placement: Placement, queues: tuple[int, ...]
) -> None:
    made = make(cells(placement, queues=queues), contrasts=[QUEUES])
    orders = [
        [q for q, _ in groupby(t.cell.arm.tunables for t in block)] for _, block in groupby(made, lambda t: t.block)
    ]
    assert all(one == two[::-1] for one, two in pairwise(orders))
    two_blocks = [sum(found[:2]) for found in places(made, lambda arm: arm.tunables).values()]
    assert 1 == len(set(two_blocks)), "over two blocks each value stands at the same place on average"


def test_in_isolation_the_arms_of_what_is_compared_follow_each_other() -> None:
    def boots(*contrasts: Contrast) -> list[tuple[str, object]]:
        made = make(cells(Placement.ISOLATED), blocks=1, contrasts=contrasts)
        return [(trial.cell.device, trial.cell.arm.tunables) for trial in made]

    (one, _), (two, _), *_ = boots(QUEUES)
    assert one == two
    (_, one_point), (_, two_point), *_ = boots(DEVICE)
    assert one_point == two_point


@pytest.mark.parametrize(("first", "other"), [("queues", "mtu"), ("mtu", "queues")])
def test_of_several_tunables_the_boots_of_what_is_compared_first_follow_each_other(first: str, other: str) -> None:
    chosen = [
        replace(cell, arm=replace(cell.arm, tunables=(("mtu", size), *cell.arm.tunables)))
        for cell in cells()
        for size in (576, 1500)
    ]
    made = make(chosen, blocks=2, contrasts=[Contrast(first, 1), Contrast(other, 1500)])
    points = [dict(point) for point, _ in groupby(trial.cell.arm.tunables for trial in made)]
    assert 7 == len(points), "four boots in each block, and the last of the first is the first of the second"
    for one, two in (points[:2], points[2:4]):
        assert one[first] != two[first]
        assert one[other] == two[other]


@pytest.mark.parametrize("placement", Placement)
def test_deployments_lie_around_boots_and_both_alternate(placement: Placement) -> None:
    made = make(cells(placement, stacks=("new", "old")), boots_per_deployment=2, contrasts=[STACK])
    pieces = [deployment for deployment, _ in groupby(trial.deployment for trial in made)]
    assert 8 == len(pieces) == len(set(pieces)), "four blocks of two stacks, each deployed once and in one piece"
    stacks = [[s for s, _ in groupby(t.cell.arm.stack for t in block)] for _, block in groupby(made, lambda t: t.block)]
    assert all(2 == len(one) and one == two[::-1] for one, two in pairwise(stacks))
    for _, trials in groupby(made, key=lambda trial: trial.deployment):
        own = list(trials)
        rounds = [[t.boot for t in found] for _, found in groupby(own, key=lambda trial: trial.round)]
        assert 2 == len(rounds)
        arms = [[t.cell.arm for t in own if t.round == number] for number in (1, 2)]
        assert arms[0] == arms[1][::-1], "A B, then B A, in one deployment"
    assert len({trial.id for trial in made}) == len(made)
    assert {1} == set(Counter((trial.block, trial.round, trial.cell) for trial in made).values())


def test_without_a_stack_nothing_is_deployed_and_the_first_round_is_not_named() -> None:
    made = make(cells(), blocks=1, boots_per_deployment=2)
    assert {""} == {trial.deployment for trial in made}
    assert {"b01-lab", "b01.2-lab"} == {trial.boot.rpartition("-")[0] for trial in made}


def test_guests_and_modes_have_boots_of_their_own_with_names_of_their_own() -> None:
    chosen = cells(queues=(1,))
    other = [replace(cell, arm=replace(cell.arm, guest="debian")) for cell in chosen]
    made = make(chosen + other, blocks=2)
    assert 4 == len({trial.boot for trial in made})
    for boot in {trial.boot for trial in made}:
        assert 1 == len({trial.cell.arm.guest for trial in made if trial.boot == boot})


@pytest.mark.parametrize("placement", Placement)
@pytest.mark.parametrize(
    ("contrast", "level"), [(DEVICE, Switch.NOTHING), (QUEUES, Switch.BOOT), (STACK, Switch.DEPLOYMENT)]
)
def test_twins_have_of_their_own_what_has_to_be_done_anew(
    placement: Placement, contrast: Contrast, level: Switch
) -> None:
    chosen = cells(placement, stacks=("new", "old"))
    made = make(chosen, blocks=8, twins=1.0, contrasts=[contrast])
    level = max(level, FACTORS["device"].switched_by(chosen[0].arm) if contrast is DEVICE else level)
    twins, originals = ({t for t in made if t.twin is which} for which in (True, False))
    shared = {
        Switch.NOTHING: {t.boot for t in twins} & {t.boot for t in originals},
        Switch.BOOT: {t.deployment for t in twins} & {t.deployment for t in originals},
        Switch.DEPLOYMENT: {t.block for t in twins} & {t.block for t in originals},
    }
    assert shared[level]
    if level >= Switch.BOOT:
        assert not {t.boot for t in twins} & {t.boot for t in originals}
    if level is Switch.DEPLOYMENT:
        assert not {t.deployment for t in twins} & {t.deployment for t in originals}
    assert {(t.block, t.round, t.cell) for t in twins} <= {(t.block, t.round, t.cell) for t in originals}
    compared = {cell for cell in chosen if contrast is not QUEUES or cell.device == "netfront"}
    assert compared | (set(chosen) if placement is Placement.COEXIST else set()) == {t.cell for t in twins}, (
        "each arm in its turn; what shares its boot goes with it, and what nothing is compared with has none"
    )
    without = make(chosen, blocks=8, contrasts=[contrast])
    assert [replace(t, position=0) for t in made if not t.twin] == [replace(t, position=0) for t in without]
    assert len({trial.id for trial in made}) == len(made)
    pieces = [boot for boot, _ in groupby(trial.boot for trial in made)]
    assert len(pieces) == len(set(pieces)), "each boot in one piece"


def test_a_twin_of_its_own_boot_is_before_its_original_as_often_as_after() -> None:
    made = make(cells(), blocks=40, twins=1.0, contrasts=[QUEUES])
    at = {(t.block, t.cell, t.twin): t.position for t in made}
    after = sum(at[block, cell, True] > at[block, cell, False] for block, cell, twin in at if twin)
    assert 0.4 <= after / sum(twin for *_, twin in at) <= 0.6


def test_what_no_comparison_tells_apart_has_no_twin() -> None:
    lone = [cell for cell in cells() if cell.device == "netfront"]
    assert not any(trial.twin for trial in make(lone, twins=1.0, contrasts=[DEVICE]))
    assert any(trial.twin for trial in make(lone, twins=1.0, contrasts=[QUEUES]))


def test_a_unit_is_a_boot_of_each_block_and_round_or_a_deployment_with_all_its_boots() -> None:
    trial = make(cells(), blocks=1, boots_per_deployment=2)[-1]
    assert (1, 2) == Switch.NOTHING.unit_of(trial) == Switch.BOOT.unit_of(trial)
    assert (1, 0) == Switch.DEPLOYMENT.unit_of(trial)


def test_every_mode_of_a_guest_takes_boots_of_its_own_and_twins_are_only_of_arms_that_there_are() -> None:
    chosen = [
        Cell(Arm("lab", DeviceKind.BLOCK, device, Placement.ISOLATED, mode=mode), FIO)
        for device, mode in (("ide", HVM), ("blkfront", HVM), ("blkfront", PVH), ("blkfront", PV))
    ]
    made = make(chosen, blocks=6, twins=1.0, contrasts=[Contrast("mode", "hvm")])
    assert all(1 == len({trial.cell.arm for trial in boot}) for _, boot in groupby(made, key=lambda trial: trial.boot))
    assert {("ide", HVM, False), *(("blkfront", mode, twin) for mode in (HVM, PVH, PV) for twin in (False, True))} == {
        (trial.cell.device, trial.cell.arm.mode, trial.twin) for trial in made
    }
    assert {"b01-lab-blkfront", "b01-lab-blkfront-pvh", "b01-lab-blkfront-pv"} <= {trial.boot for trial in made}
