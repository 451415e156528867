"""What `pvbench compare` prints: the comparisons of a run, along a factor, of two devices or of two cells."""

from collections.abc import Sequence
from dataclasses import asdict, replace
from typing import Any

from pvbench.contrasts import OF_DEVICES, contrasts_of, pairings
from pvbench.errors import UsageError
from pvbench.factors import FACTORS
from pvbench.model import Cell, Contrast, DeviceKind, Scalar, Trial
from pvbench.reports import comparison
from pvbench.reports.page import ComparisonPage
from pvbench.samples import gather
from pvbench.store import Manifest
from pvbench.store import cells as run_cells
from pvbench.tunables import text
from pvbench.yaml_schema import nearest


def page_of(manifest: Manifest, trials: Sequence[Trial], words: Sequence[str] = ()) -> ComparisonPage:
    """Return the page of a run cut down to what the words name; none: every comparison of its matrix.

    They are a factor; two devices or cells, the baseline first; or a factor and two of its values. Raises UsageError
    for what cannot be compared.
    """
    own = tuple(dict.fromkeys(spec.cell for spec in manifest.plan))
    contrasts, chosen = _chosen(manifest, own, list(words))
    part = replace(manifest, contrasts=contrasts, plan=tuple(spec for spec in manifest.plan if spec.cell in chosen))
    if words:  # what nothing stands against is no part of a comparison
        kept = {each.cell for one in pairings(contrasts, gather(part, ())) if len(one.cells) > 1 for each in one.cells}
        part = replace(part, plan=tuple(spec for spec in part.plan if spec.cell in kept))
    planned = {spec.cell for spec in part.plan}
    return comparison.build(part, tuple(trial for trial in trials if trial.spec.cell in planned))


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
                "factor": row.factor,
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
                "unit": row.unit,
                "units": row.units,
                "notes": list(row.notes),
                "a": asdict(row.baseline),
                "b": asdict(row.candidate),
            }
            for group in page.groups
            for row in group.rows
        ],
    }


Chosen = tuple[tuple[Contrast, ...], frozenset[Cell]]


def _chosen(manifest: Manifest, cells: Sequence[Cell], words: Sequence[str]) -> Chosen:
    """Return what is compared of which cells."""
    if not words:
        return contrasts_of(manifest), frozenset(cells)
    if len(words) == 1:
        return (_contrast(manifest, cells, words[0]),), frozenset(cells)
    if len(words) == 3:
        return _by_values(manifest, cells, *words)
    a, b = words
    if a in FACTORS:
        raise UsageError(
            f"{a} with one value: two are compared, the baseline first",
            hint=f"pvbench compare {manifest.run_id} {a}, or {a} and two of its values",
        )
    devices = tuple(dict.fromkeys(cell.device for cell in cells))
    return _by_device(manifest, cells, a, b) if {a, b} <= set(devices) else _by_cell(manifest, devices, a, b)


def _contrast(manifest: Manifest, cells: Sequence[Cell], name: str) -> Contrast:
    """Return the run's contrast of a factor, or one against its lowest value: the plan's own order is drawn."""
    varied = [row.name for row in FACTORS.values() if len({row.value(cell.arm) for cell in cells}) > 1]
    if name not in varied:
        what = f"{FACTORS[name].title} is the same in all cells of" if name in FACTORS else f"'{name}' is no factor of"
        raise UsageError(
            f"{what} {manifest.run_id}{nearest(name, varied)}",
            hint=f"pvbench show {manifest.run_id} lists the cells",
        )
    made = next((each for each in contrasts_of(manifest) if each.factor == name), None)
    if made is None and name == "device":
        return OF_DEVICES
    return made or Contrast(name, next(iter(_known(cells, name).values())))


def _by_values(manifest: Manifest, cells: Sequence[Cell], name: str, a: str, b: str) -> Chosen:
    """Return a factor's comparison cut down to two of its values, the baseline first."""
    contrast = _contrast(manifest, cells, name)
    known = _known(cells, name)
    said = {FACTORS[name].say(value): value for value in known.values()} | known
    for word in (a, b):
        if word not in said:
            raise UsageError(f"{FACTORS[name].title} is never '{word}' in {manifest.run_id}{nearest(word, known)}")
    if said[a] == said[b]:
        raise UsageError(f"{a} compared with itself says nothing")
    if name == "device":
        return _by_device(manifest, cells, a, b)
    kept = frozenset(cell for cell in cells if FACTORS[name].value(cell.arm) in (said[a], said[b]))
    return (replace(contrast, baseline=said[a]),), kept


def _known(cells: Sequence[Cell], name: str) -> dict[str, Scalar]:
    """Return the values of a factor by how they are written, the lowest first; where none was asked for is left out."""
    found = {value for cell in cells if (value := FACTORS[name].value(cell.arm)) is not None}
    return {text(value): value for value in sorted(found, key=lambda value: (isinstance(value, str), value))}


def _by_device(manifest: Manifest, cells: Sequence[Cell], a: str, b: str) -> Chosen:
    """Return the comparison of two devices, A the baseline."""
    if a == b:
        raise UsageError(f"{a} compared with itself says nothing")
    ours, theirs = (next(cell.kind for cell in cells if cell.device == name) for name in (a, b))
    if ours is not theirs:
        raise UsageError(f"{a} is a {ours} device and {b} a {theirs} device; no workload exercises both")
    return (_of_devices(manifest, ours, a),), frozenset(cell for cell in cells if cell.device in (a, b))


def _by_cell(manifest: Manifest, devices: tuple[str, ...], a: str, b: str) -> Chosen:
    """Return the comparison of two cells along what they differ in, A the baseline."""
    ours, theirs = (_cell(manifest, devices, name, other) for name, other in ((a, b), (b, a)))
    if ours == theirs:
        raise UsageError(f"{a} and {b} are the same cell")
    alike = [row for row in FACTORS.values() if row.without(ours.arm) == row.without(theirs.arm)]
    if ours.workload != theirs.workload or not alike:
        raise UsageError(
            f"{a} and {b} differ in more than one factor; like is compared with like",
            hint=f"pvbench show {manifest.run_id} lists the cells",
        )
    factor = alike[0]
    if factor.name == "device":
        return (_of_devices(manifest, ours.kind, ours.device),), frozenset((ours, theirs))
    if not factor.acts_on(ours.arm):
        raise UsageError(f"{a} and {b} are of {ours.device}, for which {factor.title} means nothing")
    contrast = replace(_contrast(manifest, (ours, theirs), factor.name), baseline=_value(factor.name, ours))
    return (contrast,), frozenset((ours, theirs))


def _cell(manifest: Manifest, devices: tuple[str, ...], name: str, other: str) -> Cell:
    if name in devices:
        raise UsageError(
            f"'{name}' is a device and '{other}' is none of this run{nearest(other, devices)}",
            hint="compare two devices or two cells",
        )
    if not any(key.startswith(name) for key in run_cells.cells(manifest)):
        raise UsageError(
            f"'{name}' is neither a device nor a cell of {manifest.run_id}{nearest(name, devices)}",
            hint=f"pvbench show {manifest.run_id}",
        )
    return run_cells.cell(manifest, name)[1]


def _of_devices(manifest: Manifest, kind: DeviceKind, baseline: str) -> Contrast:
    made = next((each for each in manifest.contrasts if each.factor == "device"), OF_DEVICES)
    return replace(made, baseline=((kind, baseline),))


def _value(name: str, cell: Cell) -> Scalar:
    value = FACTORS[name].value(cell.arm)
    if value is None:
        raise UsageError(f"{FACTORS[name].title} was not asked for in one of the cells")
    return value
