"""The figure of several runs: every comparison's ratio, a lane a run, on one logarithmic axis."""

import math

from pvbench.reports.charts import MARKS, cut, decade_lines, decades, logarithmic
from pvbench.reports.colours import GRID, MUTED, NEUTRAL, PAPER
from pvbench.reports.drawing import Drawing, Mark, Pen
from pvbench.reports.several.page import RatioRow, RatioSide, RunsPage

WIDTH = 420
MOST_LANES = 120
"""Past so many the figure is longer than anybody scrolls; the table has all of them."""
_TOP, _BOTTOM, _HEAD, _LANE, _LEFT = 26.0, 12.0, 20.0, 16.0, 18.0
_WIDE = 7.0


def ladder(page: RunsPage) -> str:
    """Return the figure as SVG; "" where no run has a ratio."""
    rows = page.ratios[: max(1, MOST_LANES // len(page.runs))]
    sides = [side for row in rows for side in row.sides if side and side.point]
    if not sides:
        return ""
    low, high = decades([number for side in sides for number in (side.low, side.high, side.point) if number])
    left_out = len(page.ratios) - len(rows)
    height = _TOP + _BOTTOM + len(rows) * (_HEAD + _LANE * len(page.runs)) + (_HEAD if left_out else 0)
    drawing = Drawing("runs", WIDTH, height)
    edge = 0.06 * math.log10(high / low)
    across = logarithmic(10 ** (math.log10(low) - edge), 10 ** (math.log10(high) + edge), _LEFT, WIDTH)
    decade_lines(drawing, across, low, high)
    y = _TOP
    for row in rows:
        drawing.text(0.0, y + 13, cut(f"{row.workload}: {row.candidate} / {row.baseline}", 60), size=12, bold=True)
        y += _HEAD
        for run, side in zip(page.runs, row.sides, strict=True):
            middle = y + _LANE / 2
            drawing.text(0.0, middle + 4, run.letter, size=11, colour=MUTED)
            drawing.line([(_LEFT, middle), (WIDTH, middle)], Pen(GRID, 0.8))
            told = _words(side)
            on_left = bool(side and side.point and across(side.high or side.point) > WIDTH - _WIDE * len(told) - 8)
            place, anchor = (_LEFT + 2, "start") if on_left else (WIDTH, "end")
            drawing.text(place, middle + 4, told, size=11, anchor=anchor, colour=MUTED)
            if side and side.point:
                shape, filling = MARKS.get(side.tone, MARKS["undetermined"])
                ink = NEUTRAL if filling == PAPER else filling
                if side.low is not None and side.high is not None:
                    drawing.line(
                        [(across(side.low), middle), (across(side.high), middle)], Pen(ink, 4.5, 0.55, "round")
                    )
                drawing.marks([(across(side.point), middle)], Mark(shape, 8, filling, ink, 1.6))
            y += _LANE
    if left_out:
        drawing.text(0.0, y + 14, f"{left_out} more in the table", size=11, colour=MUTED)
    spoken = "; ".join(_spoken(page, row) for row in rows)
    return drawing.svg("Ratio of each comparison in each run", f"{spoken}. {page.label}".strip())


def _words(side: RatioSide | None) -> str:
    if side is None:
        return "not in this run"
    return f"{side.bound}{side.ratio} {side.interval}".strip() if side.point else side.verdict


def _spoken(page: RunsPage, row: RatioRow) -> str:
    told = ", ".join(f"{run.letter} {_words(side)}" for run, side in zip(page.runs, row.sides, strict=True))
    return f"{row.workload}, {row.candidate} against {row.baseline}: {told}"
