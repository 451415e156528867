"""Where a pilot's variance comes from: boots, runs within a boot, windows within a run, and drift over the blocks.

Method of moments on log values, so that an sd of 0.04 reads as 4 %; two levels as in Kalibera and Jones, ISMM'13.
Within boots s²_run pools the squares of the runs. The means of the boots, their straight line over the blocks taken
out, vary by s²_boot + s²_run/m with m runs in each (the harmonic mean where unequal); what is left for s²_boot is never
below 0. For a comparison the same is done with the log ratio of the arms in each block, without shared drift.
"""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from statistics import fmean, harmonic_mean

from pvbench.stats.sample import Unit

Boots = Mapping[int, Sequence[float]]
"""The runs of each block's boot, in base units, above 0."""


@dataclass(frozen=True)
class Components:
    """Standard deviations of log values: `boot`, `run` and `window`, None where the pilot could not tell.

    `drift` is the log change from the first block to the last by the straight line; None below three blocks. `blocks`
    is the number of boots.
    """

    boot: float | None
    run: float | None
    window: float | None
    drift: float | None
    blocks: int


@dataclass(frozen=True)
class PairedComponents:
    """Variances of a comparison's log ratio: `boot` between blocks, `run` of one run of both arms within a block.

    `blocks` is the number of blocks with both arms; `log` is the mean log ratio, candidate over baseline.
    """

    log: float
    boot: float
    run: float
    blocks: int

    def block(self, runs: float) -> float:
        """Return the variance of a block's log ratio with so many runs of each arm in a boot."""
        return self.boot + self.run / runs


def components(boots: Boots, windows: Sequence[Sequence[float]] = ()) -> Components:
    """Return the components of one cell; `windows` are those of each trial, used where there are five or more."""
    logs = _logs(boots)
    means = {block: fmean(runs) for block, runs in logs.items()}
    run = _within(logs.values())
    drift, rest = _detrended(means)
    boot = None
    if rest is not None:
        boot = math.sqrt(max(0.0, rest - (run or 0.0) / harmonic_mean([len(runs) for runs in logs.values()])))
    inside = _within([[math.log(rate) for rate in one] for one in windows if len(one) >= 5 and min(one) > 0])
    return Components(boot, _root(run), _root(inside), drift, len(logs))


def paired(
    baseline: Mapping[Unit, Sequence[float]], candidate: Mapping[Unit, Sequence[float]]
) -> PairedComponents | None:
    """Return the components of a comparison; None below two blocks with both arms."""
    below, above = _logs(baseline), _logs(candidate)
    shared = sorted(below.keys() & above.keys())
    if len(shared) < 2:
        return None
    ratios = [fmean(above[block]) - fmean(below[block]) for block in shared]
    run = boot = 0.0
    for logs in (below, above):
        own = _within(logs.values()) or 0.0
        run += own
        boot -= own / harmonic_mean([len(logs[block]) for block in shared])
    centre = fmean(ratios)
    boot += sum((ratio - centre) ** 2 for ratio in ratios) / (len(ratios) - 1)
    return PairedComponents(centre, max(0.0, boot), run, len(shared))


def _logs(boots: Mapping[Unit, Sequence[float]]) -> dict[Unit, list[float]]:
    return {block: [math.log(run) for run in boots[block]] for block in sorted(boots) if boots[block]}


def _within(groups: Iterable[Sequence[float]]) -> float | None:
    squares, freedom = 0.0, 0
    for group in groups:
        centre = fmean(group)
        squares += sum((value - centre) ** 2 for value in group)
        freedom += len(group) - 1
    return squares / freedom if freedom else None


def _detrended(means: Mapping[int, float]) -> tuple[float | None, float | None]:
    """Return the rise of the straight line over the blocks, and the variance that it leaves."""
    if len(means) < 2:
        return None, None
    centre = fmean(means.values())
    total = sum((value - centre) ** 2 for value in means.values())
    if len(means) < 3:
        return None, total
    middle = fmean(means)
    across = sum((block - middle) ** 2 for block in means)
    slope = sum((block - middle) * (value - centre) for block, value in means.items()) / across
    rest = max(0.0, total - slope**2 * across)
    return slope * (max(means) - min(means)), rest / (len(means) - 2)


def _root(variance: float | None) -> float | None:
    return None if variance is None else math.sqrt(variance)
