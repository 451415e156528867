"""Which trials belong together: all arms of a workload in one boot, a pair, that shares whatever the boot was like."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from collections.abc import Set as AbstractSet

from pvbench.model import Trial, TrialSpec, Workload

Pair = tuple[TrialSpec, ...]


def pairs(specs: Iterable[TrialSpec]) -> tuple[Pair, ...]:
    """Return the trials by pair, in their order. An isolated arm has its boot, and so its pair, for itself."""
    found: dict[tuple[str, Workload, int], list[TrialSpec]] = defaultdict(list)
    for spec in specs:
        found[spec.boot, spec.cell.workload, spec.run].append(spec)
    return tuple(map(tuple, found.values()))


def unfinished(plan: Sequence[TrialSpec], finished: AbstractSet[str]) -> list[TrialSpec]:
    """Return what is still to be measured of a plan: every trial of each pair that is not whole.

    A trial that is measured in a later boot takes its partners with it, for boots differ by more than devices' noise.
    """
    return [spec for pair in pairs(plan) for spec in pair if any(each.id not in finished for each in pair)]


def parted(trials: Iterable[Trial]) -> Iterator[tuple[Trial, ...]]:
    """Yield the pairs whose trials did not share a boot, as far as it is known when their boots began."""
    made = {trial.spec: trial for trial in trials}
    for pair in pairs(made):
        together = tuple(made[spec] for spec in pair if made[spec].booted is not None)
        if len({trial.booted for trial in together}) > 1:
            yield together
