"""What the boots and the generators were asked for, and where that is not what was in force: notes beside a figure."""

from collections import Counter
from collections.abc import Iterator, Sequence
from statistics import median

from pvbench import figures as fmt
from pvbench import wording
from pvbench.metrics import Metric
from pvbench.model import Granted, Outcome, Trial
from pvbench.printable import clean
from pvbench.samples import CellTrials
from pvbench.stats.limits import REACHED


def granted(tunable: Granted) -> str:
    """Return "queues: 4 asked, not granted: 1 in force"; that nothing tells is said too."""
    name = f"{clean(tunable.name).replace('_', ' ')}: {clean(tunable.asked)}"
    if tunable.kept:
        return f"{name} asked and granted"
    got = "not known what was granted" if tunable.got is None else f"not granted: {clean(tunable.got)} in force"
    return f"{name} asked, {got}"


def notes(sides: Sequence[CellTrials]) -> tuple[str, ...]:
    """Return what a reader of a comparison must know of what was asked for and not had."""
    return tuple(note for side in sides for note in (*_not_granted(side), *_not_kept(side)))


def _not_granted(side: CellTrials) -> Iterator[str]:
    measured = [trial for trial in side.trials if trial.outcome is Outcome.OK]
    counts = Counter(each for trial in measured for each in trial.granted if not each.kept)
    for each, number in counts.items():
        often = "" if number == len(measured) else f" in {number} of {len(measured)} trials"
        yield f"{clean(side.cell.device)}: {granted(each)}{often}"


def _not_kept(side: CellTrials) -> Iterator[str]:
    load = wording.offered(side.cell.workload)
    if load is None or load[0] == side.metric:  # then it is a ceiling
        return
    metric, rate = load
    kept = [value for trial in side.trials if (value := _value(trial, metric)) is not None]
    if kept and median(kept) < REACHED * rate:
        yield (
            f"{clean(side.cell.device)} kept up with {fmt.significant(median(kept))} of the "
            f"{fmt.significant(rate)} {metric.noun} offered: its latency is that of a queue that only grows"
        )


def _value(trial: Trial, metric: Metric) -> float | None:
    return next((reading.value for reading in trial.readings if reading.metric == metric.name), None)
