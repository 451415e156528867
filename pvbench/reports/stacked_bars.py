"""Figures of what one I/O costs: stacked bars of exits and of CPU time, and the spread of each operation's time."""

import math
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from matplotlib.patches import Rectangle

from pvbench import figures as fmt
from pvbench.reports.charts import _GRID, _INK, _MUTED, _NEUTRAL, PARTS, WIDTH, _canvas, _svg, _text
from pvbench.reports.mechanism_page import DeviceCost, MechanismPage, Part, TrapTable, WorkloadCost

MOST_BARS = 16
_HEAD, _ROW, _BAR, _BOTTOM = 28.0, 50.0, 11.0, 6.0
_TRAP_ROW, _TRAP_TOP, _TRAP_BOTTOM = 34.0, 6.0, 24.0
_LONGEST = 72


def exits(page: MechanismPage) -> str:
    """Return the exits of each device for one I/O, by reason."""

    def parts(device: DeviceCost) -> tuple[tuple[Part, ...], str]:
        return (device.trace.figure, device.trace.exits) if device.trace else ((), fmt.NOT_MEASURED)

    return _bars(page, "exits", page.exits_figure_caption, lambda load: f"exits per {load.noun}", parts)


def bills(page: MechanismPage) -> str:
    """Return the CPU seconds of each device by payer, for so many I/Os or so many bytes."""

    def parts(device: DeviceCost) -> tuple[tuple[Part, ...], str]:
        return (device.bill.figure, device.bill.total or fmt.NOT_MEASURED) if device.bill else ((), fmt.NOT_MEASURED)

    return _bars(page, "bills", page.bill_figure_caption, lambda load: f"CPU time per {load.per}", parts)


def traps(table: TrapTable, number: int, caption: str) -> str:
    """Return how long each operation takes on one host: range, quartiles, median and mean on a logarithmic axis."""
    marks = [mark for row in table.rows for mark in (*row.marks, row.mean_ns) if mark > 0]
    low, high = min(marks, default=1.0) / 1.2, max(marks, default=10.0) * 1.2
    height = _TRAP_TOP + _TRAP_BOTTOM + _TRAP_ROW * len(table.rows)
    figure, axes = _canvas(WIDTH, height)
    axes.set_xlim(math.log10(low), math.log10(high))
    for power in range(math.ceil(math.log10(low)), math.floor(math.log10(high)) + 1):
        axes.plot([power, power], [_TRAP_TOP, height - _TRAP_BOTTOM], color=_GRID, lw=1)
        _text(
            axes,
            power,
            height - 8,
            fmt.brief(10.0**power / 1e9).replace(".0 ", " "),
            color=_MUTED,
            size=11,
            ha="center",
        )
    for place, row in enumerate(table.rows):
        top = _TRAP_TOP + _TRAP_ROW * place
        middle = top + 22
        _text(axes, 0.0, top + 11, row.operation, size=12, fraction=True)
        _text(axes, 1.0, top + 11, row.median, size=12, weight="bold", ha="right", fraction=True)
        first, q1, half, q3, last = (math.log10(max(mark, low)) for mark in row.marks)
        axes.plot([first, last], [middle, middle], color=_NEUTRAL, lw=1)
        axes.plot([q1, q3], [middle, middle], color=_NEUTRAL, lw=7, solid_capstyle="butt", alpha=0.55)
        axes.plot([half, half], [middle - 5, middle + 5], color=_INK, lw=2)
        mean = math.log10(max(row.mean_ns, low))
        axes.plot([mean], [middle], marker="D", ms=5, mfc="#ffffff", mec=_INK, mew=1.2, ls="none")
    spoken = "; ".join(f"{row.operation}: median {row.median}, mean {row.mean}" for row in table.rows)
    return _svg(figure, f"traps{number}", caption, spoken)


def _bars(
    page: MechanismPage,
    name: str,
    title: str,
    per: Callable[[WorkloadCost], str],
    parts: Callable[[DeviceCost], tuple[tuple[Part, ...], str]],
) -> str:
    loads, left = _first(page.workloads)
    rows = sum(len(load.devices) for load in loads)
    height = _HEAD * len(loads) + _ROW * rows + _BOTTOM + (_HEAD if left else 0)
    figure, axes = _canvas(WIDTH, height)
    axes.set_xlim(0, 1)
    y, spoken = 0.0, []
    for load in loads:
        _text(axes, 0.0, y + 16, _cut(f"{load.workload}{load.where}", 44), size=12, weight="bold", fraction=True)
        _text(axes, 1.0, y + 16, per(load), size=11, color=_MUTED, ha="right", fraction=True)
        y += _HEAD
        most = max((sum(part.amount for part in parts(each)[0]) for each in load.devices), default=0.0)
        for each in load.devices:
            pieces, whole = parts(each)
            _bar(axes, y, each.device, pieces, whole, most)
            spoken.append(f"{load.workload}, {each.device}: {whole} {per(load)}, {_told(pieces, ', ')}")
            y += _ROW
    if left:
        _text(axes, 0.0, y + 14, f"{left} more in the table", color=_MUTED, size=11, fraction=True)
    return _svg(figure, name, title, "; ".join(spoken))


def _bar(axes: Any, top: float, device: str, parts: Sequence[Part], whole: str, most: float) -> None:
    _text(axes, 0.0, top + 11, _cut(device, 30), size=12, fraction=True)
    weight = "bold" if parts else "normal"
    _text(axes, 1.0, top + 11, whole, size=12, weight=weight, ha="right", fraction=True)
    left = 0.0
    for part in parts:
        width = part.amount / most
        axes.add_patch(
            Rectangle((left, top + 16), width, _BAR, fc=PARTS.get(part.tone, PARTS["other"]), ec="#ffffff", lw=0.7)
        )
        left += width
    _text(axes, 0.0, top + 16 + _BAR + 12, _largest(parts), size=11, color=_MUTED, fraction=True)


def _largest(parts: Sequence[Part]) -> str:
    """Return as many of the parts as there is room for, the largest first."""
    ranked = sorted(parts, key=lambda part: -part.amount)
    for number in range(len(ranked), 0, -1):
        left = len(ranked) - number
        said = " · ".join([_told(ranked[:number], " · "), *([f"{left} more"] if left else [])])
        if len(said) <= _LONGEST or number == 1:
            return _cut(said, _LONGEST)
    return ""


def _told(parts: Iterable[Part], between: str) -> str:
    return between.join(f"{part.name} {part.shown}" for part in parts)


def _first(loads: Sequence[WorkloadCost]) -> tuple[list[WorkloadCost], int]:
    """Return the workloads that a figure has room for, and how many it has not."""
    kept: list[WorkloadCost] = []
    room = MOST_BARS
    for load in loads:
        if len(load.devices) > room and kept:
            break
        kept.append(load)
        room -= len(load.devices)
    return kept, len(loads) - len(kept)


def _cut(text: str, most: int) -> str:
    return text if len(text) <= most else text[: most - 1] + "…"
