"""The figures: a ladder of ratios and strips of values by block, as SVG text made by matplotlib.

Colours come from Okabe and Ito's set, which colour-blind readers can tell apart, and shape says the same again. They
are written as CSS variables with a fall-back, so that a page can turn them over in the dark. The text stays text.
"""

import io
import math
import re
import warnings
from collections.abc import Mapping, Sequence
from dataclasses import replace
from html import escape
from types import MappingProxyType
from typing import Any

from matplotlib import rc_context
from matplotlib.figure import Figure

from pvbench import figures as fmt
from pvbench.metrics import METRICS
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
_INK, _MUTED, _RULE, _GRID = "#1d2328", "#5c6670", "#c9ccd1", "#e4e6e9"
_PV, _EMULATED, _NEUTRAL = "#0072b2", "#c2570c", "#6b747d"
PARTS: Mapping[str, str] = MappingProxyType(
    {
        "port": "#d55e00",
        "mmio": "#e69f00",
        "call": "#0072b3",
        "msr": "#cc79a7",
        "interrupt": "#009e73",
        "halt": "#56b4e9",
        "other": "#8a939b",
        "guest": "#0072b4",
        "model": "#d55e01",
        "backend": "#009e74",
        "peer": "#cc79a8",
        "host": "#e69f01",
    }
)
"""Parts of a whole; a colour is told from another part's of the same look by its last digit."""
_VARIABLES: Mapping[str, str] = MappingProxyType(
    {
        _INK: "ink",
        _MUTED: "muted",
        _RULE: "rule",
        _GRID: "grid",
        _PV: "pv",
        _EMULATED: "emulated",
        _NEUTRAL: "neutral",
        "#ffffff": "paper",
        **{colour: f"part-{tone}" for tone, colour in PARTS.items()},
    }
)
_MARKS: Mapping[str, tuple[str, str]] = MappingProxyType(
    {
        "faster": ("o", _PV),
        "slower": ("v", _EMULATED),
        "equivalent": ("s", _NEUTRAL),
        "capped": (">", _NEUTRAL),
        "undetermined": ("o", "#ffffff"),
    }
)
"""Per verdict, the marker and its filling; undetermined is hollow."""

# matplotlib's own types for these differ from release to release.
_RC: Any = {"svg.fonttype": "none", "svg.hashsalt": "pvbench", "font.family": ["DejaVu Sans"]}
_NO_METADATA: Any = {"Date": None, "Creator": None, "Format": None, "Type": None}


def ladder(page: ComparisonPage) -> str:
    """Return the ladder: every comparison's ratio with its interval on a logarithmic axis with decade lines."""
    groups, left_out = _first_rows(page.groups)
    rows = [row for group in groups for row in group.rows]
    low, high = _decades([number for row in rows for number in (row.low, row.high, row.point) if number])
    height = _TOP + _BOTTOM + _HEAD * len(groups) + _ROW * len(rows) + (_HEAD if left_out else 0)
    figure, axes = _canvas(WIDTH, height)
    axes.set_xlim(math.log10(low) - 0.06 * math.log10(high / low), math.log10(high) + 0.06 * math.log10(high / low))
    y = _TOP
    powers = range(round(math.log10(low)), round(math.log10(high)) + 1)
    every = 1 if len(powers) <= _DECADES else 2
    for power in powers:
        axes.plot([power, power], [_TOP - 4, height - _BOTTOM], color=_RULE if power == 0 else _GRID, lw=1.1)
        if power % every == 0:
            told = fmt.ratio(10.0**power) if power else "1×"
            _text(axes, power, _TOP - 9, told, color=_MUTED, size=11, ha="center")
    for group in groups:
        y += _HEAD
        _text(axes, 0.0, y - 9, _cut(group.heading, 56), size=12, weight="bold", fraction=True)
        for row in group.rows:
            _rung(axes, row, y)
            y += _ROW
    if left_out:
        _text(axes, 0.0, y + 14, f"{left_out} more in the table", color=_MUTED, size=11, fraction=True)
    return _svg(figure, "ladder", "Ratio of each comparison", _spoken(rows, page.label))


