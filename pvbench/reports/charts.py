"""The figures: a ladder of ratios and strips of values by block, as SVG text."""

import math
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from types import MappingProxyType

from pvbench import figures as fmt
from pvbench.metrics import METRICS
from pvbench.reports.colours import EMULATED, GRID, MUTED, NEUTRAL, PAPER, PV, RULE, of_path
from pvbench.reports.drawing import Drawing, Mark, Pen
from pvbench.reports.page import Arm, ComparisonPage, Group, Row, Strip

WIDTH = 420
"""Points, and units of the viewBox: so narrow that 12 points stay readable on a screen of 360 px."""

LADDER_ROWS = 60
_ROW, _HEAD, _TOP, _BOTTOM = 38.0, 26.0, 22.0, 10.0
_WIDE = 7.0
"""Points that a letter of the ladder takes, about: with a long interval there is less room for a name."""
_DECADES = 6
"""So many of the ladder's decades have room for their labels."""
_LONGEST_SIDE = 26
_STRIP_WIDTH, _STRIP_ROW, _STRIP_TOP, _STRIP_BOTTOM, _STRIP_LEFT = 340, 26.0, 8.0, 24.0, 84.0
MARKS: Mapping[str, tuple[str, str]] = MappingProxyType(
    {
        "faster": ("circle", PV),
        "slower": ("pointing down", EMULATED),
        "equivalent": ("square", NEUTRAL),
        "capped": ("pointing right", NEUTRAL),
        "undetermined": ("circle", PAPER),
    }
)
"""Per verdict, the mark and its filling; undetermined is hollow."""

Scale = Callable[[float], float]
"""A value → its place from left to right."""


def ladder(page: ComparisonPage) -> str:
    """Return the ladder: every comparison's ratio with its interval on a logarithmic axis with decade lines."""
    groups, left_out = _first_rows(page.groups)
    rows = [row for group in groups for row in group.rows]
    low, high = decades([number for row in rows for number in (row.low, row.high, row.point) if number])
    height = _TOP + _BOTTOM + _HEAD * len(groups) + _ROW * len(rows) + (_HEAD if left_out else 0)
    drawing = Drawing("ladder", WIDTH, height)
    edge = 0.06 * math.log10(high / low)
    across = logarithmic(10 ** (math.log10(low) - edge), 10 ** (math.log10(high) + edge), 0.0, WIDTH)
    decade_lines(drawing, across, low, high)
    y = _TOP
    for group in groups:
        y += _HEAD
        drawing.text(0.0, y - 9, cut(group.heading, 56), size=12, bold=True)
        for row in group.rows:
            _rung(drawing, across, row, y)
            y += _ROW
    if left_out:
        drawing.text(0.0, y + 14, f"{left_out} more in the table", size=11, colour=MUTED)
    return drawing.svg("Ratio of each comparison", _spoken(rows, page.label))


def rungs(page: ComparisonPage) -> tuple[Row, ...]:
    """Return the comparisons that the ladder draws, for the table behind it."""
    return tuple(row for group in _first_rows(page.groups)[0] for row in group.rows)


def strip(drawn: Strip, number: int) -> str:
    """Return one strip plot: a row a device, a dot a block, lines joining the dots of one block."""
    metric = METRICS[drawn.metric]
    height = _STRIP_TOP + _STRIP_BOTTOM + _STRIP_ROW * len(drawn.arms)
    drawing = Drawing(f"strip{number}", _STRIP_WIDTH, height)
    numbers = [value for arm in drawn.arms for _, value in arm.values if value > 0]
    low, high = (min(numbers) / 1.35, max(numbers) * 1.35) if numbers else (0.1, 10.0)
    longest = max(len(cut(arm.name, _LONGEST_SIDE)) for arm in drawn.arms)
    across = logarithmic(low, high, max(_STRIP_LEFT, _WIDE * longest), _STRIP_WIDTH)
    bottom = height - _STRIP_BOTTOM
    for tick in ticks(low, high):
        drawing.line([(across(tick), _STRIP_TOP), (across(tick), bottom)], Pen(GRID))
        drawing.text(across(tick), bottom + 14, short(metric.text(tick)), size=10.5, colour=MUTED, anchor="middle")
    heights = {arm.cell: _STRIP_TOP + _STRIP_ROW * (place + 0.5) for place, arm in enumerate(drawn.arms)}
    for upper, lower in zip(drawn.arms, drawn.arms[1:], strict=False):
        other = dict(lower.values)
        pairs = [(value, other[block]) for block, value in upper.values if value > 0 and other.get(block, 0) > 0]
        # One line with gaps: an element for each of hundreds of blocks would make the page long.
        ends, gap = (heights[upper.cell], heights[lower.cell]), (math.nan, math.nan)
        joined = [end for one, two in pairs for end in ((across(one), ends[0]), (across(two), ends[1]), gap)]
        drawing.line(joined, Pen(RULE, 0.8))
    for arm in drawn.arms:
        _dots(drawing, across, arm, heights[arm.cell])
    spoken = "; ".join(f"{arm.name}: {_spoken_values(arm, drawn.metric)}" for arm in drawn.arms)
    return drawing.svg(drawn.caption, spoken)


