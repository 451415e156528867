"""An analysis → what the first page says: was everything measured, what changed with proof, how sure. Pure."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from statistics import median

from pvbench.dashboard.facets import Facets, facets
from pvbench.dashboard.nights import Shown, looks_again, without
from pvbench.history import analysis
from pvbench.history.analysis import Analysis, Health
from pvbench.history.nouns import Alarm, AlarmKind, Night, Point, Role, Series, State

OLD = timedelta(hours=36)
"""Last data is old after this, or after twice the usual time between nights where that is longer."""
LATE = 30
"""Changes that were first seen within so many nights are the first page's; older ones that hold stand folded."""
STRIP = 60
"""So many nights are shown as a strip."""


@dataclass(frozen=True)
class SeriesRow:
    """A series on the first page: its names, its health, and the night of its last value."""

    series: Series
    facets: Facets
    health: Health
    last: str | None
    confirmed: float | None
    cleared: float | None


@dataclass(frozen=True)
class Change:
    """An alarm that stands: of which series, how many times the series' own spread, and since when.

    `bar` and `tick` are |change| and threshold as shares of the largest shown; None where there is no such number.
    """

    alarm: Alarm
    row: SeriesRow | None
    score: float | None
    since: str
    bar: float | None = None
    tick: float | None = None

    @property
    def lost(self) -> bool:
        """Whether it is of a figure that tells nothing, and no change."""
        return self.alarm.kind not in (AlarmKind.REGRESSION, AlarmKind.IMPROVEMENT)


@dataclass(frozen=True)
class Overview:
    """What the first page says: `changes` of late, and `earlier` ones that hold still; `lost` are the series that the
    last night was to measure and did not.
    """

    last: Night | None
    rows: tuple[SeriesRow, ...]
    changes: tuple[Change, ...]
    earlier: tuple[Change, ...]
    lost: tuple[SeriesRow, ...]
    expected: int
    old_after: timedelta
    strip: tuple[Night, ...]
    overlap: float | None
    noisy: bool
    confirmed: float | None
    cleared: float | None
    alarms: int
    worst: SeriesRow | None
    fewest: SeriesRow | None

    @property
    def measured(self) -> int:
        """How many series have ever been measured."""
        return sum(row.health.nights > 0 for row in self.rows)

    @property
    def groups(self) -> tuple[tuple[Change, ...], tuple[Change, ...]]:
        """The changes that are proved and those that are suspected, each worst first."""
        confirmed = tuple(each for each in self.changes if each.alarm.state is State.CONFIRMED)
        return confirmed, tuple(each for each in self.changes if each not in confirmed)

    def age(self, now: datetime) -> timedelta | None:
        """Return how long ago the last night with data began."""
        return now - _began(self.last) if self.last else None

    def old(self, now: datetime) -> bool:
        """Whether the last data is older than is usual here."""
        age = self.age(now)
        return age is not None and age > self.old_after


def overview(analysed: Analysis, known: Mapping[str, Shown]) -> Overview:
    """Return what the first page says of an analysis."""
    of_series: dict[str, list[Alarm]] = {}
    for alarm in analysed.alarms:
        of_series.setdefault(alarm.series, []).append(alarm)
    again = looks_again(analysed.nights)
    rows = tuple(_row(without(each, again), of_series.get(each.key.id, []), known) for each in analysed.series)
    last, nights = analysed.last, [each for each in analysed.nights if each.role is Role.NIGHT]
    tonight = [(row, point) for row in rows if last and (point := _point(row.series, last.run_id))]
    changes = _changes(analysed.alarms, {row.series.key.id: row for row in rows}, known)
    late = {night.run_id for night in analysed.nights} - {night.run_id for night in nights[:-LATE]}
    return Overview(
        last=last,
        rows=rows,
        changes=tuple(each for each in changes if each.lost or each.alarm.seen in late),
        earlier=tuple(each for each in changes if not each.lost and each.alarm.seen not in late),
        lost=tuple(row for row, point in tonight if point.value is None),
        expected=len(tonight),
        old_after=_old_after(nights),
        strip=tuple(nights[-STRIP:]),
        overlap=analysis.overlap(analysed.alarms, analysed.order),
        noisy=analysis.noisy(analysed),
        confirmed=analysis.share(analysed.alarms, State.CONFIRMED),
        cleared=analysis.share(analysed.alarms, State.CLEARED),
        alarms=len(analysed.alarms),
        worst=max(rows, key=lambda row: row.health.alarms_per_100 or 0.0, default=None),
        fewest=min(rows, key=lambda row: row.health.nights / max(1, row.health.expected), default=None),
    )


def _row(series: Series, alarms: Sequence[Alarm], known: Mapping[str, Shown]) -> SeriesRow:
    health = analysis.health(series, alarms)
    last = health.last and known.get(health.last)
    return SeriesRow(
        series=series,
        facets=facets(series.key),
        health=health,
        last=last.night if last else None,
        confirmed=analysis.share(alarms, State.CONFIRMED),
        cleared=analysis.share(alarms, State.CLEARED),
    )


def _point(series: Series, run_id: str) -> Point | None:
    """Return a series' point of a run; it is among the last ones, where it is there at all."""
    return next((point for point in reversed(series.points) if point.run_id == run_id), None)


def _changes(alarms: Iterable[Alarm], rows: Mapping[str, SeriesRow], known: Mapping[str, Shown]) -> tuple[Change, ...]:
    found = []
    for alarm in analysis.ranked(tuple(alarms)):
        score = analysis.score(alarm) if alarm.ratio is not None and alarm.noise else None
        since = known[alarm.run_id].night if alarm.run_id in known else alarm.run_id
        found.append(Change(alarm, rows.get(alarm.series), score, since))
    most = max((each.score for each in found if each.score), default=None)
    return tuple(_with_bar(each, most) for each in found)


def _with_bar(change: Change, most: float | None) -> Change:
    noise, threshold = change.alarm.noise, change.alarm.threshold
    if not most or not change.score or not noise:
        return change
    tick = min(1.0, threshold / noise / most) if threshold else None
    return replace(change, bar=change.score / most, tick=tick)


def _old_after(nights: Sequence[Night]) -> timedelta:
    """Return the age from which last data is old: twice the usual time between nights, and OLD at least."""
    gaps = [(_began(later) - _began(earlier)).total_seconds() for earlier, later in pairwise(nights[-STRIP:])]
    return max(OLD, timedelta(seconds=2 * median(gaps))) if gaps else OLD


def _began(night: Night) -> datetime:
    try:
        began = datetime.fromisoformat(night.started)
    except ValueError:
        return datetime.min.replace(tzinfo=UTC)
    return began if began.tzinfo else began.replace(tzinfo=UTC)