def strip(drawn: Strip, number: int) -> str:
    """Return one strip plot: a row a device, a dot a block, lines joining the dots of one block."""
    metric = METRICS[drawn.metric]
    height = _STRIP_TOP + _STRIP_BOTTOM + _STRIP_ROW * len(drawn.arms)
    figure, axes = _canvas(_STRIP_WIDTH, height)
    numbers = [value for arm in drawn.arms for _, value in arm.values if value > 0]
    low, high = (min(numbers) / 1.35, max(numbers) * 1.35) if numbers else (0.1, 10.0)
    span = math.log10(high / low)
    # The axis is drawn in points by hand, so that labels on the left take a share of the same width.
    longest = max(len(_cut(arm.name, _LONGEST_SIDE)) for arm in drawn.arms)
    inner = 1 - max(_STRIP_LEFT, _WIDE * longest) / _STRIP_WIDTH
    axes.set_xlim(math.log10(low) - span * (1 - inner) / inner, math.log10(high))
    bottom = height - _STRIP_BOTTOM
    for tick in _ticks(low, high):
        axes.plot([math.log10(tick)] * 2, [_STRIP_TOP, bottom], color=_GRID, lw=1)
        _text(axes, math.log10(tick), bottom + 14, _short(metric.text(tick)), color=_MUTED, size=10.5, ha="center")
    heights = {arm.cell: _STRIP_TOP + _STRIP_ROW * (place + 0.5) for place, arm in enumerate(drawn.arms)}
    for upper, lower in zip(drawn.arms, drawn.arms[1:], strict=False):
        other = dict(lower.values)
        pairs = [(value, other[block]) for block, value in upper.values if value > 0 and other.get(block, 0) > 0]
        # One line with gaps: a line object for each of hundreds of blocks would take seconds.
        across = [end for left, right in pairs for end in (math.log10(left), math.log10(right), math.nan)]
        axes.plot(across, [heights[upper.cell], heights[lower.cell], math.nan] * len(pairs), color=_RULE, lw=0.8)
    for arm in drawn.arms:
        _dots(axes, arm, heights[arm.cell])
    spoken = "; ".join(f"{arm.name}: {_spoken_values(arm, drawn.metric)}" for arm in drawn.arms)
    return _svg(figure, f"strip{number}", drawn.caption, spoken)


def _rung(axes: Any, row: Row, top: float) -> None:
    middle = top + 24
    shown = row.verdict if row.point is None else f"{row.bound}{row.ratio} {row.interval}".strip()
    room = WIDTH - _WIDE * len(shown)
    size = 12 if _WIDE * len(row.workload) <= room else 10
    _text(axes, 0.0, top + 12, _cut(row.workload, int(room / (_WIDE * size / 12))), size=size, fraction=True)
    axes.plot([0.0, 1.0], [middle, middle], color=_GRID, lw=0.8, transform=axes.get_yaxis_transform())
    if row.point is None:
        _text(axes, 1.0, top + 12, shown, size=11.5, color=_MUTED, ha="right", fraction=True)
        return
    _text(axes, 1.0, top + 12, shown, size=12, weight="bold", ha="right", fraction=True)
    marker, filling = _MARKS[row.tone]
    edge = _NEUTRAL if filling == "#ffffff" else filling
    if row.low is not None and row.high is not None:
        ends = [math.log10(row.low), math.log10(row.high)]
        axes.plot(ends, [middle, middle], color=edge, lw=4.5, solid_capstyle="round", alpha=0.55)
    at = [math.log10(row.point)]
    axes.plot(at, [middle], marker=marker, ms=8, mfc=filling, mec=edge, mew=1.6, ls="none")


def _dots(axes: Any, arm: Arm, height: float) -> None:
    colour = _PV if arm.io_path == "PV" else _EMULATED if arm.io_path else _NEUTRAL
    _text(axes, 0.0, height + 4, _cut(arm.name, _LONGEST_SIDE), size=11.5, fraction=True)
    shown = [math.log10(value) for _, value in arm.values if value > 0]
    if shown:
        marker = "o" if arm.io_path == "PV" else "D"
        size = 7 if marker == "o" else 5.8
        axes.plot(shown, [height] * len(shown), marker=marker, ms=size, mfc=colour, mec="#ffffff", mew=0.8, ls="none")
    else:
        _text(axes, 1.0, height + 4, arm.median, size=11, color=_MUTED, ha="right", fraction=True)


def _cut(name: str, longest: int) -> str:
    return name if len(name) <= longest else name[: longest - 1] + "…"


def _canvas(width: float, height: float) -> tuple[Figure, Any]:
    figure = Figure(figsize=(width / 72, height / 72))
    figure.patch.set_visible(False)
    axes = figure.add_axes((0.0, 0.0, 1.0, 1.0))
    axes.set_axis_off()
    axes.set_ylim(height, 0)
    return figure, axes


