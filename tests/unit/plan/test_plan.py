"""Cells to trials: blocks, boots, order, cost."""

import time
from collections import Counter, defaultdict
from dataclasses import replace
from itertools import groupby, pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pvbench import plan
from pvbench.model import Arm, Cell, DeviceKind, Order, Placement, TrialSpec, Workload

MIB = 2**20


def fio(size: int, runtime: float = 4) -> Workload:
    return Workload("fio", (("bs", size), ("runtime", runtime), ("warmup", 1)))


def cells(placement: Placement, hosts: tuple[str, ...] = ("lab",), sizes: int = 3) -> list[Cell]:
    arms = [(DeviceKind.BLOCK, device, fio(n)) for n in range(sizes) for device in ("ide", "blkfront")]
    rr = Workload("netperf", (("runtime", 5), ("test", "TCP_RR")))
    arms += [(DeviceKind.NET, device, rr) for device in ("e1000", "netfront")]
    return [Cell(Arm(host, kind, device, placement), work) for host in hosts for kind, device, work in arms]


def make(placement: Placement, *, blocks: int = 4, order: str = "random", seed: int = 1, **more: object) -> plan.Plan:
    chosen = cells(placement, **more)  # type: ignore[arg-type]
    return plan.make(chosen, blocks=blocks, order=order, seed=seed, placement=placement)


def like(trial: TrialSpec) -> tuple[Arm, Workload]:
    return replace(trial.cell.arm, device=""), trial.cell.workload


def first_arms(made: plan.Plan) -> dict[tuple[Arm, Workload], list[str]]:
    """Return, for each comparison, the device measured first in each block."""
    seen: dict[tuple[tuple[Arm, Workload], int], str] = {}
    for trial in made.trials:
        seen.setdefault((like(trial), trial.block), trial.cell.device)
    first = defaultdict(list)
    for (comparison, _), device in sorted(seen.items(), key=lambda item: item[0][1]):
        first[comparison].append(device)
    return first


@pytest.mark.parametrize("placement", Placement)
@pytest.mark.parametrize("order", Order)
def test_each_block_holds_each_cell_once_and_each_boot_in_one_piece(placement: Placement, order: Order) -> None:
    made = make(placement, order=order, hosts=("a", "b"))
    for block in range(1, 5):
        assert set(cells(placement, hosts=("a", "b"))) == {t.cell for t in made.trials if t.block == block}
    assert {1} == set(Counter((trial.block, trial.cell) for trial in made.trials).values())
    pieces = [boot for boot, _ in groupby(trial.boot for trial in made.trials)]
    assert len(pieces) == len(set(pieces)) == len(made.boots)
    assert list(range(len(made.trials))) == [trial.position for trial in made.trials]
    assert sorted(trial.block for trial in made.trials) == [trial.block for trial in made.trials]
    assert len({trial.id for trial in made.trials}) == len(made.trials)


def test_boots_are_named_by_block_and_host_and_in_isolation_by_device() -> None:
    assert ("b01-lab", "b02-lab") == make(Placement.COEXIST, blocks=2).boots
    assert {"b01-lab-ide", "b01-lab-blkfront", "b01-lab-e1000", "b01-lab-netfront"} == set(
        make(Placement.ISOLATED, blocks=1).boots
    )
    isolated = make(Placement.ISOLATED)
    assert all(
        {t.cell.device for t in isolated.trials if t.boot == boot} == {boot.rpartition("-")[2]}
        for boot in isolated.boots
    )


def test_names_of_boots_fit_a_file_and_stay_apart() -> None:
    made = make(Placement.COEXIST, blocks=1, hosts=("a/b", "a b", "a_b"))
    assert 3 == len(made.boots)
    assert not any(set(boot) & set("/ ") for boot in made.boots)
    assert "b100-lab" == make(Placement.COEXIST, blocks=100).boots[-1]
    assert "b001-lab" == make(Placement.COEXIST, blocks=100).boots[0]


def test_the_arms_of_a_comparison_follow_each_other_in_a_shared_boot() -> None:
    trials = make(Placement.COEXIST).trials
    assert all(like(one) == like(two) for one, two in zip(trials[::2], trials[1::2], strict=True))


@pytest.mark.parametrize("placement", Placement)
def test_which_arm_goes_first_alternates_over_the_blocks(placement: Placement) -> None:
    for devices in first_arms(make(placement, blocks=6)).values():
        assert 2 == len(set(devices))
        assert all(one != two for one, two in pairwise(devices))


@pytest.mark.parametrize("placement", Placement)
def test_the_arms_are_as_far_apart_forwards_as_backwards_so_that_a_linear_drift_cancels(placement: Placement) -> None:
    places = {(like(t), t.cell.device, t.block): t.position for t in make(placement, blocks=2).trials}
    for comparison, device, _ in places:
        other = next(d for c, d, _ in places if c == comparison and d != device)
        distance = [places[comparison, device, block] - places[comparison, other, block] for block in (1, 2)]
        assert 0 == sum(distance)


