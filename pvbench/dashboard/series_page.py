"""A series → all that its page says: rows of values, marks of what happened, its drawing, its neighbours. Pure."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from statistics import median

from markupsafe import Markup

from pvbench.dashboard.line_chart import Mark, Values, draw
from pvbench.dashboard.night_table import Column, Points, Unit, columns, rows, unit_of
from pvbench.dashboard.nights import Shown, ordinal
from pvbench.history.nouns import Alarm, AlarmKind, Annotation, Series, Side, State
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
    columns: Sequence[Column]


def page(
    series: Series,
    known: Mapping[str, Shown],
    alarms: Sequence[Alarm],
    notes: Sequence[Annotation],
    family: Sequence[tuple[str, Series]] = (),
) -> SeriesPage:
    """Return a series' page; `alarms` and `notes` are those of this series, `family` the others of its pair."""
    unit = unit_of(series)
    points = [(point, known[point.run_id]) for point in series.points if point.run_id in known]
    changed = _changes(points)
    happened = _happened(changed, known, alarms, notes)
    there = [(point.value, night) for point, night in points if point.value is not None and not night.again]
    size = unit.size
    values = Values(
        [night.day for _, night in points],
        [None if point.value is None else point.value / size for point, _ in points],
        [night.again for _, night in points],
    )
    figures = columns(points, unit, family if series.key.side is Side.RATIO else ())
    marks = [mark for each in happened.values() for mark, _ in each]
    return SeriesPage(
        series=series,
        unit=unit,
        rows=rows(points, figures, happened),
        drawing=draw(values, marks, max(0, unit.decimals - 2)),
        last=(unit.text(there[-1][0]), there[-1][1].night) if there else None,
        recent=unit.text(median(value for value, _ in there[-RECENT:])) if there else "",
        changes=tuple((night.night, CHANGED) for night in changed),
        marked=bool(marks),
        again=any(values.again),
        columns=figures,
    )


def _happened(
    changed: Iterable[Shown],
    known: Mapping[str, Shown],
    alarms: Iterable[Alarm],
    notes: Iterable[Annotation],
) -> dict[int, list[tuple[Mark, str]]]:
    """Return by its day what happened to a series, as a mark and in words."""
    found: dict[int, list[tuple[Mark, str]]] = {}
    for night in changed:
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


def _changes(points: Points) -> list[Shown]:
    """Return the nights whose environment is another than that of the night before."""
    found, before = [], ""
    for point, night in points:
        if point.environment and before and point.environment != before:
            found.append(night)
        before = point.environment or before
    return found