def _text(
    axes: Any,
    x: float,
    y: float,
    text: str,
    *,
    fraction: bool = False,
    color: str = _INK,
    ha: str = "left",
    **style: Any,
) -> None:
    """Put text with its baseline at (x, y); x is a share of the width if `fraction`; `$` is a dollar."""
    transform = axes.get_yaxis_transform() if fraction else axes.transData
    axes.text(x, y, text, transform=transform, color=color, ha=ha, va="baseline", parse_math=False, **style)


def _first_rows(groups: Sequence[Group]) -> tuple[list[Group], int]:
    kept: list[Group] = []
    room = LADDER_ROWS
    for group in groups:
        if room > 0:
            kept.append(replace(group, rows=group.rows[:room]))
            room -= len(kept[-1].rows)
    return kept, sum(len(group.rows) for group in groups) - sum(len(group.rows) for group in kept)


def _decades(ratios: Sequence[float]) -> tuple[float, float]:
    """Return the decades that hold every ratio, 1 and at least 10; three each way is as far as a figure goes."""
    low = min([1.0, *ratios])
    high = max([10.0, *ratios])
    return 10.0 ** max(math.floor(math.log10(low)), -4), 10.0 ** min(math.ceil(math.log10(high)), 5)


def _ticks(low: float, high: float) -> list[float]:
    for steps in ((1,), (1, 3), (1, 2, 5), (1, 1.5, 2, 3, 5, 7)):
        powers = range(math.floor(math.log10(low)), math.ceil(math.log10(high)) + 1)
        ticks = [step * 10.0**power for power in powers for step in steps if low <= step * 10.0**power <= high]
        if len(ticks) >= 2:
            return ticks[:: math.ceil(len(ticks) / 4)]
    return [math.sqrt(low * high)]


def _short(tick: str) -> str:
    return re.sub(r"\.0+ ", " ", tick)


def _spoken(rows: Sequence[Row], label: str) -> str:
    lines = [f"{row.workload}: {row.bound}{row.ratio} {row.interval} {row.verdict}".replace("  ", " ") for row in rows]
    return "; ".join([*lines, label] if label else lines)


def _spoken_values(arm: Arm, metric: str) -> str:
    return ", ".join(METRICS[metric].text(value) for _, value in arm.values) or arm.median


def _svg(figure: Figure, name: str, title: str, description: str) -> str:
    buffer = io.StringIO()
    with rc_context(_RC), warnings.catch_warnings():
        # A glyph that matplotlib's own font lacks is drawn by the reader's: text stays text.
        warnings.filterwarnings("ignore", message="Glyph .* missing")
        figure.savefig(buffer, format="svg", transparent=True, metadata=_NO_METADATA)
    return _adapt(buffer.getvalue(), name, title, description)


def _adapt(text: str, name: str, title: str, description: str) -> str:
    """Return matplotlib's file as a part of a page: own ids, page's colours and font, words for screen readers."""
    body = re.sub(r"<metadata>.*?</metadata>", "", text[text.index("<svg") :], flags=re.DOTALL)
    body = re.sub(r"<defs>\s*<style[^>]*>.*?</style>\s*</defs>", "", body, flags=re.DOTALL)
    opening = re.match(r"<svg[^>]*viewBox=\"([^\"]*)\"[^>]*>", body)
    if opening is None:
        raise AssertionError("matplotlib writes an svg element with a viewBox")
    head = (
        f'<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" viewBox="{opening[1]}" '
        f'role="img" aria-labelledby="{name}-title {name}-desc">\n'
        f'<title id="{name}-title">{escape(title)}</title>\n<desc id="{name}-desc">{escape(description)}</desc>'
    )
    # Only within tags: what a label says is left as it is.
    return head + re.sub(r"<[^>]*>", lambda tag: _adapt_tag(tag[0], name), body[opening.end() :]).rstrip()


def _adapt_tag(tag: str, name: str) -> str:
    tag = re.sub(r'\bid="([^"]*)"', rf'id="{name}-\1"', tag)
    tag = re.sub(r'(href="#|url\(#)', rf"\1{name}-", tag)
    tag = re.sub(r"#[0-9a-f]{6}\b", lambda hit: _variable(hit[0]), tag)
    return re.sub(r"'DejaVu Sans'[^;\"]*", "var(--sans, system-ui, sans-serif)", tag)


def _variable(colour: str) -> str:
    variable = _VARIABLES.get(colour)
    return f"var(--{variable}, {colour})" if variable else colour
