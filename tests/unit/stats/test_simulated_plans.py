"""Proofs by simulation over real plans: identical arms along each factor, with all that deployments and boots add.

Each deployment adds its own 4 %, each boot 4 %, each run 1 %, all as standard deviations of log values; every block
drifts by 8 % of its own, and from the first trial to the last everything moves by a third in a straight line.
"""

from dataclasses import replace

import numpy as np
import pytest

from pvbench import plan
from pvbench.factors import FACTORS, Switch
from pvbench.metrics import METRICS
from pvbench.model import Arm, Cell, Contrast, DeviceKind, Placement, TrialSpec, Workload
from pvbench.stats import Sample, Verdict, compare, noise
from pvbench.stats.noise_floor import twin_log

pytestmark = pytest.mark.proof
CAMPAIGNS = 1500
DEPLOYMENT, BOOT, RUN, DRIFT, RISE = 0.04, 0.04, 0.01, 0.08, 0.3
GOODPUT = METRICS["goodput"]
LOAD = Workload("iperf3", (("direction", "up"), ("runtime", 5)))
DIFFERENT = {Verdict.FASTER, Verdict.SLOWER}
KIND = DeviceKind.NET
CONTRASTS = {
    "device": Contrast("device", ((KIND, "e1000"),)),
    "queues": Contrast("queues", 1),
    "stack": Contrast("stack", "old"),
}
LEVELS = [
    ("device", Placement.COEXIST, 1),
    ("device", Placement.ISOLATED, 1),
    ("queues", Placement.COEXIST, 1),
    ("queues", Placement.COEXIST, 3),
    ("queues", Placement.ISOLATED, 2),
    ("stack", Placement.COEXIST, 3),
    ("stack", Placement.ISOLATED, 2),
]


def planned(factor: str, placement: Placement, boots: int, blocks: int = 5, twins: float = 0.0) -> list[TrialSpec]:
    cells = [
        Cell(Arm("lab", KIND, device, placement, (("queues", number),), stack=stack), LOAD)
        for stack in (("new", "old") if factor == "stack" else ("",))
        for number in (1, 4)
        for device in ("e1000", "netfront")
    ]
    made = plan.make(
        cells,
        blocks=blocks,
        order="random",
        seed=7,
        placement=placement,
        runs_per_boot=2,
        boots_per_deployment=boots,
        twins=twins,
        contrasts=[CONTRASTS[factor]],
    )
    return list(made.trials)


def campaigns(trials: list[TrialSpec], number: int, seed: int) -> np.ndarray:
    """Return the log values of every trial in so many campaigns in which no arm differs from another."""
    rng = np.random.default_rng(seed)

    def shared(names: list[object], sd: float) -> np.ndarray:
        _, which = np.unique([str(name) for name in names], return_inverse=True)
        return rng.normal(0, sd, (number, which.max() + 1))[:, which]

    return (
        RISE * np.linspace(0, 1, len(trials))
        + shared([trial.block for trial in trials], DRIFT)
        + shared([trial.deployment for trial in trials], DEPLOYMENT)
        + shared([trial.boot for trial in trials], BOOT)
        + rng.normal(0, RUN, (number, len(trials)))
    )


def false_positives(factor: str, placement: Placement, boots: int, unit: Switch | None = None) -> float:
    """Return the share of campaigns in which two of the identical arms are called different."""
    trials, row = planned(factor, placement, boots), FACTORS[factor]
    own = [trial for trial in trials if row.without(trial.cell.arm) == row.without(trials[0].cell.arm)]
    values = list(dict.fromkeys(row.value(trial.cell.arm) for trial in own))
    counted = row.switched_by(trials[0].cell.arm) if unit is None else unit
    sides = [
        [(trial.position, counted.unit_of(trial)) for trial in own if row.value(trial.cell.arm) == value]
        for value in values[:2]
    ]
    wrong = 0
    for logs in campaigns(trials, CAMPAIGNS, 1):
        below, above = (Sample.of((each, float(np.exp(logs[at]))) for at, each in side) for side in sides)
        # A margin of nearly nothing: what is asked is whether the interval leaves out 1.
        wrong += compare(below, above, metric=GOODPUT, margin=1e-9).verdict in DIFFERENT
    return wrong / CAMPAIGNS


@pytest.mark.parametrize(("factor", "placement", "boots"), LEVELS)
def test_identical_arms_are_called_different_in_at_most_6_percent_along_each_factor(
    factor: str, placement: Placement, boots: int
) -> None:
    assert false_positives(factor, placement, boots) <= 0.06


def test_boots_of_one_deployment_do_not_count_as_deployments() -> None:
    """Counted as units they would call identical stacks different more than twice as often as they may."""
    assert false_positives("stack", Placement.COEXIST, 3, unit=Switch.BOOT) >= 0.12


def test_a_drift_in_a_straight_line_moves_no_ratio_of_an_even_number_of_blocks() -> None:
    for factor, placement, boots in LEVELS:
        trials, row = planned(factor, placement, boots, blocks=4), FACTORS[factor]
        own = [t for t in trials if row.without(t.cell.arm) == row.without(trials[0].cell.arm)]
        means = {
            value: np.mean([t.position for t in own if row.value(t.cell.arm) == value])
            for value in {row.value(t.cell.arm) for t in own}
        }
        assert 1 == len(set(means.values())), (factor, placement, boots, means)


@pytest.mark.parametrize(("factor", "placement", "boots"), LEVELS)
def test_the_noise_floor_of_each_level_leaves_out_1_in_at_most_6_percent(
    factor: str, placement: Placement, boots: int
) -> None:
    trials = planned(factor, placement, boots, blocks=6, twins=1.0)
    at = {replace(trial, twin=False, boot="", deployment="", position=0): trial for trial in trials if not trial.twin}
    pairs = [
        (trial.block, at[replace(trial, twin=False, boot="", deployment="", position=0)].position, trial.position)
        for trial in trials
        if trial.twin
    ]
    assert pairs
    biased = 0
    for values in np.exp(campaigns(trials, CAMPAIGNS, 2)):
        logs = [(block, twin_log(values[one], values[two], GOODPUT.better)) for block, one, two in pairs]
        found = noise([(block, log) for block, log in logs if log is not None])
        biased += found is not None and found.biased
    assert biased <= 0.06 * CAMPAIGNS
