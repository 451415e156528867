"""Runs as a gate meets them: the sample run measured again, and what may have become of it."""

from collections.abc import Callable
from dataclasses import replace

from pvbench.gate.nouns import Side
from pvbench.model import Reading, Trial
from pvbench.testing.runs import SampleRun, sample_run

BLOCKS = 12


def side(run: SampleRun, run_id: str = "before") -> Side:
    return Side(replace(run.manifest, run_id=run_id), run.trials)


def before() -> Side:
    return side(sample_run(BLOCKS, seed=1))


def again(change: Callable[[Trial], Trial | None] = lambda trial: trial) -> Side:
    return side(sample_run(BLOCKS, seed=2).changed(change), "now")


def is_victim(trial: Trial) -> bool:
    cell = trial.spec.cell
    return cell.device == "blkfront" and dict(cell.workload.params).get("rw") == "randread"


def times(factor: float) -> Callable[[Trial], Trial]:
    """Return what makes the readings of one cell so many times what they were."""

    def change(trial: Trial) -> Trial:
        readings = tuple(Reading(each.metric, each.value * factor) for each in trial.readings)
        return replace(trial, readings=readings) if is_victim(trial) else trial

    return change
