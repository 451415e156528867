"""A history's nights → the CSV and otava.yaml of Apache Otava: a row a night, a column a series."""

from collections.abc import Iterable, Sequence
from pathlib import Path

from pvbench.exports import units
from pvbench.exports.nouns import ExportedFile
from pvbench.exports.otava import Column, Row, tables
from pvbench.history.nouns import Night, Role, Series, SeriesKey, Side
from pvbench.metrics import Better
from pvbench.printable import clean, guarded

FIXED = ("time", "run", "matrix", "labels")
"""The columns that are no figure; all but the time are attributes of a change point."""


def files(nights: Sequence[Night], series: Iterable[Series], path: Path) -> list[ExportedFile]:
    """Return the CSV files, the one asked for first, and the configuration beside them; looks again are left out."""
    figures: dict[str, dict[Column, float]] = {night.run_id: {} for night in nights if night.role is Role.NIGHT}
    for each in series:
        column = Column(_name(each.key), 1 if each.key.side is Side.RATIO or _higher(each.key) else -1)
        per_unit = 1.0 if each.key.side is Side.RATIO else units.PER_BASE_UNIT.get(each.key.metric, 1.0)
        for point in each.points:
            if point.value is not None and point.run_id in figures:
                figures[point.run_id][column] = point.value / per_unit
    facts = {night.run_id: (night.started, night.run_id, night.matrix, ", ".join(night.labels)) for night in nights}
    return tables(FIXED, [Row(facts[run_id], row) for run_id, row in figures.items()], path)


def _name(key: SeriesKey) -> str:
    figure = f"{key.metric} ratio" if key.side is Side.RATIO else units.measure(key.metric)
    return str(guarded(clean(f"{key.title} {figure} {key.id}")))


def _higher(key: SeriesKey) -> bool:
    return key.of.better is Better.HIGHER
