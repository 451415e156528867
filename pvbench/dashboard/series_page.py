"""A series → all that its page says: rows of values, marks of what happened, its drawing, its neighbours. Pure.

A thousand of these are written each night, so rows are joined texts; all that is from outside is escaped in them.
"""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from statistics import median

from markupsafe import Markup, escape

from pvbench.dashboard.line_chart import Mark, Values, draw
from pvbench.dashboard.nights import Shown, ordinal
from pvbench.history.nouns import Alarm, AlarmKind, Annotation, Point, Series, Side, State
from pvbench.printable import clean

LETTERS: Mapping[AlarmKind, str] = {
    AlarmKind.REGRESSION: "▼",
    AlarmKind.IMPROVEMENT: "▲",
    AlarmKind.MISSING: "∅",
    AlarmKind.CONSTANT: "=",
    AlarmKind.IMPLAUSIBLE: "?",
}
"""What stands above an alarm in a chart; its words are in the list below it."""
ENVIRONMENT, ANNOTATION = "environment", "annotation"
CHANGED = "another environment"
RECENT = 30


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
class SeriesPage:
    """What a page says; `rows` is of table rows newest first, `recent` the median of the last nights with a value."""

    series: Series
    unit: Unit
    rows: Markup
    drawing: Markup | None
    last: tuple[str, str] | None
    recent: str
    changes: tuple[tuple[str, str], ...]
    marked: bool
    again: bool
    intervals: bool


def page(
    series: Series, known: Mapping[str, Shown], alarms: Sequence[Alarm], notes: Sequence[Annotation]
) -> SeriesPage:
    """Return a series' page; `alarms` and `notes` are those of this series."""
    unit = unit_of(series)
    points = [(point, known[point.run_id]) for point in series.points if point.run_id in known]
    happened = _happened(points, known, alarms, notes)
    there = [(point.value, night) for point, night in points if point.value is not None and not night.again]
    size = unit.size
    values = Values(
        [night.day for _, night in points],
        [None if point.value is None else point.value / size for point, _ in points],
        [night.again for _, night in points],
    )
    marks = [mark for each in happened.values() for mark, _ in each]
    return SeriesPage(
        series=series,
        unit=unit,
        rows=Markup("\n".join(reversed(_rows(points, unit, happened)))),  # noqa: S704  each part is escaped
        drawing=draw(values, marks, max(0, unit.decimals - 2)),
        last=(unit.text(there[-1][0]), there[-1][1].night) if there else None,
        recent=unit.text(median(value for value, _ in there[-RECENT:])) if there else "",
        changes=tuple((night.night, CHANGED) for night in _changes(points)),
        marked=bool(marks),
        again=any(values.again),
        intervals=_intervals(points),
    )


Happened = dict[int, list[tuple[Mark, str]]]


def _happened(
    points: Sequence[tuple[Point, Shown]],
    known: Mapping[str, Shown],
    alarms: Iterable[Alarm],
    notes: Iterable[Annotation],
) -> Happened:
    """Return by its day what happened to a series, as a mark and in words."""
    found: Happened = {}
    for night in _changes(points):
        found.setdefault(night.day, []).append((Mark(night.day, ENVIRONMENT, "⟳"), CHANGED))
    for alarm in alarms:
        if alarm.run_id in known and alarm.state is not State.CLEARED:
            day = known[alarm.run_id].day
            words = f"{alarm.kind}, {alarm.state}"
            found.setdefault(day, []).append((Mark(day, str(alarm.kind), LETTERS[alarm.kind]), words))
    for note in notes:
        day = ordinal(note.night)
        found.setdefault(day, []).append((Mark(day, ANNOTATION, "✎"), clean(note.text)))
    return found


def _changes(points: Sequence[tuple[Point, Shown]]) -> list[Shown]:
    """Return the nights whose environment is another than that of the night before."""
    found, before = [], ""
    for point, night in points:
        if point.environment and before and point.environment != before:
            found.append(night)
        before = point.environment or before
    return found


def _intervals(points: Sequence[tuple[Point, Shown]]) -> bool:
    return any(point.low is not None for point, _ in points)


def _rows(points: Sequence[tuple[Point, Shown]], unit: Unit, happened: Happened) -> list[str]:
    """Return a row of HTML for each point; most nights have nothing to be noted."""
    alike = len({night.label for _, night in points}) < 2
    intervals = _intervals(points)
    size, decimals, told = unit.size, unit.decimals, set[int]()
    rows = []
    for point, night in points:
        value = "" if point.value is None else f"{point.value / size:.{decimals}f}"
        ends = _ends(point, unit) if intervals else ""
        if alike and not point.reason and not night.again and night.day not in happened:
            rows.append(f"<tr><th>{night.head}<td>{value}{ends}<td>")
            continue
        of_day = [] if night.day in told else happened.get(night.day, [])
        told.add(night.day)
        words = [night.note, "" if alike else night.label, clean(point.reason), *(words for _, words in of_day)]
        marks = " ".join(mark.kind for mark, _ in of_day)
        attributes = (" class=again" if night.again else "") + (f' data-marks="{marks}"' if marks else "")
        note = escape("; ".join(filter(None, words)))
        rows.append(f"<tr{attributes}><th>{night.head}<td>{value}{ends}<td>{note}")
    return rows


def _ends(point: Point, unit: Unit) -> str:
    if point.low is None or point.high is None:
        return "<td>"
    return f"<td>{point.low / unit.size:.{unit.decimals}f} to {point.high / unit.size:.{unit.decimals}f}"
