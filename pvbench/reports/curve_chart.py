"""The figure of one sweep: a line a device over two logarithmic axes, every mark named."""

import math

from pvbench.metrics import METRICS
from pvbench.reports import charts
from pvbench.reports import format as fmt
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
    for tick in charts._ticks(across.low, across.high):
        axes.plot([across(tick)] * 2, [_TOP, HEIGHT - _BOTTOM], color=charts._GRID, lw=1)
        told = fmt.value(METRICS[curve.across], tick) if curve.across else _plain(curve, tick)
        charts._text(axes, across(tick), HEIGHT - _BOTTOM + 15, charts._short(told), color=charts._MUTED, size=10.5,
                     ha="center")  # fmt: skip
    for tick in charts._ticks(up.low, up.high):
        axes.plot([_LEFT, WIDTH - _RIGHT], [up(tick)] * 2, color=charts._GRID, lw=1)
        told = charts._short(fmt.value(METRICS[curve.up], tick))
        charts._text(axes, _LEFT - 6, up(tick) + 4, told, color=charts._MUTED, size=10.5, ha="right")
    charts._text(axes, (_LEFT + WIDTH - _RIGHT) / 2, HEIGHT - 8, curve.across_title, color=charts._MUTED, size=11,
                 ha="center")  # fmt: skip
    charts._text(axes, 0, 14, curve.up_title, color=charts._MUTED, size=11)
    for place, line in enumerate(curve.lines):
        _line(axes, line, place, across, up)
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


_STYLES = (("o", "-"), ("s", "--"), ("^", ":"), ("v", "-."))


def _line(axes: object, line: CurveLine, place: int, across: _Scale, up: _Scale) -> None:
    colour = charts._PV if line.io_path == "PV" else charts._EMULATED if line.io_path else charts._NEUTRAL
    marker, dashes = _STYLES[place % len(_STYLES)]
    xs, ys = [across(point.x) for point in line.points], [up(point.y) for point in line.points]
    axes.plot(xs, ys, color=colour, lw=1.6, ls=dashes, marker=marker, ms=6.5, mfc=colour, mec="#ffffff", mew=0.8)  # type: ignore[attr-defined]
    taken: list[tuple[float, float]] = []
    for point, x, y in zip(line.points, xs, ys, strict=True):
        # A mark's name stands above its line for one device and below for the next, unless one stands there already.
        at = (x, y - 9 if place % 2 else y + 17)
        if all(abs(at[0] - left) > 26 or abs(at[1] - top) > 11 for left, top in taken):
            charts._text(axes, *at, point.name, color=colour, size=10, ha="center")
            taken.append(at)
    left = WIDTH - _RIGHT - 98.0 * (place % 3 + 1) + 98
    charts._text(axes, left, 14 + 13 * (place // 3), line.device, color=colour, size=11.5, weight="bold", ha="right")


def _plain(curve: Curve, tick: float) -> str:
    return fmt.size(tick) if curve.axis not in {"streams", "jobs", "depth"} else f"{tick:g}"
