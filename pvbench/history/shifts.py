"""Changes of level as alarms: suspected the night after, confirmed by fresh boots or enough nights, or cleared. Pure.

The rules are those of docs/history.md, "How a change is told".
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np

from pvbench.history.nouns import Alarm, AlarmKind, State
from pvbench.history.table import Table
from pvbench.stats import changepoint, nightly
from pvbench.stats.levels import SETTLED, SHORTEST, Flags, Floats, Numbers

IMPLAUSIBLE_FROM = 2.0
"""A level that is so many times as good is told as implausible: what measured nothing is fast."""
BACK = 2.0
"""A night that is less than so many standard deviations out is back at its level."""
GIVEN_UP = 2 * SETTLED
"""A suspect that was neither seen again nor gone after so many nights is cleared."""
KINDS = (AlarmKind.REGRESSION, AlarmKind.IMPROVEMENT, AlarmKind.IMPLAUSIBLE)


@dataclass(frozen=True)
class Seen:
    """All that the nights say of levels: columns are nights with a value, `columns` says which nights they are.

    `out` are the nights that are out of their level, `threshold` the difference from which one is, `begins` those at
    which an environment begins.
    """

    track: changepoint.Track
    watched: nightly.Watched
    columns: Numbers
    begins: Flags
    out: Flags
    threshold: Floats


def seen(table: Table, fixed: Sequence[Alarm] = ()) -> Seen:
    """Return what the nights say, the levels that confirmed alarms began being fixed."""
    columns = table.measured()
    logs = np.take_along_axis(table.goodness, columns, axis=1)
    environments = np.take_along_axis(table.environments, columns, axis=1)
    begins = np.zeros(logs.shape, dtype=bool)
    begins[:, 1:] = (environments[:, 1:] != environments[:, :-1]) & np.isfinite(logs[:, 1:])
    track = changepoint.tracked(logs, begins | _fixed(table, columns, fixed))
    watched = nightly.watch(track)
    p = np.full_like(logs, np.nan)
    np.put_along_axis(p, columns, watched.p, axis=1)
    allowed = np.broadcast_to(nightly.allowed(p), logs.shape)
    out = np.take_along_axis(p <= allowed, columns, axis=1)
    return Seen(track, watched, columns, begins, out, nightly.threshold(track, np.take_along_axis(allowed, columns, 1)))


def _fixed(table: Table, columns: Numbers, alarms: Sequence[Alarm]) -> Flags:
    rows = {each.key.id: row for row, each in enumerate(table.series)}
    nights = {run: column for column, run in enumerate(table.runs)}
    fixed = np.zeros(columns.shape, dtype=bool)
    for alarm in alarms:
        row, column = rows.get(alarm.series), nights.get(alarm.run_id)
        if row is not None and column is not None and alarm.kind in KINDS and alarm.state is State.CONFIRMED:
            fixed[row] |= columns[row] == column
    fixed[:, 0] = False
    return fixed


def shifts(table: Table, nights: Seen, fixed: Sequence[Alarm] = ()) -> Iterator[Alarm]:
    """Yield the alarms of every series' changes of level, `fixed` being those that are confirmed and stay."""
    own: dict[str, dict[str, Alarm]] = {}
    for alarm in fixed:
        if alarm.kind in KINDS and alarm.state is State.CONFIRMED:
            own.setdefault(alarm.series, {})[alarm.run_id] = alarm
    for row, series in enumerate(table.series):
        yield from _Story(table, nights, row, own.get(series.key.id, {})).alarms()


@dataclass(frozen=True)
class _Open:
    """A suspect: the index of its first night, that of the night that told, and how much better it is, logarithmic."""

    at: int
    told: int
    apart: float


