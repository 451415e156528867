"""The figure of one sweep: a line a device over two logarithmic axes, every mark named."""

from pvbench.metrics import METRICS
from pvbench.reports.charts import Scale, dot, logarithmic, short, ticks
from pvbench.reports.colours import GRID, MUTED, of_path
from pvbench.reports.drawing import Drawing, Pen
from pvbench.reports.page import Curve, CurveLine

WIDTH, HEIGHT = 420, 300.0
_LEFT, _RIGHT, _TOP, _BOTTOM = 62.0, 30.0, 34.0, 44.0
_DASHES = ("", "6 2.6", "1.6 2.6", "10 2.6 1.6 2.6")
"""Of the first device on, again from the first where there are more."""
_WIDE = 7.2
"""Points that a bold letter of 11.5 points takes, about."""


def draw(curve: Curve, number: int) -> str:
    """Return the curve as SVG text in the style of the other figures."""
    drawing = Drawing(f"curve{number}", WIDTH, HEIGHT)
    points = [point for line in curve.lines for point in line.points]
    lefts, rights = _ends([point.x for point in points]), _ends([point.y for point in points])
    across, up = logarithmic(*lefts, _LEFT, WIDTH - _RIGHT), logarithmic(*rights, HEIGHT - _BOTTOM, _TOP + 10)
    _axes(drawing, curve, across, up)
    for place, line in enumerate(curve.lines):
        _line(drawing, line, place, across, up, named=bool(curve.across))
    spoken = "; ".join(
        f"{line.device}: " + ", ".join(f"{point.name}: {point.x_text}, {point.y_text}" for point in line.points)
        for line in curve.lines
    )
    return drawing.svg(curve.caption, spoken)


def _ends(values: list[float]) -> tuple[float, float]:
    return min(values) / 1.3, max(values) * 1.3


def _axes(drawing: Drawing, curve: Curve, across: Scale, up: Scale) -> None:
    points = [point for line in curve.lines for point in line.points]
    taken: list[float] = []
    for value, told in _across_ticks(curve):
        at = across(value)
        drawing.line([(at, _TOP), (at, HEIGHT - _BOTTOM)], Pen(GRID))
        if all(abs(at - other) > 44 for other in taken):
            drawing.text(at, HEIGHT - _BOTTOM + 15, told, size=10.5, colour=MUTED, anchor="middle")
            taken.append(at)
    for tick in ticks(*_ends([point.y for point in points])):
        drawing.line([(_LEFT, up(tick)), (WIDTH - _RIGHT, up(tick))], Pen(GRID))
        told = short(METRICS[curve.up].text(tick))
        drawing.text(_LEFT - 6, up(tick) + 4, told, size=10.5, colour=MUTED, anchor="end")
    middle = (_LEFT + WIDTH - _RIGHT) / 2
    drawing.text(middle, HEIGHT - 8, curve.across_title, size=11, colour=MUTED, anchor="middle")
    drawing.text(0, 14, curve.up_title, size=11, colour=MUTED)


def _across_ticks(curve: Curve) -> list[tuple[float, str]]:
    """Return where the axis is marked and with what: the points of the sweep themselves where the axis is theirs."""
    points = [point for line in curve.lines for point in line.points]
    if not curve.across:
        return sorted({(point.x, point.name) for point in points})
    return [(tick, short(METRICS[curve.across].text(tick))) for tick in ticks(*_ends([point.x for point in points]))]


def _line(drawing: Drawing, line: CurveLine, place: int, across: Scale, up: Scale, *, named: bool) -> None:
    colour = of_path(line.io_path)
    places = [(across(point.x), up(point.y)) for point in line.points]
    pen = Pen(colour, 1.6, dashes=_DASHES[place % len(_DASHES)])
    drawing.line(places, pen)
    drawing.marks(places, dot(line.io_path))
    marks = [(point.name, *at) for point, at in zip(line.points, places, strict=True)] if named else []
    taken: list[tuple[float, float]] = []
    # The ends first; a name stands above its mark for one device and below for the next, unless one stands there.
    for name, x, y in [*marks[:1], *marks[:0:-1]]:
        at = (x, y - 9 if place % 2 else y + 17)
        if all(abs(at[0] - left) > 26 or abs(at[1] - top) > 11 for left, top in taken):
            drawing.text(*at, name, size=10, colour=colour, anchor="middle")
            taken.append(at)
    right, base = WIDTH - _RIGHT - 98.0 * (place % 3), 14.0 + 13 * (place // 3)
    drawing.text(right, base, line.device, size=11.5, colour=colour, bold=True, anchor="end")
    # Beside its name a piece of the line, so that dashes and marks tell it apart where colours do not.
    sample = right - _WIDE * len(line.device) - 5
    drawing.line([(sample - 22, base - 4), (sample, base - 4)], pen)
    drawing.marks([(sample - 11, base - 4)], dot(line.io_path))
