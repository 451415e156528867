"""ComparisonPage → the table at the end of a run: plain text for a terminal, readable without colour."""

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from textwrap import wrap
from typing import NamedTuple

from pvbench.reports.mechanism_page import MechanismPage
from pvbench.reports.page import ComparisonPage, Group, GuestsView, Row
from pvbench.stats.compare import FEW_UNITS

NARROWEST = 60
WIDE = 116
"""From this width a comparison takes one line; below, its workload stands on a line of its own."""


@dataclass(frozen=True)
class _Glyphs:
    rule: str
    bar: str
    point: str
    one: str
    decade: str
    edges: tuple[str, str]


_UNICODE = _Glyphs("─", "━", "●", "│", "┊", ("‹", "›"))
_ASCII = _Glyphs("-", "=", "o", "|", ":", ("<", ">"))
# Letter for letter, so that no column moves.
_TO_ASCII = str.maketrans({"×": "x", "·": "-", "–": "-", "µ": "u", "’": "'"})
_GAP = 2


def render(page: ComparisonPage, width: int, unicode: bool = True) -> str:
    """Return the table, no line wider than `width` columns (60 at least); in ASCII where the terminal knows no more."""
    glyphs = _UNICODE if unicode else _ASCII
    width = max(width, NARROWEST)
    lines = wrap(page.headline, width)
    lines += wrap(page.standfirst, width) if page.standfirst else []
    rows = [row for group in page.groups for row in group.rows]
    if rows:
        layout = _layout(rows, width)
        for group in page.groups:
            lines += ["", *_group(group, layout, width, glyphs)]
        lines += ["", *_reasons(rows, width), *(wrap(page.repeats, width) if page.repeats else [])]
    lines += _singles(page, width)
    lines += _costs(page.mechanism, width)
    lines += _guests(page.guests, width)[not lines[-1] :]
    text = "\n".join(line.rstrip() for line in lines).rstrip() + "\n"
    # A name from outside may hold what ASCII has no letter for.
    return text if unicode else text.translate(_TO_ASCII).encode("ascii", "replace").decode()


def _singles(page: ComparisonPage, width: int) -> list[str]:
    """Return a line a cell that is compared with nothing, and below it what is to be said of it."""
    if not page.singles:
        return []
    lines = ["", *wrap(page.singles_caption, width)]
    for single in page.singles:
        lines += wrap(f"{single.workload}: {single.arm.device} {single.arm.median}", width, subsequent_indent="  ")
        for note in (*single.notes, *(f"{number} × {reason}" for reason, number in single.arm.reasons)):
            lines += wrap(note, width, initial_indent="  ", subsequent_indent="  ")
    return lines


def _costs(costs: MechanismPage | None, width: int) -> list[str]:
    """Return a line a workload of what one I/O costs; nothing where that was not measured."""
    if costs is None or not costs.lines:
        return []
    return [
        "",
        *wrap(costs.lines_caption, width),
        *(piece for line in costs.lines for piece in wrap(line, width, subsequent_indent="  ", break_on_hyphens=False)),
    ]


def _guests(guests: GuestsView | None, width: int) -> list[str]:
    """Return in what guests that are compared differ besides their image, and which of them did from boot to boot."""
    told = (*guests.differing, *guests.changed) if guests else ()
    return ["", *(piece for line in told for piece in wrap(line, width, subsequent_indent="  "))] if told else []


@dataclass(frozen=True)
class _Layout:
    workload: int
    baseline: int
    candidate: int
    ratio: int
    bar: int
    verdict: int
    stacked: bool
    low: int
    high: int


def _layout(rows: Sequence[Row], width: int) -> _Layout:
    workload = max(len(row.workload) for row in rows)
    baseline = max(len("baseline"), *(max(len(row.baseline.median), len(row.baseline.name)) for row in rows))
    candidate = max(len("candidate"), *(max(len(row.candidate.median), len(row.candidate.name)) for row in rows))
    ratio = max(len("ratio [95 %]"), *(len(_ratio(row)) for row in rows))
    verdict = max(len("verdict"), *(len(_verdict(row)) for row in rows))
    stacked = width < WIDE or workload > 44
    taken = baseline + candidate + ratio + verdict + _GAP * 5 + (0 if stacked else workload)
    ends = [end for row in rows for end in (row.low or row.point, row.high or row.point) if end]
    return _Layout(
        workload=workload,
        baseline=baseline,
        candidate=candidate,
        ratio=ratio,
        bar=max(min(width - taken, 36), 0),
        verdict=verdict,
        stacked=stacked,
        low=math.floor(math.log10(min([1.0, *ends]))),
        high=math.ceil(math.log10(max([10.0, *ends]))),
    )


