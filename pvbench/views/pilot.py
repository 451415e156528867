"""A finished pilot → its variance components, a recommendation, and both as text and as data. Pure."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from statistics import median
from typing import Any

from pvbench import figures as fmt
from pvbench.campaign.cost import BOOT_S, OVERHEAD_S, load_s
from pvbench.columns import columns
from pvbench.errors import UsageError
from pvbench.matrix.rules import TWINS
from pvbench.metrics import Better
from pvbench.model import Phase, Trial
from pvbench.reports import wording
from pvbench.reports.arms import CellTrials, gather
from pvbench.reports.comparison import compared_pairs
from pvbench.stats.components import Components, PairedComponents, components, paired
from pvbench.stats.pilot import CONFIDENCE, MOST_BLOCKS, Cost, Recommendation, for_time, for_width
from pvbench.store import Manifest
from pvbench.views.plan import told


@dataclass(frozen=True)
class Compared:
    """A comparison of the pilot: its title and the components of its log ratio."""

    title: str
    found: PairedComponents


@dataclass(frozen=True)
class Findings:
    """What a pilot found. `fitting` is there only where a time was given and two blocks fit into it."""

    run_id: str
    label: str
    runs: int
    cells: tuple[tuple[CellTrials, Components], ...]
    comparisons: tuple[Compared, ...]
    cost: Cost
    wanted: float
    recommended: Recommendation
    budget_s: float | None
    fitting: Recommendation | None


def findings(manifest: Manifest, trials: Sequence[Trial], wanted: float, budget_s: float | None) -> Findings:
    """Return what a pilot found; raises UsageError where no comparison has two blocks with both arms."""
    gathered = gather(manifest, trials)
    compared = []
    for baseline, candidate in compared_pairs(manifest, gathered):
        sides = _boots(baseline), _boots(candidate)
        found = paired(*(sides if candidate.metric.better is Better.HIGHER else sides[::-1]))
        if found is not None:
            device = fmt.clean(candidate.cell.device)
            compared.append(Compared(f"{wording.title(candidate.cell.workload)}, {device}", found))
    if not compared:
        raise UsageError(
            f"{manifest.run_id} holds no comparison with two blocks of both arms",
            hint=f"pvbench show {manifest.run_id} says what went wrong",
        )
    price, kinds = _cost(manifest, trials), [one.found for one in compared]
    return Findings(
        run_id=fmt.clean(manifest.run_id),
        label=wording.label(manifest.hosts),
        runs=max(spec.run for spec in manifest.plan),
        cells=tuple(
            (found, components(_boots(found), [trial.windows for trial in found.trials])) for found in gathered
        ),
        comparisons=tuple(compared),
        cost=price,
        wanted=wanted,
        recommended=for_width(price, kinds, wanted),
        budget_s=budget_s,
        fitting=None if budget_s is None else for_time(price, kinds, budget_s, wanted),
    )


def render(found: Findings) -> str:
    """Return a pilot's findings for people."""
    cells: list[tuple[str, ...]] = [("", "blocks", "boots", "runs", "windows", "drift")]
    for each, parts in found.cells:
        name = " · ".join(told(each.cell)[1:])
        sds = (_percent(sd) for sd in (parts.boot, parts.run, parts.window))
        cells.append((fmt.clean(name), str(parts.blocks), *sds, _percent(parts.drift, sign=True)))
    pairs = [("", "ratio", "blocks", f"sd of a block, {fmt.count(found.runs, 'run')}", "width then")]
    for one, width in zip(found.comparisons, found.recommended.widths, strict=True):
        sd = math.sqrt(one.found.block(found.runs))
        ratio = fmt.ratio(math.exp(one.found.log))
        pairs.append((one.title, ratio, str(one.found.blocks), _percent(sd), _percent(width)))
    under = f" under {found.label}" if found.label else ""
    return (
        f"pilot {found.run_id}{under}\n\nStandard deviations of a cell's values, and drift from first to last block\n"
        + columns(cells, "  ")
        + "\nLog ratios of the blocks\n"
        + columns(pairs, "  ")
        + f"\n{_advice(found)}"
    )


def _advice(found: Findings) -> str:
    best = found.recommended
    hard = "" if best.reached else f"; {_percent(found.wanted)} is out of reach with {MOST_BLOCKS} blocks"
    lines = [
        f"For intervals no wider than {_percent(found.wanted)} of their ratios, put into the matrix:",
        f"  {_line(best)}",
        f"  {_expected(best)}{hard}",
    ]
    if found.budget_s is not None:
        lines.append(f"In {fmt.duration(found.budget_s)}:")
        if found.fitting is None:
            lines.append("  not even two blocks fit")
        else:
            few = "; below 5 blocks, so indicative" if found.fitting.blocks < 5 else ""
            lines += [f"  {_line(found.fitting)}", f"  {_expected(found.fitting)}{few}"]
    lines += [
        f"Widths are told with the upper {CONFIDENCE * 100:.0f} % confidence limit of the pilot's variances: in most "
        "campaigns they come out narrower.",
        "The pilot's figures are not reused. The number of blocks is fixed before the run, and nothing stops it early.",
    ]
    return "\n".join(lines) + "\n"


def as_data(found: Findings) -> dict[str, Any]:
    """Return a pilot's findings for programs; sds are of natural logarithms, times in seconds."""
    return {
        "run": found.run_id,
        "label": found.label,
        "cells": [
            {"cell": each.id, "device": each.cell.device, "workload": wording.title(each.cell.workload)} | asdict(parts)
            for each, parts in found.cells
        ],
        "comparisons": [
            {
                "title": one.title,
                "ratio": math.exp(one.found.log),
                "blocks": one.found.blocks,
                "sd_boot": math.sqrt(one.found.boot),
                "sd_run": math.sqrt(one.found.run),
                "sd_block": math.sqrt(one.found.block(found.runs)),
            }
            for one in found.comparisons
        ],
        "cost": asdict(found.cost),
        "width": found.wanted,
        "recommended": asdict(found.recommended),
        "fit_seconds": found.budget_s,
        "fitting": asdict(found.fitting) if found.fitting else None,
    }


def _boots(found: CellTrials) -> Mapping[int, list[float]]:
    boots: dict[int, list[float]] = {}
    for block, value in found.readings(found.trials):
        if value > 0:
            boots.setdefault(block, []).append(value)
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
    arms = max(1.0, len(once) / max(1, len({spec.cell.comparison for spec in once})))
    return Cost(len({spec.boot for spec in first}) * boot_s, max(run_s, 1e-9), TWINS / arms)


def _expected(advice: Recommendation) -> str:
    took = fmt.duration(advice.seconds)
    return f"expected: widest interval {_percent(max(advice.widths))}, about {took} with its twins"


def _line(advice: Recommendation) -> str:
    return f"run: {{blocks: {advice.blocks}, runs_per_boot: {advice.runs}}}"


def _percent(share: float | None, *, sign: bool = False) -> str:
    if share is None:
        return "–"
    if not math.isfinite(share):
        return "unbounded"
    text = f"{share * 100:.2g}" if abs(share) < 1 else f"{share * 100:,.0f}"
    return f"{'+' if sign and share > 0 else ''}{text} %"
