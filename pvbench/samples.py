"""The trials of a run gathered by cell, and the values that stand for each."""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from pvbench import wording
from pvbench.factors import Switch
from pvbench.metrics import Metric
from pvbench.model import STOCK, Cell, GuestMode, Outcome, Trial
from pvbench.stats import Sample
from pvbench.stats.sample import Unit
from pvbench.store import Manifest


@dataclass(frozen=True)
class CellTrials:
    """A cell of the plan, its identity, its trials in order, and how many planned trials never came.

    `twins` are measurements of the cell as another arm: they tell the noise, and never enter the cell's own sample.
    `earlier` are measurements that were made again: rows, and no figures.
    """

    cell: Cell
    id: str
    metric: Metric
    trials: tuple[Trial, ...]
    missing: int
    twins: tuple[Trial, ...] = ()
    earlier: tuple[Trial, ...] = ()

    @cached_property
    def sample(self) -> Sample | None:
        """The values of the primary metric, one a boot; None if no trial gave one."""
        return self._sample(Switch.BOOT)

    def counted(self, switch: Switch) -> Sample | None:
        """Return the values of the primary metric, one for each time that a switch of a factor was done anew."""
        return self.sample if switch.unit == Switch.BOOT.unit else self._sample(switch)

    def _sample(self, switch: Switch) -> Sample | None:
        readings = list(self.readings(self.trials, switch))
        return Sample.of(readings) if readings else None

    def readings(self, trials: Iterable[Trial], switch: Switch = Switch.BOOT) -> Iterator[tuple[Unit, float]]:
        """Yield the unit, (block, round), and the value of the primary metric of each trial that gave one."""
        for trial in trials:
            for reading in trial.readings:
                if reading.metric == self.metric.name:
                    yield switch.unit_of(trial.spec), reading.value

    @cached_property
    def flagged(self) -> Counter[str]:
        """How many trials that count carry which kind of flag."""
        kinds = ({flag.kind for flag in trial.flags} for trial in self.trials if trial.readings)
        return Counter(kind.value for found in kinds for kind in sorted(found))

    def count(self, outcome: Outcome) -> int:
        """Return how many trials ended so; those never reached are not measured."""
        return self._ended[outcome] + (self.missing if outcome is Outcome.NOT_MEASURED else 0)

    @cached_property
    def _ended(self) -> Counter[Outcome]:
        return Counter(trial.outcome for trial in self.trials)


def gather(manifest: Manifest, trials: Sequence[Trial], earlier: Sequence[Trial] = ()) -> tuple[CellTrials, ...]:
    """Return every cell of the plan, and any that only the trials know: like beside like, emulated devices first."""
    by_cell: dict[Cell, list[Trial]] = {}
    twins: dict[Cell, list[Trial]] = {}
    planned: Counter[Cell] = Counter()
    for spec in sorted(manifest.plan, key=lambda spec: (spec.block, spec.position)):
        planned[spec.cell] += not spec.twin
        by_cell.setdefault(spec.cell, [])
    for trial in trials:
        own = by_cell.setdefault(trial.spec.cell, [])
        (twins.setdefault(trial.spec.cell, []) if trial.spec.twin else own).append(trial)
    found = (
        CellTrials(
            cell=cell,
            id=cell.id,
            metric=wording.primary(cell.workload),
            trials=_in_order(own),
            missing=max(planned[cell] - len({(t.spec.block, t.spec.boot, t.spec.run) for t in own}), 0),
            twins=_in_order(twins.get(cell, ())),
            earlier=_in_order(trial for trial in earlier if trial.spec.cell == cell),
        )
        for cell, own in by_cell.items()
    )
    return tuple(sorted(found, key=_order))


def _in_order(trials: Iterable[Trial]) -> tuple[Trial, ...]:
    return tuple(sorted(trials, key=lambda trial: (trial.spec.block, trial.spec.run, trial.started)))


def _order(gathered: CellTrials) -> tuple[Any, ...]:
    # The plan is shuffled; a reader is not.
    cell = gathered.cell
    mode = wording.mode(cell.workload)
    params = cell.workload.params
    sizes = tuple(float(number) for _, number in params if isinstance(number, int | float))
    asked = [(name, value if isinstance(value, int | float) else 0, str(value)) for name, value in cell.tunables]
    paravirtual = wording.io_path(cell.device) == "PV"
    return (
        cell.kind.value,
        cell.host,
        cell.workload.tool,
        mode,
        sizes,
        str(params),
        asked,
        list(GuestMode).index(cell.arm.mode),
        [(build != STOCK, build) for build in (cell.arm.frontends, cell.arm.backends)],
        cell.arm.stack,
        paravirtual,
        cell.device,
    )
