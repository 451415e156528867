"""The campaign's own noise, from its twins, in numbers and in words."""

from collections.abc import Hashable, Iterable, Iterator, Sequence

from pvbench import figures as fmt
from pvbench.model import Contrast, Trial
from pvbench.samples import CellTrials
from pvbench.stats import Noise, Sample, noise
from pvbench.stats.noise_floor import twin_log


def floor(gathered: Sequence[CellTrials]) -> Noise | None:
    """Return what the twins of all cells come to; None where no twin and its original gave a number."""
    return noise(pair for found in gathered for pair in _pairs(found))


def figure(noise: Noise) -> str:
    """Return the noise floor as a figure: ratio, interval, and what it rests on."""
    on = f"{fmt.count(noise.blocks, 'block')}, {fmt.count(noise.pairs, 'pair')}"
    bounds = f" {fmt.interval(noise.interval.low, noise.interval.high)}" if noise.interval else ""
    return f"{fmt.ratio(noise.ratio)}{bounds} ({on}{'' if noise.interval else '; one block has no interval'})"


def twin_of(contrasts: Sequence[Contrast]) -> str:
    """Return what a twin is taken for another of: a device, or where devices are not compared an arm."""
    return "device" if any(each.factor == "device" for each in contrasts) else "arm"


def caution(noise: Noise | None, twin: str) -> str:
    """Return what a headline has to say of identical arms that differ, by what they are twins of; nothing where not."""
    if noise is None or not noise.biased or noise.interval is None:
        return ""
    ends = sorted(abs(end - 1) for end in (noise.interval.low, noise.interval.high))
    return (
        f"Twins of the same {twin} differ by {_percent(abs(noise.ratio - 1))} "
        f"[{_percent(ends[0])}, {_percent(ends[1])}]: figures of this campaign carry that bias"
    )


def paragraph(noise: Noise | None, planned: bool, twin: str) -> str:
    """Return what a report says of its noise."""
    if noise is None:
        missing = "no twin gave a number" if planned else f"no {twin} was measured twice"
        return f"The noise of this campaign is not known: {missing}."
    said = f"Of identical arms, measured twice in one block as if they were two {twin}s, the second is {figure(noise)}"
    if noise.interval is None:
        return f"{said}. Twins in at least two blocks would give an interval."
    return said + (
        ". The interval leaves out 1: something in this campaign tells identical arms apart, and a difference of that "
        f"size between {twin}s says nothing."
        if noise.biased
        else ". The interval contains 1: nothing in this campaign tells identical arms apart."
    )


def _pairs(gathered: CellTrials) -> Iterator[tuple[Hashable, float]]:
    originals, twins = (_values(gathered, trials) for trials in (gathered.trials, gathered.twins))
    for unit, value in twins.items():
        log = twin_log(originals.get(unit, 0.0), value, gathered.metric.better)
        if log is not None:
            yield (gathered.cell.host, unit[0]), log


def _values(gathered: CellTrials, trials: Iterable[Trial]) -> dict[tuple[int, int], float]:
    readings = list(gathered.readings(trials))
    return dict(Sample.of(readings).values) if readings else {}


def _percent(share: float) -> str:
    return f"{share * 100:.2g} %" if share < 1 else f"{share * 100:.0f} %"