class _Story:
    """What happens to one series, night by night."""

    def __init__(self, table: Table, nights: Seen, row: int, fixed: dict[str, Alarm]) -> None:
        self.table, self.row, self.fixed = table, row, fixed
        self.id = table.series[row].key.id
        self.nights = int(nights.track.nights[row])
        self.columns = nights.columns[row]
        self.since = nights.track.followed.since[row].tolist()
        self.level = nights.track.followed.level[row].tolist()
        self.settled = {after - 1: at for at, after in nights.track.followed.settled[row]}
        self.noise = float(nights.track.noise[row])
        self.begins = nights.begins[row].tolist()
        self.out = nights.out[row].tolist()
        self.apart = nights.watched.apart[row].tolist()
        self.deviations = nights.watched.deviations[row].tolist()
        self.threshold = nights.threshold[row].tolist()
        self.open: _Open | None = None
        self.last, self.last_way = 0, 0.0  # where the level began that stands, and whether it was better or worse

    def alarms(self) -> Iterator[Alarm]:
        """Yield the alarms, in the order in which they are decided."""
        for night in range(self.nights):
            run = self._run(night)
            if self.begins[night] or run in self.fixed:
                if self.open and self.begins[night]:
                    yield self._cleared(self.open, "a new environment began before it was seen again")
                self.open = None
                self.last, self.last_way = night, 0.0
                if run in self.fixed:
                    self.last_way = np.log(self.fixed[run].ratio or 1.0)
                    yield self.fixed[run]
                continue
            yield from self._settle(night)
            if self.open is None:
                self.open = self._suspect(night)
                if self.open:
                    yield from self._look_again(self.open)
            elif self._is_back(night, self.open):
                yield self._cleared(self.open, "the nights after are back at the level before")
        if self.open:
            yield self._alarm(self.open, State.SUSPECT, "not seen again yet")

    def _settle(self, night: int) -> Iterator[Alarm]:
        at = self.settled.get(night)
        if at is None:
            return
        apart = self.level[night + 1] - self.level[at]
        if abs(at - self.last) <= SHORTEST and apart * self.last_way > 0:
            return  # confirmed before
        found = _Open(at, night, apart)
        if self.open and _same(self.open, found):
            found = replace(self.open, apart=apart)
        self.open, self.last, self.last_way = None, found.at, apart
        yield self._alarm(found, State.CONFIRMED, f"the level has lasted {night + 1 - at} nights")

    def _suspect(self, night: int) -> _Open | None:
        since = self.since[night + 1]
        if since > self.last + SHORTEST and since not in self.settled.values():
            return _Open(since, night, self.level[night + 1] - self.level[since])
        if not self.out[night] or (self._follows(night) and self.apart[night] * self.last_way > 0):
            return None
        way = np.sign(self.deviations[night])
        first = min(at for at in range(max(0, night - 2), night + 1) if self._is_out(at, way) or at == night)
        return _Open(first, night, self.apart[night])

    def _follows(self, night: int) -> bool:
        """Whether a confirmed change is so new that the level of the nights is not there yet."""
        return self.last > 0 and self.since[night] < self.last - SHORTEST and night - self.last < GIVEN_UP

    def _is_out(self, night: int, way: float) -> bool:
        return bool(self.deviations[night] * way >= BACK)

    def _is_back(self, night: int, suspect: _Open) -> bool:
        stands = self.since[night + 1]
        if stands > self.last and abs(stands - suspect.at) <= SHORTEST:
            return False
        way = np.sign(suspect.apart)
        back = night >= suspect.told + 2 and not self._is_out(night, way) and not self._is_out(night - 1, way)
        return back or night - suspect.told >= GIVEN_UP

    def _look_again(self, suspect: _Open) -> Iterator[Alarm]:
        """Decide by fresh boots, where there were any: out again, the same way and by half as much, or not."""
        points = self.table.again.get((self.row, int(self.columns[suspect.told])), ())
        values = [point.value for point in points if point.value]
        if not values:
            return
        value = float(np.log(np.median(values)) * self.table.ways[self.row])
        apart = value - self.level[suspect.told]
        way = np.sign(suspect.apart)
        if way * apart >= max(BACK * self.noise, abs(suspect.apart) / 2):
            found = replace(suspect, apart=(suspect.apart + apart) / 2)
            self.open, self.last, self.last_way = None, found.at, found.apart
            yield self._alarm(found, State.CONFIRMED, "fresh boots show it again")
        else:
            yield self._cleared(suspect, "fresh boots do not show it")

    def _cleared(self, suspect: _Open, why: str) -> Alarm:
        self.open = None
        return self._alarm(suspect, State.CLEARED, why)

    def _alarm(self, change: _Open, state: State, why: str) -> Alarm:
        ratio = float(np.exp(change.apart))
        kind = AlarmKind.REGRESSION if ratio < 1 else AlarmKind.IMPROVEMENT
        if ratio >= IMPLAUSIBLE_FROM:
            kind = AlarmKind.IMPLAUSIBLE
        return Alarm(
            series=self.id,
            kind=kind,
            state=state,
            run_id=self._run(change.at),
            seen=self._run(change.told),
            ratio=ratio,
            noise=float(np.expm1(self.noise)),
            threshold=float(np.expm1(self.threshold[change.told])),
            words=f"{_change(ratio)}; {why}",
        )

    def _run(self, night: int) -> str:
        return self.table.runs[int(self.columns[night])]


def _same(one: _Open, other: _Open) -> bool:
    return abs(one.at - other.at) <= SHORTEST and one.apart * other.apart > 0


def _change(ratio: float) -> str:
    if ratio >= IMPLAUSIBLE_FROM:
        return f"{ratio:.3g} times as good as before, which is not plausible"
    return f"{abs(ratio - 1):.1%} {'better' if ratio > 1 else 'worse'} than before".replace("%", " %")
