"""The trials of a run, gathered by cell, and one side of a comparison made of them."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

from pvbench.metrics import Metric
from pvbench.model import Cell, DeviceKind, Outcome, Placement, Trial, Workload
from pvbench.reports import format as fmt
from pvbench.reports import wording
from pvbench.reports.page import Arm
from pvbench.stats import Sample
from pvbench.store import Manifest
from pvbench.tunables import Values

NEVER_REACHED = "never reached: the run ended before it"


@dataclass(frozen=True)
class CellTrials:
    """A cell of the plan, its identity, its trials in order, and how many planned trials never came."""

    cell: Cell
    id: str
    metric: Metric
    trials: tuple[Trial, ...]
    missing: int

    @property
    def family(self) -> tuple[str, DeviceKind, Placement, Workload, Values]:
        """What the cell shares with those it is compared with: everything but the device, as `Cell.comparison`."""
        return self.cell.host, self.cell.kind, self.cell.placement, self.cell.workload, self.cell.tunables

    @cached_property
    def sample(self) -> Sample | None:
        """The values of the primary metric, one a block; None if no trial gave one."""
        readings = [
            (trial.spec.block, reading.value)
            for trial in self.trials
            for reading in trial.readings
            if reading.metric == self.metric.name
        ]
        return Sample.of(readings) if readings else None

    def count(self, outcome: Outcome) -> int:
        """Return how many trials ended so; those never reached are not measured."""
        found = sum(trial.outcome is outcome for trial in self.trials)
        return found + (self.missing if outcome is Outcome.NOT_MEASURED else 0)


def gather(manifest: Manifest, trials: Sequence[Trial]) -> tuple[CellTrials, ...]:
    """Return every cell of the plan, and any that only the trials know: like beside like, emulated devices first."""
    by_cell: dict[Cell, list[Trial]] = {}
    planned: Counter[Cell] = Counter()
    for spec in sorted(manifest.plan, key=lambda spec: (spec.block, spec.position)):
        planned[spec.cell] += 1
        by_cell.setdefault(spec.cell, [])
    for trial in trials:
        by_cell.setdefault(trial.spec.cell, []).append(trial)
    found = (
        CellTrials(
            cell=cell,
            id=cell.id,
            metric=wording.primary(cell.workload),
            trials=tuple(sorted(own, key=lambda trial: (trial.spec.block, trial.started))),
            missing=max(planned[cell] - len({(trial.spec.block, trial.spec.boot) for trial in own}), 0),
        )
        for cell, own in by_cell.items()
    )
    return tuple(sorted(found, key=_order))


def _order(found: CellTrials) -> tuple[str, str, str, str, tuple[float, ...], str, str, bool, str]:
    # The plan is shuffled; a reader is not.
    cell = found.cell
    mode = wording.title(cell.workload).partition(",")[0]
    params = cell.workload.params
    sizes = tuple(float(number) for _, number in params if isinstance(number, int | float))
    paravirtual = wording.io_path(cell.device) == "PV"
    return (
        cell.kind.value,
        cell.host,
        cell.workload.tool,
        mode,
        sizes,
        str(params),
        str(cell.tunables),
        paravirtual,
        cell.device,
    )


def arm(found: CellTrials) -> Arm:
    """Return a cell as one side of a comparison."""
    sample = found.sample
    invalid, lacking = found.count(Outcome.INVALID), found.count(Outcome.NOT_MEASURED)
    status = "ok" if sample else "invalid" if invalid else "not_measured"
    reasons = Counter(fmt.clean(trial.reason) for trial in found.trials if trial.reason)
    if found.missing:
        reasons[NEVER_REACHED] += found.missing
    without = "INVALID" if status == "invalid" else "NOT MEASURED"
    return Arm(
        device=fmt.clean(found.cell.device),
        io_path=wording.io_path(found.cell.device),
        cell=found.id,
        status=status,
        median=fmt.value(found.metric, sample.median) if sample else without,
        values=sample.values if sample else (),
        ok=found.count(Outcome.OK),
        invalid=invalid,
        not_measured=lacking,
        reasons=tuple(reasons.most_common()),
    )