def test_in_isolation_the_boots_of_a_kind_follow_each_other_with_workloads_in_the_same_order() -> None:
    made = make(Placement.ISOLATED)
    for block in range(1, 5):
        trials = [trial for trial in made.trials if trial.block == block]
        assert 2 == len([kind for kind, _ in groupby(trial.cell.kind for trial in trials)])
        orders = {boot: tuple(like(t) for t in found) for boot, found in groupby(trials, lambda t: t.boot)}
        assert 2 == len(set(orders.values())), "one order for both disks, one for both network devices"


def test_the_first_arm_of_different_comparisons_differs() -> None:
    firsts = {devices[0] for devices in first_arms(make(Placement.COEXIST, sizes=20)).values()}
    assert {"ide", "blkfront"} <= firsts


@pytest.mark.parametrize("placement", Placement)
def test_blocks_are_shuffled_differently_and_fixed_order_is_the_same_each_time(placement: Placement) -> None:
    def orders(order: str) -> set[tuple[str, ...]]:
        made = make(placement, order=order, sizes=10)
        blocks = groupby(made.trials, lambda trial: trial.block)
        return {tuple(trial.cell.id for trial in found) for _, found in blocks}

    assert 4 == len(orders("random"))
    assert 1 == len(orders("fixed"))


@settings(deadline=None)
@given(st.permutations(cells(Placement.COEXIST, hosts=("a", "b"))), st.integers(0, 2**32 - 1))
def test_a_seed_gives_one_plan_however_the_cells_are_listed(shuffled: list[Cell], seed: int) -> None:
    listed = cells(Placement.COEXIST, hosts=("a", "b"))
    one, two = (
        plan.make(which, blocks=2, order="random", seed=seed, placement=Placement.COEXIST)
        for which in (listed, shuffled)
    )
    assert one == two


def test_seeds_differ_and_a_further_host_leaves_the_others_order_alone() -> None:
    assert make(Placement.COEXIST, seed=1).trials != make(Placement.COEXIST, seed=2).trials

    def of_a(made: plan.Plan) -> list[tuple[int, Cell]]:
        return [(trial.block, trial.cell) for trial in made.trials if trial.cell.host == "a"]

    assert of_a(make(Placement.COEXIST, hosts=("a",))) == of_a(make(Placement.COEXIST, hosts=("b", "a")))


def test_what_is_no_plan_is_refused() -> None:
    chosen = cells(Placement.COEXIST)
    for bad, blocks, placement in ((chosen, 0, "coexist"), (chosen * 2, 1, "coexist"), (chosen, 1, "isolated")):
        with pytest.raises(ValueError):
            plan.make(bad, blocks=blocks, order="random", seed=1, placement=Placement(placement))
    with pytest.raises(ValueError):
        plan.make(chosen, blocks=1, order="sorted", seed=1, placement=Placement.COEXIST)
    assert () == plan.make([], blocks=1, order="fixed", seed=1, placement=Placement.COEXIST).trials


def test_the_cost_is_boots_and_trials_and_the_disks_held_at_once() -> None:
    coexist, isolated = (
        plan.estimate(make(placement, blocks=2), boot_s=100, overhead_s=3, scratch_bytes=MIB)
        for placement in (Placement.COEXIST, Placement.ISOLATED)
    )
    assert plan.Estimate(2 * 100 + 16 * (3 + 5), 2, 16, 2 * MIB) == coexist
    assert plan.Estimate(8 * 100 + 16 * (3 + 5), 8, 16, MIB) == isolated
    traced = plan.estimate(
        make(Placement.COEXIST, blocks=2), boot_s=100, overhead_s=3, scratch_bytes=MIB, traces=1, trace_s=10
    )
    assert traced.seconds == coexist.seconds + 8 * 10


def test_network_trials_need_no_scratch_disk() -> None:
    only_net = [cell for cell in cells(Placement.COEXIST) if cell.kind is DeviceKind.NET]
    made = plan.make(only_net, blocks=1, order="random", seed=1, placement=Placement.COEXIST)
    assert 0 == plan.estimate(made, boot_s=1, overhead_s=1, scratch_bytes=MIB).disk_bytes


def repeated(placement: Placement, *, blocks: int = 10, runs: int = 1, twins: float = 0.2, **more: object) -> plan.Plan:
    chosen = cells(placement, **more)  # type: ignore[arg-type]
    return plan.make(
        chosen, blocks=blocks, order="random", seed=1, placement=placement, runs_per_boot=runs, twins=twins
    )


@pytest.mark.parametrize("placement", Placement)
def test_every_workload_is_run_once_before_any_is_run_again_in_the_same_order_in_both_arms(
    placement: Placement,
) -> None:
    made = repeated(placement, blocks=2, runs=3, twins=0)
    orders = defaultdict(list)
    for trial in made.trials:
        orders[trial.block, trial.cell.device, trial.run].append(like(trial))
    for boot in made.boots:
        runs = [trial.run for trial in made.trials if trial.boot == boot]
        assert sorted(runs) == runs
    for block, run in ((block, run) for block in (1, 2) for run in (1, 2, 3)):
        assert orders[block, "ide", run] == orders[block, "blkfront", run]
        assert 3 == len(orders[block, "ide", run])
    assert len({trial.id for trial in made.trials}) == len(made.trials) == 8 * 2 * 3


