"""By which counters a cell's path is proved, in a line a side."""

from dataclasses import replace

from pvbench.model import Trial, Witness
from pvbench.reports.proof import proof
from pvbench.samples import CellTrials, gather
from pvbench.testing.runs import LOADS, sample_run


def cell(*witnesses: Witness) -> CellTrials:
    """The first cell of a run whose trials each have one of the witnesses, in turn."""
    seen = iter(witnesses * 9)

    def watched(trial: Trial) -> Trial:
        return replace(trial, witnesses=(next(seen),)) if trial.spec.cell.device == "ide" else trial

    run = sample_run(blocks=2, workloads=LOADS[:1]).changed(watched)
    return next(each for each in gather(run.manifest, run.trials) if each.cell.device == "ide")


def test_trials_of_one_counter_are_told_together_whatever_its_domain() -> None:
    assert proof(cell(Witness("host", "vif2.1", 2048, 2048), Witness("host", "vif31.1", 4096, 4096))) == (
        "host (vif*.1): 100 % of 2 KiB to 4 KiB in 2 trials",
    )


def test_the_smallest_share_is_told() -> None:
    assert proof(cell(Witness("guest", "vbd", 4096, 4096), Witness("guest", "vbd", 1024, 4096))) == (
        "guest (vbd): 25 % or more of 4 KiB in 2 trials",
    )


def test_a_side_that_could_not_tell_proves_nothing() -> None:
    assert proof(cell(Witness("guest", None, None, None))) == ()
