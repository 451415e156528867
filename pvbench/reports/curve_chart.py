"""The figure of one sweep: a line a device over two logarithmic axes, every mark named."""

import math
from typing import Any

from pvbench.metrics import METRICS
from pvbench.reports import charts
from pvbench.reports.page import Curve, CurveLine

WIDTH, HEIGHT = 420, 300.0
_LEFT, _RIGHT, _TOP, _BOTTOM = 62.0, 30.0, 34.0, 44.0


def draw(curve: Curve, number: int) -> str:
    """Return the curve as SVG text in the style of the other figures."""
    figure, axes = charts._canvas(WIDTH, HEIGHT)
    axes.set_xlim(0, WIDTH)
    points = [point for line in curve.lines for point in line.points]
    across = _Scale([point.x for point in points], _LEFT, WIDTH - _RIGHT)
    up = _Scale([point.y for point in points], HEIGHT - _BOTTOM, _TOP + 10)
    ends: list[float] = []
    for value, told in _across_ticks(curve, across):
        at = across(value)
        axes.plot([at, at], [_TOP, HEIGHT - _BOTTOM], color=charts._GRID, lw=1)
        if all(abs(at - other) > 44 for other in ends):
            charts._text(axes, at, HEIGHT - _BOTTOM + 15, told, color=charts._MUTED, size=10.5, ha="center")
            ends.append(at)
    for tick in charts._ticks(up.low, up.high):
        axes.plot([_LEFT, WIDTH - _RIGHT], [up(tick)] * 2, color=charts._GRID, lw=1)
        told = charts._short(METRICS[curve.up].text(tick))
        charts._text(axes, _LEFT - 6, up(tick) + 4, told, color=charts._MUTED, size=10.5, ha="right")
    charts._text(
        axes, (_LEFT + WIDTH - _RIGHT) / 2, HEIGHT - 8, curve.across_title, color=charts._MUTED, size=11, ha="center"
    )
    charts._text(axes, 0, 14, curve.up_title, color=charts._MUTED, size=11)
    for place, line in enumerate(curve.lines):
        _line(axes, line, place, across, up, named=bool(curve.across))
    spoken = "; ".join(
        f"{line.device}: " + ", ".join(f"{point.name}: {point.x_text}, {point.y_text}" for point in line.points)
        for line in curve.lines
    )
    return charts._svg(figure, f"curve{number}", curve.caption, spoken)


class _Scale:
    """Values on a logarithmic axis → points on the page."""

    def __init__(self, values: list[float], begin: float, end: float) -> None:
        self.low, self.high = min(values) / 1.3, max(values) * 1.3
        self._begin, self._end = begin, end

    def __call__(self, value: float) -> float:
        share = math.log(value / self.low) / math.log(self.high / self.low)
        return self._begin + share * (self._end - self._begin)


_DASHES = ("-", "--", ":", "-.")


def _across_ticks(curve: Curve, across: _Scale) -> list[tuple[float, str]]:
    """Return where the axis is marked and with what: the points of the sweep themselves where the axis is theirs."""
    if not curve.across:
        return sorted({(point.x, point.name) for line in curve.lines for point in line.points})
    ticks = charts._ticks(across.low, across.high)
    return [(tick, charts._short(METRICS[curve.across].text(tick))) for tick in ticks]


def _line(axes: Any, line: CurveLine, place: int, across: _Scale, up: _Scale, *, named: bool) -> None:
    colour = charts._PV if line.io_path == "PV" else charts._EMULATED if line.io_path else charts._NEUTRAL
    marker = "o" if line.io_path == "PV" else "D"
    xs, ys = [across(point.x) for point in line.points], [up(point.y) for point in line.points]
    axes.plot(xs, ys, color=colour, lw=1.6, ls=_DASHES[place % len(_DASHES)])
    size = 7 if marker == "o" else 5.8
    axes.plot(xs, ys, ls="none", marker=marker, ms=size, mfc=colour, mec="#ffffff", mew=0.8)
    marks = list(zip([point.name for point in line.points], xs, ys, strict=True)) if named else []
    taken: list[tuple[float, float]] = []
    # The ends first; a name stands above its mark for one device and below for the next, unless one stands there.
    for name, x, y in [*marks[:1], *marks[:0:-1]]:
        at = (x, y - 9 if place % 2 else y + 17)
        if all(abs(at[0] - left) > 26 or abs(at[1] - top) > 11 for left, top in taken):
            charts._text(axes, *at, name, color=colour, size=10, ha="center")
            taken.append(at)
    left = WIDTH - _RIGHT - 98.0 * (place % 3)
    charts._text(axes, left, 14 + 13 * (place // 3), line.device, color=colour, size=11.5, weight="bold", ha="right")
