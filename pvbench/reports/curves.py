"""Sweeps → curves: throughput against latency of disks, rate against size of networks. Pure."""

from collections.abc import Hashable, Mapping, Sequence
from statistics import median

from pvbench import figures as fmt
from pvbench.metrics import METRICS, Metric
from pvbench.model import Cell, Outcome, Scalar
from pvbench.reports import wording
from pvbench.reports.arms import CellTrials
from pvbench.reports.page import Curve, CurveLine, CurvePoint

FEWEST = 3
"""Two points are a comparison, not a curve."""

CURVES = 12
"""As many as a page holds."""

_SIZES = frozenset({"bs", "length", "send", "request", "response", "mtu"})
_AXES: Mapping[str, tuple[tuple[str, str], ...]] = {
    "fio": (("iodepth", "depth"), ("bs", "I/O size"), ("numjobs", "jobs"), ("rate_iops", "offered load")),
    "iperf3": (("length", "size"), ("mtu", "MTU"), ("parallel", "streams")),
    "netperf": (("send", "size"), ("request", "request"), ("response", "response"), ("mtu", "MTU")),
}
_FOLLOWS: Mapping[str, frozenset[str]] = {"iodepth": frozenset({"ioengine"})}
"""What changes with an axis of its own accord."""


def build(gathered: Sequence[CellTrials], label: str) -> tuple[Curve, ...]:
    """Return a curve for every set of cells that differ in one axis alone, at three points of it or more."""
    found: dict[Hashable, list[CellTrials]] = {}
    names: dict[Hashable, tuple[str, str]] = {}
    for each in gathered:
        for axis in _AXES.get(each.cell.workload.tool, ()):
            if (value := _at(each.cell, axis[0])) is not None and not isinstance(value, str):
                key: Hashable = (axis[0], each.cell.host, each.cell.workload.tool, *_rest(each.cell, axis[0]))
                found.setdefault(key, []).append(each)
                names[key] = axis
    curves = []
    for key, cells in found.items():
        if len({_at(each.cell, names[key][0]) for each in cells}) >= FEWEST:
            curve = _curve(cells, *names[key], label)
            curves += [curve] if any(line.points for line in curve.lines) else []
    return tuple(curves[:CURVES])


def _at(cell: Cell, axis: str) -> Scalar | None:
    return dict(cell.tunables).get(axis, dict(cell.workload.params).get(axis))


def _rest(cell: Cell, axis: str) -> tuple[Hashable, ...]:
    left_out = {axis} | _FOLLOWS.get(axis, frozenset())
    params = tuple(pair for pair in cell.workload.params if pair[0] not in left_out)
    # An offered load brings its own depth, so that its cells are no points of a sweep of depths.
    offered = axis != "rate_iops" and "rate_iops" in dict(cell.workload.params)
    return params, tuple(pair for pair in cell.tunables if pair[0] != axis), offered


def _curve(cells: Sequence[CellTrials], axis: str, noun: str, label: str) -> Curve:
    first = cells[0].cell
    disk = first.workload.tool == "fio"
    whole = axis == "bs" or dict(first.workload.params).get("rw") in {"read", "write"}
    across = METRICS["throughput" if whole else "iops"] if disk else None
    up = METRICS["latency_mean"] if disk else wording.primary(first.workload)
    if not disk and up.name == "packets":
        up = METRICS["packets"]
    lines = []
    for device in dict.fromkeys(each.cell.device for each in cells):
        own = [each for each in cells if each.cell.device == device]
        own.sort(key=lambda each: float(_at(each.cell, axis) or 0))
        points = tuple(point for each in own if (point := _point(each, axis, across, up)) is not None)
        lines.append(CurveLine(fmt.clean(device), wording.io_path(device), points))
    title = wording.title(first.workload).partition(",")[0]
    what = f"{across.title} against {up.title}" if across else f"{up.title} by {noun}"
    caption = f"{title}: {what}, each mark a {noun if disk else 'point of the sweep'}"
    return Curve(
        title=f"{title} by {noun}",
        axis=noun,
        across=across.name if across else "",
        across_title=across.title if across else noun,
        up=up.name,
        up_title=up.title,
        caption=f"{caption} · {label}" if label else caption,
        lines=tuple(lines),
    )


def _point(found: CellTrials, axis: str, across: Metric | None, up: Metric) -> CurvePoint | None:
    value = float(_at(found.cell, axis) or 0)
    x, y = (_median(found, across) if across else value), _median(found, up)
    if not x or not y:
        return None
    told = fmt.size(value) if axis in _SIZES else METRICS["iops"].text(value) if axis == "rate_iops" else ""
    name = told or f"{value:g}"
    return CurvePoint(name, x, y, across.text(x) if across else name, up.text(y))


def _median(found: CellTrials, metric: Metric) -> float | None:
    values = [
        reading.value
        for trial in found.trials
        if trial.outcome is Outcome.OK
        for reading in trial.readings
        if reading.metric == metric.name
    ]
    return median(values) if values else None
