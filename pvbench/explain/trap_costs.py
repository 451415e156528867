"""What primitive operations take in a guest, out of short rounds over its boot, so that a burst makes no cost. Pure."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from pvbench.histogram import Bins, mean_s, merge, quantile_ns, total
from pvbench.model import TrapCost, Trial

ROUNDS = 4
"""From so many rounds on, a quarter of them is at least one."""

Boot = tuple[str, str, str | None]
"""Its host, its name and when it began."""


@dataclass(frozen=True)
class Timed:
    """An operation with the histograms of all its rounds, none of them empty, in the order they were made."""

    name: str
    rounds: tuple[Bins, ...]

    @property
    def bins(self) -> Bins:
        """All samples of all rounds."""
        return merge(self.rounds)

    @property
    def mean_s(self) -> float:
        """The mean of all samples, in seconds, whatever disturbed them."""
        return mean_s(self.bins)

    @property
    def charged_s(self) -> float:
        """What a model charges for one operation, in seconds: the lower quartile of the rounds' means.

        A mean is what adds up, and holds what operations under load meet as well: ticks, other work of the device
        model. A program that takes a CPU for seconds makes the rounds that it meets dear; it makes no cost while a
        quarter of the rounds are without it (in the manner of the median of means: Lugosi & Mendelson 2019, section 2).
        Fewer than ROUNDS rounds are one histogram, whose median stands a burst of up to half of it.
        """
        if len(self.rounds) < ROUNDS:
            return quantile_ns(self.bins, 0.5) / 1e9
        return sorted(mean_s(bins) for bins in self.rounds)[(len(self.rounds) - 1) // 4]


def boot_of(trial: Trial) -> Boot:
    """Return the boot that a trial was made in."""
    return trial.spec.cell.host, trial.spec.boot, trial.booted


def by_boot(trials: Iterable[Trial]) -> Mapping[Boot, tuple[TrapCost, ...]]:
    """Return all rounds of each boot. Trials of one boot may hold the same ones, which count once."""
    found: dict[Boot, dict[tuple[TrapCost, ...], None]] = {}
    for trial in trials:
        if trial.traps:
            found.setdefault(boot_of(trial), {})[trial.traps] = None
    return {boot: tuple(cost for rounds in each for cost in rounds) for boot, each in found.items()}


def timed(costs: Iterable[TrapCost]) -> tuple[Timed, ...]:
    """Return operations in the order they were first timed; one without a sample is left out."""
    rounds: dict[str, list[Bins]] = {}
    for cost in costs:
        if total(cost.bins) > 0:
            rounds.setdefault(cost.name, []).append(cost.bins)
    return tuple(Timed(name, tuple(each)) for name, each in rounds.items())
