"""Each cell beside its baseline arm, as a gate holds two runs' ratios against each other. Pure.

Both arms of a ratio were measured in one boot or block, so what the host drifts by from one run to another cancels.
"""

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from typing import NamedTuple

from pvbench import wording
from pvbench.comparisons import Judged, compare_run
from pvbench.gate.limits import Limits
from pvbench.gate.nouns import Row, Side, State
from pvbench.metrics import Better, Metric, Scale
from pvbench.stats import Sample
from pvbench.stats.loss import loss


class Key(NamedTuple):
    """What two runs' ratios are matched by: the two cells' lasting identities, and the factor they differ in."""

    cell: str
    against: str
    factor: str


@dataclass(frozen=True)
class Ratio:
    """How many times as good a cell was as its baseline arm, a value a unit."""

    title: str
    host: str
    metric: Metric
    sample: Sample


def rows(before: Side, now: Side, cells: Collection[str], limits: Limits) -> Iterator[Row]:
    """Yield a row for each ratio that both runs have, of cells that were compared themselves; what it means waits."""
    earlier = dict(_ratios(before))
    for key, ratio in _ratios(now):
        if key in earlier and {key.cell, key.against} <= {*cells}:
            older = earlier[key].sample
            known = loss(older, ratio.sample, Better.HIGHER)
            yield Row(
                cell=key.cell,
                title=ratio.title,
                host=ratio.host,
                metric=of_ratio(ratio.metric),
                limit=limits.of(ratio.metric.name),
                state=State.UNDETERMINED,
                before=older.median,
                now=ratio.sample.median,
                ratio=known.ratio,
                loss=known,
                against=key.against,
            )


def of_ratio(metric: Metric) -> Metric:
    """Return a metric's ratio as a metric: a plain number that is better the higher it is."""
    return Metric(metric.name, "1", Better.HIGHER, Scale.PLAIN, f"ratio of {metric.title}", "times")


def _ratios(side: Side) -> Iterator[tuple[Key, Ratio]]:
    for judged in compare_run(side.manifest, side.trials).judged:
        sample = _sample(judged) if judged.comparison else None
        if sample is not None:
            ours, theirs = judged.pair.candidate, judged.pair.baseline
            arms = f"{wording.arm(ours.cell)} ÷ {wording.arm(theirs.cell)}"
            key = Key(ours.cell.lasting_id, theirs.cell.lasting_id, judged.pair.pairing.factor.name)
            yield key, Ratio(f"{arms}, {wording.title(ours.cell.workload)}", ours.cell.host, ours.metric, sample)


def _sample(judged: Judged) -> Sample | None:
    """Return the ratio in each unit that has both arms; None where there is none, or a reading is zero."""
    pair = judged.pair
    ours, theirs = (each.counted(pair.pairing.switch) for each in (pair.candidate, pair.baseline))
    if not (ours and theirs and ours.positive and theirs.positive):
        return None
    other, way = dict(theirs.values), 1 if pair.candidate.metric.better is Better.HIGHER else -1
    shared = tuple((unit, (value / other[unit]) ** way) for unit, value in ours.values if unit in other)
    return Sample(shared) if shared else None
