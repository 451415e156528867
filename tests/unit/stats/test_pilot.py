import math

import numpy as np
import pytest
from scipy.special import stdtrit

from pvbench.stats.components import PairedComponents, components, paired
from pvbench.stats.pilot import MOST_RUNS, Cost, best_runs, for_time, for_width, width

COST = Cost(boots_s=120, run_s=140)


def simulated(
    blocks: int, runs: int, boot: float, run: float, drift: float = 0.0, ratio: float = 1.0, seed: int = 1
) -> tuple[dict[int, list[float]], dict[int, list[float]]]:
    rng = np.random.default_rng(seed)
    shared = np.linspace(0, drift, blocks)
    arms = []
    for factor in (1.0, ratio):
        logs = rng.normal(0, boot, (blocks, 1)) + rng.normal(0, run, (blocks, runs)) + shared[:, None]
        arms.append({block: (100 * factor * np.exp(logs[block])).tolist() for block in range(blocks)})
    return arms[0], arms[1]


def test_components_are_those_that_were_put_in() -> None:
    found = components(simulated(400, 5, 0.04, 0.01, drift=0.2)[0], [[100, 104, 96, 100, 100]] * 3)
    assert pytest.approx(0.04, rel=0.1) == found.boot
    assert pytest.approx(0.01, rel=0.1) == found.run
    assert pytest.approx(0.2, abs=0.03) == found.drift
    assert pytest.approx(0.0283, rel=0.02) == found.window
    assert 400 == found.blocks


def test_the_estimates_of_small_pilots_are_right_on_average() -> None:
    pilots = [components(simulated(5, 5, 0.04, 0.01, drift=0.1, seed=seed)[0]) for seed in range(400)]
    assert pytest.approx(0.04**2, rel=0.1) == np.mean([(one.boot or 0) ** 2 for one in pilots])
    assert pytest.approx(0.01**2, rel=0.1) == np.mean([(one.run or 0) ** 2 for one in pilots])
    assert pytest.approx(0.1, abs=0.01) == np.mean([one.drift or 0 for one in pilots])


def test_a_boot_component_is_never_negative_and_one_run_tells_no_run_component() -> None:
    assert 0 == components({1: [90, 110], 2: [110, 90], 3: [90, 110]}).boot
    assert None is components({1: [90], 2: [110]}).run
    assert None is components({1: [90, 80]}).boot


def test_drift_that_both_arms_share_is_no_part_of_a_comparison() -> None:
    found = paired(*simulated(300, 3, 0.04, 0.01, drift=2.0, ratio=8))
    assert found is not None
    assert pytest.approx(math.log(8), abs=0.02) == found.log
    assert pytest.approx(2 * 0.04**2, rel=0.2) == found.boot
    assert pytest.approx(2 * 0.01**2, rel=0.2) == found.run
    assert None is paired({1: [1]}, {1: [2], 2: [3]})


def test_more_runs_pay_where_boots_are_dear_and_runs_vary() -> None:
    assert 1 == best_runs(COST, PairedComponents(0, 0.04**2, 0.01**2, 5))
    assert 3 == best_runs(Cost(900, 100), PairedComponents(0, 0.01, 0.01, 5))
    assert MOST_RUNS == best_runs(COST, PairedComponents(0, 0.0, 0.01, 5))
    assert 1 == best_runs(COST, PairedComponents(0, 0.0, 0.0, 5))


@pytest.mark.parametrize(("boot", "run"), [(0.05, 0.05), (0.02, 0.08), (0.1, 0.03)])
def test_the_recommended_runs_are_nearly_the_cheapest(boot: float, run: float) -> None:
    cost, found = Cost(600, 60), PairedComponents(0, boot**2, run**2, 10)

    def price(runs: int) -> float:
        return (cost.boots_s + runs * cost.run_s) * found.block(runs)

    assert price(best_runs(cost, found)) <= 1.02 * min(map(price, range(1, MOST_RUNS + 1)))


def test_the_blocks_are_the_fewest_that_give_the_width() -> None:
    found = PairedComponents(0, 0.04**2, 0.01**2, 5)
    advice = for_width(COST, [found], 0.1)
    assert advice.reached
    assert width(found, advice.blocks, advice.runs) <= 0.1 < width(found, advice.blocks - 1, advice.runs)
    assert advice.blocks * (120 + advice.runs * 140) == advice.seconds


def test_a_width_out_of_reach_is_said_to_be() -> None:
    assert not for_width(COST, [PairedComponents(0, 1.0, 0.0, 5)], 0.001).reached


def test_a_time_is_kept_and_too_little_of_it_is_none() -> None:
    found = PairedComponents(0, 0.04**2, 0.01**2, 5)
    advice = for_time(COST, [found], 3600, 0.1)
    assert advice is not None
    assert advice.seconds <= 3600 < advice.seconds + 260
    assert None is for_time(COST, [found], 500, 0.1)


def test_campaigns_planned_by_a_pilot_come_out_as_narrow_as_told_in_at_least_seven_of_ten() -> None:
    kept = 0
    for seed in range(100):
        pilot = paired(*simulated(5, 5, 0.04, 0.01, seed=seed))
        assert pilot is not None
        advice = for_width(COST, [pilot], 0.1)
        real = paired(*simulated(advice.blocks, advice.runs, 0.04, 0.01, seed=1000 + seed))
        assert real is not None
        half = math.sqrt(real.block(advice.runs) / advice.blocks) * stdtrit(advice.blocks - 1, 0.975)
        kept += 2 * math.sinh(half) <= 0.1
    assert kept >= 70
