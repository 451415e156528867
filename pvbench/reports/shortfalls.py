"""What the boots and the generators were asked for, and where that is not what was in force: notes beside a figure."""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from statistics import median

from pvbench import figures as fmt
from pvbench import wording
from pvbench.comparisons.in_force import shared_in_force, values_in_force
from pvbench.contrasts import CellPair
from pvbench.metrics import Metric
from pvbench.model import Granted, Outcome, Trial
from pvbench.printable import clean
from pvbench.samples import CellTrials
from pvbench.stats.limits import REACHED
from pvbench.tunables import TUNABLES, in_words


def granted(tunable: Granted) -> str:
    """Return "queues: 4 asked, not granted: 1 in force"; that nothing tells is said too."""
    name = f"{clean(tunable.name).replace('_', ' ')}: {in_words(clean(tunable.asked))}"
    if tunable.kept:
        return f"{name} asked and granted"
    got = (
        "not known what was granted" if tunable.got is None else f"not granted: {in_words(clean(tunable.got))} in force"
    )
    return f"{name} asked, {got}"


def notes(sides: Sequence[tuple[str, CellTrials]]) -> tuple[str, ...]:
    """Return what a reader of arms, each with its name, must know of what was asked for and not had."""
    return tuple(note for name, side in sides for note in (*_not_granted(name, side), *_not_kept(name, side)))


def of_factor(pair: CellPair) -> tuple[str, ...]:
    """Return what both arms of a comparison along a tunable had of it, or that this is not known."""
    factor = pair.pairing.factor
    if factor.name not in TUNABLES:
        return ()
    had = [values_in_force(side, factor.name) for side in (pair.baseline, pair.candidate)]
    if shared := shared_in_force(pair):
        if had[0] == had[1] == shared and len(shared) == 1:
            return (f"both arms had {factor.title} {_or(shared)} in force, so nothing was compared",)
        return (f"trials of both arms had {factor.title} {_or(shared)} in force, so these are no two arms",)
    if None not in had[0] | had[1] and all(had):
        return (f"{factor.title} in force: {_or(had[1])} against {_or(had[0])}",)
    unknown = [
        pair.pairing.name(side)
        for side, values in zip((pair.baseline, pair.candidate), had, strict=True)
        if None in values or not values
    ]
    return tuple(f"{name}: not known what was in force" for name in unknown)


def _or(values: Iterable[str | None]) -> str:
    return " or ".join(sorted(in_words(clean(value)) for value in values if value is not None))


def _not_granted(name: str, side: CellTrials) -> Iterator[str]:
    measured = [trial for trial in side.trials if trial.outcome is Outcome.OK]
    counts = Counter(each for trial in measured for each in trial.granted if not each.kept)
    for each, number in counts.items():
        often = "" if number == len(measured) else f" in {number} of {len(measured)} trials"
        yield f"{name}: {granted(each)}{often}"


def _not_kept(name: str, side: CellTrials) -> Iterator[str]:
    load = wording.offered(side.cell.workload)
    if load is None or load[0] == side.metric:  # then it is a ceiling
        return
    metric, rate = load
    kept = [value for trial in side.trials if (value := _value(trial, metric)) is not None]
    if kept and median(kept) < REACHED * rate:
        yield (
            f"{name} kept up with {fmt.significant(median(kept))} of the "
            f"{fmt.significant(rate)} {metric.noun} offered: its latency is that of a queue that only grows"
        )


def _value(trial: Trial, metric: Metric) -> float | None:
    return next((reading.value for reading in trial.readings if reading.metric == metric.name), None)
