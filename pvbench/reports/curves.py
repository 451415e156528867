"""Sweeps → curves: throughput against latency of disks, rate against size of networks. Pure."""

from collections.abc import Hashable, Sequence
from statistics import median

from pvbench import wording
from pvbench.metrics import METRICS, Metric
from pvbench.model import Cell, Outcome, Scalar
from pvbench.printable import clean
from pvbench.reports.page import Curve, CurveLine, CurvePoint
from pvbench.samples import CellTrials
from pvbench.workloads import WORKLOADS
from pvbench.workloads.tool import Axis

FEWEST = 3
"""Two points are a comparison, not a curve."""

CURVES = 12
"""As many as a page holds."""


def build(gathered: Sequence[CellTrials], label: str) -> tuple[Curve, ...]:
    """Return a curve for every set of cells that differ in one axis alone, at three points of it or more."""
    sweeps: dict[Hashable, list[CellTrials]] = {}
    axes: dict[Hashable, Axis] = {}
    for each in gathered:
        tool = WORKLOADS.get(each.cell.workload.tool)
        for axis in tool.axes if tool else ():
            if (value := _at(each.cell, axis)) is not None and not isinstance(value, str):
                key: Hashable = (axis.param, each.cell.host, each.cell.workload.tool, *_rest(each.cell, axis))
                sweeps.setdefault(key, []).append(each)
                axes[key] = axis
    curves = []
    for key, cells in sweeps.items():
        if len({_at(each.cell, axes[key]) for each in cells}) >= FEWEST:
            curve = _curve(cells, axes[key], label)
            curves += [curve] if any(line.points for line in curve.lines) else []
    return tuple(curves[:CURVES])


def _at(cell: Cell, axis: Axis) -> Scalar | None:
    return dict(cell.tunables).get(axis.param, dict(cell.workload.params).get(axis.param))


def _rest(cell: Cell, axis: Axis) -> tuple[Hashable, ...]:
    """Return what the cells of a sweep have in common. An offered load is among it, which brings its own depth."""
    params = tuple(pair for pair in cell.workload.params if pair[0] not in {axis.param} | axis.follows)
    return params, tuple(pair for pair in cell.tunables if pair[0] != axis.param)


def _curve(cells: Sequence[CellTrials], axis: Axis, label: str) -> Curve:
    load = cells[0].cell.workload
    across = METRICS[axis.across(dict(load.params))] if axis.across else None
    up = METRICS[axis.up] if axis.up else wording.primary(load)
    lines = []
    for device in dict.fromkeys(each.cell.device for each in cells):
        own = [each for each in cells if each.cell.device == device]
        own.sort(key=lambda each: float(_at(each.cell, axis) or 0))
        points = tuple(point for each in own if (point := _point(each, axis, across, up)) is not None)
        lines.append(CurveLine(clean(device), wording.io_path(device), points))
    title = wording.mode(load)
    what = f"{across.title} against {up.title}" if across else f"{up.title} by {axis.noun}"
    caption = f"{title}: {what}, each mark a {axis.noun if across else 'point of the sweep'}"
    return Curve(
        title=f"{title} by {axis.noun}",
        axis=axis.noun,
        across=across.name if across else "",
        across_title=across.title if across else axis.noun,
        up=up.name,
        up_title=up.title,
        caption=f"{caption} · {label}" if label else caption,
        lines=tuple(lines),
    )


def _point(cell: CellTrials, axis: Axis, across: Metric | None, up: Metric) -> CurvePoint | None:
    value = float(_at(cell.cell, axis) or 0)
    x, y = (_median(cell, across) if across else value), _median(cell, up)
    if not x or not y:
        return None
    name = axis.text(value)
    return CurvePoint(name, x, y, across.text(x) if across else name, up.text(y))


def _median(gathered: CellTrials, metric: Metric) -> float | None:
    values = [
        reading.value
        for trial in gathered.trials
        if trial.outcome is Outcome.OK
        for reading in trial.readings
        if reading.metric == metric.name
    ]
    return median(values) if values else None