def logarithmic(low: float, high: float, begin: float, end: float) -> Scale:
    """Return a logarithmic scale with `low` at `begin` and `high` at `end`."""
    first, span = math.log(low), math.log(high / low)
    return lambda value: begin + (math.log(value) - first) / span * (end - begin)


def dot(io_path: str) -> Mark:
    """Return what stands for a value: diamonds for emulated devices, dots for paravirtualised ones."""
    circle = io_path == "PV"
    return Mark("circle" if circle else "diamond", 7 if circle else 5.8, of_path(io_path), PAPER)


def decade_lines(drawing: Drawing, across: Scale, low: float, high: float) -> None:
    """Draw a line for each power of ten of a ratio, with its name above, and a darker one at 1."""
    powers = range(round(math.log10(low)), round(math.log10(high)) + 1)
    every = 1 if len(powers) <= _DECADES else 2
    for power in powers:
        at = across(10.0**power)
        drawing.line([(at, _TOP - 4), (at, drawing.height - _BOTTOM)], Pen(RULE if power == 0 else GRID, 1.1))
        if power % every == 0:
            told = fmt.ratio(10.0**power) if power else "1×"
            drawing.text(at, _TOP - 9, told, size=11, colour=MUTED, anchor="middle")


def _rung(drawing: Drawing, across: Scale, row: Row, top: float) -> None:
    middle = top + 24
    shown = row.verdict if row.point is None else f"{row.bound}{row.ratio} {row.interval}".strip()
    room = WIDTH - _WIDE * len(shown)
    size = 12 if _WIDE * len(row.workload) <= room else 10
    drawing.text(0.0, top + 12, cut(row.workload, int(room / (_WIDE * size / 12))), size=size)
    drawing.line([(0.0, middle), (WIDTH, middle)], Pen(GRID, 0.8))
    if row.point is None:
        drawing.text(WIDTH, top + 12, shown, size=11.5, colour=MUTED, anchor="end")
        return
    drawing.text(WIDTH, top + 12, shown, size=12, bold=True, anchor="end")
    shape, filling = MARKS[row.tone]
    edge = NEUTRAL if filling == PAPER else filling
    if row.low is not None and row.high is not None:
        drawing.line([(across(row.low), middle), (across(row.high), middle)], Pen(edge, 4.5, 0.55, "round"))
    drawing.marks([(across(row.point), middle)], Mark(shape, 8, filling, edge, 1.6))


def _dots(drawing: Drawing, across: Scale, arm: Arm, height: float) -> None:
    drawing.text(0.0, height + 4, cut(arm.name, _LONGEST_SIDE), size=11.5)
    shown = [(across(value), height) for _, value in arm.values if value > 0]
    if shown:
        drawing.marks(shown, dot(arm.io_path))
    else:
        drawing.text(drawing.width, height + 4, arm.median, size=11, colour=MUTED, anchor="end")


def cut(name: str, longest: int) -> str:
    """Return a name that has room for so many letters."""
    return name if len(name) <= longest else name[: longest - 1] + "…"


def _first_rows(groups: Sequence[Group]) -> tuple[list[Group], int]:
    kept: list[Group] = []
    room = LADDER_ROWS
    for group in groups:
        if room > 0:
            kept.append(replace(group, rows=group.rows[:room]))
            room -= len(kept[-1].rows)
    return kept, sum(len(group.rows) for group in groups) - sum(len(group.rows) for group in kept)


def decades(ratios: Sequence[float]) -> tuple[float, float]:
    """Return the decades that hold every ratio, 1 and at least 10; three each way is as far as a figure goes."""
    low = min([1.0, *ratios])
    high = max([10.0, *ratios])
    return 10.0 ** max(math.floor(math.log10(low)), -4), 10.0 ** min(math.ceil(math.log10(high)), 5)


def ticks(low: float, high: float) -> list[float]:
    """Return round values to mark a logarithmic axis at, two to four of them where there are."""
    for steps in ((1,), (1, 3), (1, 2, 5), (1, 1.5, 2, 3, 5, 7)):
        powers = range(math.floor(math.log10(low)), math.ceil(math.log10(high)) + 1)
        found = [step * 10.0**power for power in powers for step in steps if low <= step * 10.0**power <= high]
        if len(found) >= 2:
            return found[:: math.ceil(len(found) / 4)]
    return [math.sqrt(low * high)]


def short(tick: str) -> str:
    """Return what an axis is marked with, without a fraction that says nothing: 10 ms."""
    return re.sub(r"\.0+ ", " ", tick)


def _spoken(rows: Sequence[Row], label: str) -> str:
    lines = [f"{row.workload}: {row.bound}{row.ratio} {row.interval} {row.verdict}".replace("  ", " ") for row in rows]
    return "; ".join([*lines, label] if label else lines)


def _spoken_values(arm: Arm, metric: str) -> str:
    return ", ".join(METRICS[metric].text(value) for _, value in arm.values) or arm.median
