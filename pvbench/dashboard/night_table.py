"""A series' nights as a table: a column each for its value, its interval and the two sides of a ratio, and notes. Pure.

A thousand of these are written each night, so rows are joined texts; all that is from outside is escaped in them.
"""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from statistics import median

from markupsafe import Markup, escape

from pvbench.dashboard.line_chart import Mark
from pvbench.dashboard.nights import Shown
from pvbench.history.nouns import Point, Series, Side
from pvbench.printable import clean

Points = Sequence[tuple[Point, Shown]]
Happened = Mapping[int, Sequence[tuple[Mark, str]]]
"""By a day, what happened to the series: a mark, and in words."""


@dataclass(frozen=True)
class Unit:
    """What a page's values are written in: a unit's size in base units, its name, and how many decimals."""

    size: float
    name: str
    decimals: int

    def text(self, value: float) -> str:
        """Return a value with the unit."""
        return f"{value / self.size:,.{self.decimals}f}{' ' if self.name not in ('', 'x') else ''}{self.name}"


def unit_of(series: Series) -> Unit:
    """Return the unit that suits most of a series' values; five significant digits of them are kept."""
    there = [point.value for point in series.points if point.value is not None]
    typical = abs(median(there)) if there else 1.0
    size, name = (1.0, "x") if series.key.side is Side.RATIO else series.key.of.unit_for(typical)
    digits = 4 - math.floor(math.log10(typical / size)) if typical else 0
    return Unit(size, name, min(9, max(0, digits)))


@dataclass(frozen=True)
class Column:
    """A column of figures: `kind` is what the chart knows it by, `head` what stands above it, a cell for each point."""

    kind: str
    head: str
    cells: Sequence[str]


def columns(points: Points, unit: Unit, sides: Iterable[tuple[str, Series]]) -> list[Column]:
    """Return the columns of figures of a series; `sides` are a ratio's candidate and baseline."""
    values = _texts((point.value for point, _ in points), unit)
    found = [Column("value", f"Value, {unit.name}" if unit.name else "Value", values)]
    if any(point.low is not None for point, _ in points):
        found.append(Column("interval", "95 % interval", _ends(points, unit)))
    for word, series in sides:
        own, by_run = unit_of(series), {point.run_id: point.value for point in series.points}
        head = f"{word.capitalize()}, {own.name}" if own.name else word.capitalize()
        found.append(Column(word, head, _texts((by_run.get(point.run_id) for point, _ in points), own)))
    return found


def _texts(values: Iterable[float | None], unit: Unit) -> list[str]:
    size, form = unit.size, f"%.{unit.decimals}f"
    return ["" if value is None else form % (value / size) for value in values]


def _ends(points: Points, unit: Unit) -> list[str]:
    size, form = unit.size, f"%.{unit.decimals}f to %.{unit.decimals}f"
    return [
        "" if point.low is None or point.high is None else form % (point.low / size, point.high / size)
        for point, _ in points
    ]


def rows(points: Points, figures: Sequence[Column], happened: Happened) -> Markup:
    """Return a row of HTML for each point, newest first; most nights have nothing to be noted."""
    alike = len({night.label for _, night in points}) < 2
    told, made = set[int](), []
    for (point, night), cells in zip(points, zip(*(each.cells for each in figures), strict=True), strict=True):
        text = "<td>".join(cells)
        if alike and not point.reason and not night.again and night.day not in happened:
            made.append(f"<tr><th>{night.head}<td>{text}<td>")
            continue
        of_day = () if night.day in told else happened.get(night.day, ())
        told.add(night.day)
        words = [night.note, "" if alike else night.label, clean(point.reason), *(words for _, words in of_day)]
        marks = " ".join(mark.kind for mark, _ in of_day)
        attributes = (" class=again" if night.again else "") + (f' data-marks="{marks}"' if marks else "")
        made.append(f"<tr{attributes}><th>{night.head}<td>{text}<td>{escape('; '.join(filter(None, words)))}")
    return Markup("\n".join(reversed(made)))  # noqa: S704  each part is ours, or escaped
