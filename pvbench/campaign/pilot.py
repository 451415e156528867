"""A finished pilot → how much boots, runs and blocks differ in it, what a block costs, and what that recommends."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from statistics import median

from pvbench.campaign.cost import BOOT_S, OVERHEAD_S, load_s
from pvbench.contrasts import CellPair, cell_pairs, contrasts_of, pairings
from pvbench.errors import UsageError
from pvbench.factors import Switch
from pvbench.matrix.rules import TWINS
from pvbench.metrics import Better
from pvbench.model import HostFacts, Phase, Trial
from pvbench.samples import CellTrials
from pvbench.stats.components import Components, PairedComponents, components, paired
from pvbench.stats.pilot import Cost, Recommendation, for_time, for_width
from pvbench.stats.sample import Unit
from pvbench.store import Manifest


@dataclass(frozen=True)
class Compared:
    """A comparison of the pilot: what is compared, and what the log ratio of the two varies by."""

    pair: CellPair
    parts: PairedComponents


@dataclass(frozen=True)
class Findings:
    """What a pilot found: what varies by how much, what a block costs, and what that recommends.

    `runs` is the number in each boot, `width` the wanted full width of the intervals relative to their ratios.
    `fitting` is there only where a time was given and two blocks fit into it.
    """

    run_id: str
    hosts: tuple[HostFacts, ...]
    runs: int
    cells: tuple[tuple[CellTrials, Components], ...]
    comparisons: tuple[Compared, ...]
    cost: Cost
    width: float
    recommended: Recommendation
    budget_s: float | None
    fitting: Recommendation | None


def findings(
    manifest: Manifest,
    cells: Sequence[CellTrials],
    width: float,
    budget_s: float | None,
) -> Findings:
    """Return what a pilot found of its cells and of what its matrix compares.

    Raises UsageError where no pair has two blocks with both arms.
    """
    compared = tuple(_compared(cell_pairs(pairings(contrasts_of(manifest), cells))))
    if not compared:
        raise UsageError(
            f"{manifest.run_id} holds no comparison with two blocks of both arms",
            hint=f"pvbench show {manifest.run_id} says what went wrong",
        )
    cost, parts = _cost(manifest, [trial for cell in cells for trial in cell.trials]), [each.parts for each in compared]
    return Findings(
        run_id=manifest.run_id,
        hosts=manifest.hosts,
        runs=max(spec.run for spec in manifest.plan),
        cells=tuple((cell, components(_boots(cell), [trial.windows for trial in cell.trials])) for cell in cells),
        comparisons=compared,
        cost=cost,
        width=width,
        recommended=for_width(cost, parts, width),
        budget_s=budget_s,
        fitting=None if budget_s is None else for_time(cost, parts, budget_s, width),
    )


def _compared(pairs: Iterable[CellPair]) -> Iterator[Compared]:
    for pair in pairs:
        switch, better = pair.pairing.switch, pair.candidate.metric.better
        sides = _units(pair.baseline, switch), _units(pair.candidate, switch)
        parts = paired(*(sides if better is Better.HIGHER else sides[::-1]))
        if parts is not None:
            yield Compared(pair, parts)


def _units(cell: CellTrials, switch: Switch) -> Mapping[Unit, list[float]]:
    """Return the values of a cell by what is done anew for each; what is no positive number has no logarithm."""
    units: dict[Unit, list[float]] = {}
    for unit, value in cell.readings(cell.trials, switch):
        if value > 0:
            units.setdefault(unit, []).append(value)
    return units


def _boots(cell: CellTrials) -> Mapping[int, list[float]]:
    """Return the values of a cell by block, over which a drift is looked for."""
    boots: dict[int, list[float]] = {}
    for (block, _), values in _units(cell, Switch.BOOT).items():
        boots.setdefault(block, []).extend(values)
    return boots


def _cost(manifest: Manifest, trials: Sequence[Trial]) -> Cost:
    """Return what a block costs by the pilot's own boots and trials: all boots of it, and one run of all cells."""
    took = [dict(trial.seconds) for trial in trials]
    booted = [seconds[Phase.BOOT] for seconds in took if Phase.BOOT in seconds]
    boot_s = median(booted) if booted else BOOT_S
    overheads = [
        seconds[Phase.TRIAL] - load_s(trial.spec)
        for seconds, trial in zip(took, trials, strict=True)
        if Phase.TRIAL in seconds
    ]
    overhead_s = max(0.0, median(overheads)) if overheads else OVERHEAD_S
    first = [spec for spec in manifest.plan if spec.block == manifest.plan[0].block]
    once = [spec for spec in first if spec.run == 1]
    run_s = sum(load_s(spec) + overhead_s for spec in once)
    arms = max(1.0, len(once) / max(1, len({(spec.cell.host, spec.cell.workload) for spec in once})))
    return Cost(len({spec.boot for spec in first}) * boot_s, max(run_s, 1e-9), TWINS / arms)
