"""What a file says of its run: as JSON has it, as columns, and as nouns. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from datetime import date
from typing import Any

from pvbench.history.kinds import of_its_kinds
from pvbench.history.nouns import Night, Point, Role, SeriesKey, Side
from pvbench.history.older import NewerSchema
from pvbench.metrics import METRICS

SCHEMA_VERSION = 1
"""The schema of what is written; older ones are read as `older` makes them."""
KEY = tuple(field.name for field in fields(SeriesKey))
POINT = tuple(field.name for field in fields(Point) if field.name != "run_id")
_NUMBER = (float, int, type(None))
_KINDS = {
    **dict.fromkeys(("value", "low", "high"), _NUMBER),
    "units": (int, type(None)),
    **dict.fromkeys(("environment", "reason"), (str,)),
}
"""What the columns of points are of, as JSON has it."""
Names = tuple[str, ...]
"""The fields of a SeriesKey in their order: hundreds of thousands are compared faster than the noun."""


@dataclass(frozen=True)
class KeptRun:
    """What a file says of its run: the night, its series' values, and `content`, a digest of what was measured."""

    night: Night
    points: Mapping[SeriesKey, Point]
    content: str


@dataclass(frozen=True)
class RunColumns:
    """The same with a series a row: `names` are each one's, `points` columns by the names of a Point's fields."""

    night: Night
    names: Sequence[Names]
    points: Mapping[str, Sequence[Any]]
    content: str

    @property
    def run(self) -> KeptRun:
        """The run as nouns."""
        rows = zip(*(self.points[name] for name in POINT), strict=True)
        points = {key_of(names): Point(self.night.run_id, *row) for names, row in zip(self.names, rows, strict=True)}
        return KeptRun(self.night, points, self.content)


def key_of(names: Names) -> SeriesKey:
    """Return the series that names are of. Raises ValueError for a side that is none."""
    side, *others = names
    return SeriesKey(Side(side), *others)


def names_of(key: SeriesKey) -> Names:
    """Return the names of a series."""
    return tuple(str(getattr(key, name)) for name in KEY)


def said(run: KeptRun) -> dict[str, Any]:
    """Return what is written of a run."""
    keys, points = run.points.keys(), run.points.values()
    return {
        "schema": SCHEMA_VERSION,
        "content": run.content,
        "night": asdict(run.night),
        "series": {name: [getattr(key, name) for key in keys] for name in KEY},
        "points": {name: [getattr(point, name) for point in points] for name in POINT},
    }


def columns(record: Mapping[str, Any]) -> RunColumns:
    """Return what a record of the schema of now says. Raises NewerSchema, ValueError, KeyError, TypeError."""
    series, points = record["series"], {name: record["points"][name] for name in POINT}
    _hold(series, dict.fromkeys(KEY, (str,)))
    _hold(points, _KINDS)
    if unknown := set(series["metric"]) - METRICS.keys():
        raise NewerSchema(f"it has the metric {min(unknown)!r}, which this pvbench does not know; a newer one wrote it")
    if unknown := set(series["side"]) - set(Side):
        raise ValueError(f"{min(unknown)!r} is no side of a series")
    names = list(zip(*(series[name] for name in KEY), strict=True))
    if len(set(names)) != len(names) or {len(column) for column in points.values()} != {len(names)}:
        raise ValueError("a series is there twice, or has no point or several")
    return RunColumns(night_from(record["night"]), names, points, record["content"])


def night_from(record: Mapping[str, Any]) -> Night:
    """Return the night that is kept as JSON. Raises KeyError, TypeError or ValueError where it is none."""
    own = dict(record)
    own["role"], own["environments"] = Role(own["role"]), tuple((host, text) for host, text in own["environments"])
    night = of_its_kinds(Night(**own))
    date.fromisoformat(night.night)
    return night


def _hold(columns: Mapping[str, Any], kinds: Mapping[str, tuple[type, ...]]) -> None:
    for name, allowed in kinds.items():
        if not {type(each) for each in columns[name]} <= {*allowed}:
            raise ValueError(f"{name} holds something of another kind")