def _group(group: Group, layout: _Layout, width: int, glyphs: _Glyphs) -> list[str]:
    devices = list(dict.fromkeys(row.candidate.name for row in group.rows))
    lines = [*wrap(group.caption, width), glyphs.rule * width]
    one = devices[0] if len(devices) == 1 else "candidate"
    lines.append(
        _line(
            layout, "", _Figures(group.rows[0].baseline.name, one, "ratio [95 %]", _scale(layout), "verdict")
        ).rstrip()
    )
    for row in group.rows:
        name = row.workload if len(devices) == 1 else f"{row.workload} ({row.candidate.name})"
        bar = _bar(row, layout, glyphs)
        figures = _Figures(row.baseline.median, row.candidate.median, _ratio(row), bar, _verdict(row))
        if layout.stacked:
            lines += [*wrap(name, width), _line(layout, "", figures)]
        elif len(name) > layout.workload:
            lines += [name, _line(layout, "", figures)]
        else:
            lines.append(_line(layout, name, figures))
    return lines


class _Figures(NamedTuple):
    """What stands in a line of the table after its name."""

    baseline: str
    candidate: str
    ratio: str
    bar: str
    verdict: str


def _line(layout: _Layout, name: str, figures: _Figures) -> str:
    baseline, candidate, ratio, bar, verdict = figures
    gap = " " * _GAP
    head = "" if layout.stacked else f"{name:<{layout.workload}}"
    cells = [head, f"{baseline:>{layout.baseline}}", f"{candidate:>{layout.candidate}}", f"{ratio:<{layout.ratio}}"]
    if layout.bar >= _shortest(layout):
        cells.append(f"{bar:<{layout.bar}}")
    return gap.join([*cells, verdict])


def _shortest(layout: _Layout) -> int:
    return max(9, 4 * (layout.high - layout.low) + 1)


def _column(layout: _Layout, log: float) -> int:
    share = (log - layout.low) / (layout.high - layout.low)
    return round(min(max(share, 0.0), 1.0) * (layout.bar - 1))


def _scale(layout: _Layout) -> str:
    cells = [" "] * layout.bar
    for power in range(layout.low, layout.high + 1):
        name = f"{10.0**power:g}"
        at = min(max(_column(layout, power) - len(name) // 2, 0), max(layout.bar - len(name), 0))
        cells[at : at + len(name)] = name
    return "".join(cells)[: layout.bar]


def _bar(row: Row, layout: _Layout, glyphs: _Glyphs) -> str:
    if layout.bar < _shortest(layout):
        return ""
    cells = [" "] * layout.bar
    for power in range(layout.low, layout.high + 1):
        cells[_column(layout, power)] = glyphs.decade if power else glyphs.one
    if row.point is None:
        return "".join(cells)
    if row.low and row.high:
        for at in range(_column(layout, math.log10(row.low)), _column(layout, math.log10(row.high)) + 1):
            cells[at] = glyphs.bar
    bound = {"≥": glyphs.edges[1], "≤": glyphs.edges[0]}.get(row.bound, glyphs.point)
    cells[_column(layout, math.log10(row.point))] = bound
    return "".join(cells)


def _ratio(row: Row) -> str:
    bound = {"≥": ">=", "≤": "<="}.get(row.bound, row.bound)
    return f"{bound}{row.ratio} {row.interval}".strip()


def _verdict(row: Row) -> str:
    return row.verdict + (" *" if row.indicative else "")


def _reasons(rows: Sequence[Row], width: int) -> list[str]:
    lines = []
    sides = {side.cell: side for row in rows for side in (row.baseline, row.candidate)}
    if any(row.indicative for row in rows):
        units = " or ".join(dict.fromkeys(f"{row.unit}s" for row in rows if row.indicative))
        lines += wrap(f"* indicative: the ratio rests on fewer than {FEW_UNITS} {units}", width)
    flags = Counter(kind for side in sides.values() for kind, number in side.flagged for _ in range(number))
    if flags:
        said = ", ".join(f"{number} {kind}" for kind, number in sorted(flags.items()))
        lines += wrap(f"flagged, and counted all the same: {said}", width)
    for note in dict.fromkeys(row.differing for row in rows if row.differing):
        whose = dict.fromkeys(f"{row.candidate.name} and {row.baseline.name}" for row in rows if row.differing == note)
        lines += wrap(f"{', '.join(whose)}: {note}", width, subsequent_indent="  ")
    for row in rows:
        for note in row.not_had:
            lines += wrap(f"{row.workload}: {note}", width, subsequent_indent="  ")
    whose_reason: dict[tuple[str, int], dict[str, None]] = {}
    for row in rows:
        for side in (row.baseline, row.candidate):
            for why in side.reasons:
                whose_reason.setdefault(why, {})[f"{row.workload}, {side.name}"] = None
    for (reason, number), names in whose_reason.items():
        each = "each " if len(names) > 1 else ""
        told = f"{'; '.join(names)}: {each}{number} × {reason}"
        lines += wrap(told, width, subsequent_indent="  ", break_on_hyphens=False)
    return lines
