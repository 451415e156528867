"""Figures of what one I/O costs: stacked bars of exits and of CPU time, and the spread of each operation's time."""

import math
from collections.abc import Callable, Iterable, Sequence

from pvbench import figures as fmt
from pvbench.reports.charts import WIDTH, Scale, logarithmic
from pvbench.reports.colours import GRID, INK, MUTED, NEUTRAL, PAPER, PARTS
from pvbench.reports.drawing import Drawing, Mark, Pen
from pvbench.reports.mechanism_page import DeviceCost, MechanismPage, Part, TrapRow, TrapTable, WorkloadCost

MOST_BARS = 16
_HEAD, _ROW, _BAR, _BOTTOM = 28.0, 50.0, 11.0, 6.0
_TRAP_ROW, _TRAP_TOP, _TRAP_BOTTOM = 34.0, 6.0, 24.0
_LONGEST, _TITLE = 72, 58
_UNDER = 15.0
_BOLD, _PLAIN = 7.6, 6.2
"""At most what a letter of a title takes, and of its unit."""


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
    drawing, across = Drawing(f"traps{number}", WIDTH, height), logarithmic(low, high, 0.0, WIDTH)
    for power in range(math.ceil(math.log10(low)), math.floor(math.log10(high)) + 1):
        at, told = across(10.0**power), fmt.brief(10.0**power / 1e9).replace(".0 ", " ")
        drawing.line([(at, _TRAP_TOP), (at, height - _TRAP_BOTTOM)], Pen(GRID))
        drawing.text(at, height - 8, told, size=11, colour=MUTED, anchor="middle")
    for place, row in enumerate(table.rows):
        _trap(drawing, across, row, _TRAP_TOP + _TRAP_ROW * place, low)
    spoken = "; ".join(f"{row.operation}: median {row.median}, mean {row.mean}" for row in table.rows)
    return drawing.svg(caption, spoken)


def _trap(drawing: Drawing, across: Scale, row: TrapRow, top: float, least: float) -> None:
    middle = top + 22
    drawing.text(0.0, top + 11, row.operation, size=12)
    drawing.text(WIDTH, top + 11, row.median, size=12, bold=True, anchor="end")
    first, q1, half, q3, last = (across(max(mark, least)) for mark in row.marks)
    drawing.line([(first, middle), (last, middle)], Pen(NEUTRAL))
    drawing.line([(q1, middle), (q3, middle)], Pen(NEUTRAL, 7, 0.55))
    drawing.line([(half, middle - 5), (half, middle + 5)], Pen(INK, 2))
    drawing.marks([(across(max(row.mean_ns, least)), middle)], Mark("diamond", 5, PAPER, INK, 1.2))


def _bars(
    page: MechanismPage,
    name: str,
    title: str,
    per: Callable[[WorkloadCost], str],
    parts: Callable[[DeviceCost], tuple[tuple[Part, ...], str]],
) -> str:
    loads, left = _first(page.workloads)
    rows = sum(len(load.devices) for load in loads)
    heads = [(_cut(f"{load.workload}{load.where}", _TITLE), per(load)) for load in loads]
    height = (
        sum(_HEAD + _UNDER * (not _side_by_side(*head)) for head in heads)
        + _ROW * rows
        + _BOTTOM
        + (_HEAD if left else 0)
    )
    drawing = Drawing(name, WIDTH, height)
    y, spoken = 0.0, []
    for load, (head, unit) in zip(loads, heads, strict=True):
        drawing.text(0.0, y + 16, head, size=12, bold=True)
        if _side_by_side(head, unit):
            drawing.text(WIDTH, y + 16, unit, size=11, colour=MUTED, anchor="end")
        else:
            y += _UNDER
            drawing.text(0.0, y + 16, unit, size=11, colour=MUTED)
        y += _HEAD
        most = max((sum(part.amount for part in parts(each)[0]) for each in load.devices), default=0.0)
        for each in load.devices:
            pieces, whole = parts(each)
            _bar(drawing, y, each.device, pieces, whole, most)
            spoken.append(f"{load.workload}, {each.device}: {whole} {per(load)}, {_told(pieces, ', ')}")
            y += _ROW
    if left:
        drawing.text(0.0, y + 14, f"{left} more in the table", size=11, colour=MUTED)
    return drawing.svg(title, "; ".join(spoken))


def _side_by_side(head: str, unit: str) -> bool:
    """Whether a workload's title and its unit have room in one line."""
    return _BOLD * len(head) + _PLAIN * len(unit) <= WIDTH


def _bar(drawing: Drawing, top: float, device: str, parts: Sequence[Part], whole: str, most: float) -> None:
    drawing.text(0.0, top + 11, _cut(device, 30), size=12)
    drawing.text(WIDTH, top + 11, whole, size=12, bold=bool(parts), anchor="end")
    left = 0.0
    for part in parts if most else ():
        width = WIDTH * part.amount / most
        drawing.bar(left, top + 16, width, _BAR, PARTS.get(part.tone, PARTS["other"]), PAPER)
        left += width
    drawing.text(0.0, top + 16 + _BAR + 12, _largest(parts), size=11, colour=MUTED)


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