def test_in_a_shared_boot_the_arms_alternate_from_run_to_run() -> None:
    made = repeated(Placement.COEXIST, blocks=1, runs=2, twins=0)
    first = {(like(t), t.run): t.cell.device for t in reversed(made.trials)}
    assert all(first[comparison, 1] != first[comparison, 2] for comparison, _ in first)


@pytest.mark.parametrize("placement", Placement)
def test_cells_of_different_tunables_have_boots_of_their_own(placement: Placement) -> None:
    chosen = [
        replace(cell, arm=replace(cell.arm, tunables=point))
        for cell in cells(placement)
        for point in ((), (("queues", 2),))
    ]
    made = plan.make(chosen, blocks=2, order="random", seed=1, placement=placement)
    for boot in made.boots:
        assert 1 == len({trial.cell.tunables for trial in made.trials if trial.boot == boot})
    assert (4 if placement is Placement.COEXIST else 16) == len(made.boots)
    assert [boot for boot, _ in groupby(t.boot for t in made.trials)] == list(made.boots)
    assert made == plan.make(chosen[::-1], blocks=2, order="random", seed=1, placement=placement)


@pytest.mark.parametrize("placement", Placement)
def test_a_twinned_block_measures_one_device_of_each_kind_again_in_turn(placement: Placement) -> None:
    made = repeated(placement, twins=0.4)
    twins = [trial for trial in made.trials if trial.twin]
    assert 4 == len({trial.block for trial in twins})
    for kind in DeviceKind:
        turns = [
            {t.cell.device for t in found}
            for _, found in groupby((t for t in twins if t.cell.kind is kind), key=lambda t: t.block)
        ]
        assert 4 == len(turns)
        assert all(1 == len(one) and one != two for one, two in pairwise(turns))
    assert len({trial.id for trial in made.trials}) == len(made.trials)
    assert list(made.boots) == [boot for boot, _ in groupby(trial.boot for trial in made.trials)]


@pytest.mark.parametrize("placement", Placement)
def test_a_plan_with_twins_is_the_plan_without_them_and_them(placement: Placement) -> None:
    with_them, without = (repeated(placement, runs=2, twins=share).trials for share in (0.5, 0))
    assert [replace(t, position=0) for t in with_them if not t.twin] == [replace(t, position=0) for t in without]


def test_a_twin_in_a_shared_boot_is_beside_its_original_as_often_before_it_as_after() -> None:
    made = repeated(Placement.COEXIST, blocks=40, twins=1.0)
    places = {(t.cell, t.block, t.twin): t.position for t in made.trials}
    gaps = [places[cell, block, True] - places[cell, block, False] for cell, block, twin in places if twin]
    assert {-1, 1} == set(gaps)
    assert abs(sum(gaps)) <= 4


def test_a_twin_in_isolation_is_a_boot_beside_its_original() -> None:
    made = repeated(Placement.ISOLATED, blocks=5)
    twins = [boot for boot in made.boots if boot.endswith("-twin")]
    assert 2 == len(twins), "one block of five, one device of each kind"
    for boot in twins:
        original = made.boots.index(boot.removesuffix("-twin"))
        assert 1 == abs(made.boots.index(boot) - original)


@pytest.mark.parametrize(("blocks", "share", "number"), [(5, 0.2, 1), (6, 0.2, 2), (10, 0.3, 3), (7, 1, 7), (9, 0, 0)])
def test_twinned_blocks_are_the_share_rounded_up_and_evenly_spread(blocks: int, share: float, number: int) -> None:
    for seed in range(20):
        found = plan.twinned(blocks, share, seed, "lab")
        assert number == len(set(found))
        assert all(1 <= block <= blocks for block in found)
        gaps = [two - one for one, two in pairwise(found)]
        assert not gaps or max(gaps) - min(gaps) <= 1


def test_a_kind_with_one_device_has_no_twin() -> None:
    lone = [cell for cell in cells(Placement.ISOLATED) if cell.device not in ("blkfront", "netfront")]
    made = plan.make(lone, blocks=5, order="random", seed=1, placement=Placement.ISOLATED, twins=1)
    assert not any(trial.twin for trial in made.trials)


@pytest.mark.parametrize("placement", Placement)
def test_ten_thousand_cells_are_planned_in_no_time(placement: Placement) -> None:
    many = cells(placement, sizes=5000)
    start = time.process_time()
    made = plan.make(many, blocks=3, order="random", seed=1, placement=placement)
    assert time.process_time() - start < 2
    assert isinstance(made.trials[-1], TrialSpec)
    assert 3 * len(many) == len(made.trials)
