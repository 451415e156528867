"""One device or cell against another, as a page of that one comparison. Pure."""

from collections.abc import Sequence
from dataclasses import asdict, replace
from typing import Any

from pvbench.errors import UsageError
from pvbench.model import Cell, Contrast, Trial
from pvbench.reports import comparison
from pvbench.reports.page import ComparisonPage
from pvbench.store import Manifest
from pvbench.store import cells as run_cells
from pvbench.yaml_schema import nearest


def page_of(manifest: Manifest, trials: Sequence[Trial], a: str, b: str) -> ComparisonPage:
    """Return the page of a run cut down to A, the baseline, and B. Raises UsageError for what cannot be compared."""
    cells = [spec.cell for spec in manifest.plan]
    devices = tuple(dict.fromkeys(cell.device for cell in cells))
    chosen = _by_device(cells, a, b) if {a, b} <= set(devices) else _by_cell(manifest, devices, a, b)
    first = next(iter(chosen))
    return comparison.build(
        replace(
            manifest,
            contrasts=(Contrast("device", ((first.kind, first.device),), comparison.of_devices(manifest).margin),),
            plan=tuple(spec for spec in manifest.plan if spec.cell in chosen),
        ),
        tuple(trial for trial in trials if trial.spec.cell in chosen),
    )


def as_data(page: ComparisonPage) -> dict[str, Any]:
    """Return the comparisons for programs; ratios are B ÷ A, None where there is none."""
    return {
        "run": page.run_id,
        "label": page.label,
        "caution": page.caution,
        "noise": page.noise,
        "correction": page.groups_note,
        "comparisons": [
            {
                "host": group.host,
                "workload": row.workload,
                "settings": row.settings,
                "metric": row.metric,
                "ratio": row.point,
                "low": row.low,
                "high": row.high,
                "level": 0.95,
                "bound": row.bound,
                "verdict": row.tone,
                "indicative": row.indicative,
                "notes": list(row.notes),
                "a": asdict(row.baseline),
                "b": asdict(row.candidate),
            }
            for group in page.groups
            for row in group.rows
        ],
    }


def _by_device(cells: Sequence[Cell], a: str, b: str) -> dict[Cell, None]:
    """Return the cells of both devices, A's first."""
    if a == b:
        raise UsageError(f"{a} compared with itself says nothing")
    ours, theirs = (dict.fromkeys(cell for cell in cells if cell.device == name) for name in (a, b))
    kinds = [next(iter(side)).kind for side in (ours, theirs)]
    if kinds[0] is not kinds[1]:
        raise UsageError(f"{a} is a {kinds[0]} device and {b} a {kinds[1]} device; no workload exercises both")
    return ours | theirs


def _by_cell(manifest: Manifest, devices: tuple[str, ...], a: str, b: str) -> dict[Cell, None]:
    """Return both cells, A first."""
    chosen = []
    for name in (a, b):
        if name in devices:
            other = b if name == a else a
            raise UsageError(
                f"'{name}' is a device and '{other}' is none of this run{nearest(other, devices)}",
                hint="compare two devices or two cells",
            )
        if not any(key.startswith(name) for key in run_cells.cells(manifest)):
            raise UsageError(
                f"'{name}' is neither a device nor a cell of {manifest.run_id}{nearest(name, devices)}",
                hint=f"pvbench show {manifest.run_id}",
            )
        chosen.append(run_cells.cell(manifest, name)[1])
    ours, theirs = chosen
    if ours == theirs:
        raise UsageError(f"{a} and {b} are the same cell")
    if ours.comparison != theirs.comparison:
        raise UsageError(
            f"{a} and {b} differ in more than the device; like is compared with like",
            hint=f"pvbench show {manifest.run_id} lists the cells",
        )
    return {ours: None, theirs: None}
