"""Changes of level as alarms: suspected the night after, confirmed by fresh boots or enough nights, or cleared. Pure.

The rules are those of docs/history.md, "How a change is told".
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from pvbench.history.nouns import IMPLAUSIBLE_FROM, Alarm, AlarmKind, State
from pvbench.history.table import Table
from pvbench.stats import changepoint, nightly
from pvbench.stats.changepoint import Change
from pvbench.stats.levels import SHORTEST, Flags, Floats, Numbers

BACK = 2.0
"""A night that is less than so many standard deviations out is back at its level."""
AGAIN = 1.64
"""Fresh boots show a change if they are out by so many standard deviations, and by half of what the night was."""
GIVEN_UP = 12
"""A suspect that is neither seen again nor gone after so many nights is cleared."""
CHANGES = (AlarmKind.REGRESSION, AlarmKind.IMPROVEMENT, AlarmKind.IMPLAUSIBLE)


@dataclass(frozen=True)
class Seen:
    """What the nights of series say of their levels: a row a series, a column a night with a value.

    `columns` says which nights they are; `begins` those at which an environment begins; `allowed` is the p-value up to
    which a night is out of its level.
    """

    table: Table
    columns: Numbers
    begins: Flags
    track: changepoint.Track
    watched: nightly.Watched
    allowed: Floats

    @cached_property
    def out(self) -> Flags:
        """Which nights are out of their level."""
        return self.watched.p <= self.allowed

    def threshold(self, row: int, night: int) -> float:
        """Return the relative change from which a night is out of its level."""
        return float(np.expm1(nightly.threshold(self.watched, (row, night), float(self.allowed[row, night]))))


def seen(table: Table) -> Seen:
    """Return what the nights say of the levels of their series."""
    columns = table.measured()
    logs = np.take_along_axis(table.goodness, columns, axis=1)
    environments = np.take_along_axis(table.environments, columns, axis=1)
    begins = np.zeros(logs.shape, dtype=bool)
    begins[:, 1:] = (environments[:, 1:] != environments[:, :-1]) & np.isfinite(logs[:, 1:])
    track = changepoint.tracked(logs, begins)
    watched = nightly.watch(track, table.hosts, columns)
    p = np.full_like(logs, np.nan)
    np.put_along_axis(p, columns, watched.p, axis=1)
    allowed = np.take_along_axis(np.broadcast_to(nightly.allowed(p), logs.shape), columns, axis=1)
    return Seen(table, columns, begins, track, watched, allowed)


def shifts(nights: Seen) -> Iterator[Alarm]:
    """Yield the alarms of every series' changes of level, in the order in which a series' alarms are decided."""
    for row in _worth_a_look(nights):
        yield from _Story(nights, int(row)).alarms()


def _worth_a_look(seen: Seen) -> Numbers:
    settled = np.array([bool(own) for own in seen.track.settled], dtype=bool)
    moved = (seen.track.since[:, 1:] != seen.track.since[:, :-1]).any(axis=1)
    return np.flatnonzero(seen.out.any(axis=1) | moved | settled)


@dataclass(frozen=True)
class _Suspect:
    """The index of the first night that is out, that of the night that told, and how much better, logarithmic."""

    at: int
    told: int
    apart: float


class _Story:
    """What happens to one series, night by night."""

    def __init__(self, seen: Seen, row: int) -> None:
        self.seen, self.row = seen, row
        self.since = seen.track.since[row].tolist()
        self.level = seen.track.level[row].tolist()
        self.deviations = seen.watched.deviations[row].tolist()
        self.out = seen.out[row].tolist()
        self.begins = seen.begins[row].tolist()
        self.settled = {each.settled - 1: each for each in seen.track.settled[row] if each.settled}
        self.open: _Suspect | None = None
        self.last, self.last_way = 0, 0.0  # where the level that stands began, and whether it was better or worse
        self.start = 0  # where it was followed from, once settled

    def alarms(self) -> Iterator[Alarm]:
        """Yield the alarms, in the order in which they are decided."""
        nights = int(np.isfinite(self.seen.track.logs[self.row]).sum())
        moved = np.flatnonzero(np.diff(self.seen.track.since[self.row, : nights + 1])).tolist()
        told = np.flatnonzero(self.seen.out[self.row] | self.seen.begins[self.row]).tolist()
        to_look_at = sorted({*moved, *told, *self.settled}, reverse=True)
        night = 0
        while night < nights:
            yield from self._go(night)
            while to_look_at and to_look_at[-1] <= night:
                to_look_at.pop()
            night = night + 1 if self.open else to_look_at[-1] if to_look_at else nights
        if self.open:
            yield self._alarm(self.open, State.SUSPECT, "not looked at again yet")

    def _go(self, night: int) -> Iterator[Alarm]:
        if self.begins[night]:
            if self.open:
                yield self._cleared(self.open, "a new environment began before it was seen again")
            self.last, self.last_way = night, 0.0
            return
        if night in self.settled:
            yield from self._settle(night, self.settled[night])
        if self.open is None:
            self.open = self._suspect(night)
            if self.open:
                yield from self._look_again(self.open)
        elif self._is_back(night, self.open):
            yield self._cleared(self.open, "the nights after are back at the level before")

    def _settle(self, night: int, change: Change) -> Iterator[Alarm]:
        self.start = change.start
        apart = float(np.log(change.ratio))
        if abs(change.index - self.last) <= 2 * SHORTEST and apart * self.last_way > 0:
            return  # fresh boots have confirmed it
        found = _Suspect(change.index, night, apart)
        if self.open and abs(self.open.at - change.index) <= SHORTEST and self.open.apart * apart > 0:
            found, self.open = replace(self.open, apart=apart), None
        self.last, self.last_way = found.at, apart
        yield self._alarm(found, State.CONFIRMED, "the nights since settle it")

    def _suspect(self, night: int) -> _Suspect | None:
        since = self.since[night + 1]
        if since > max(self.last + SHORTEST, self.start):
            return _Suspect(since, night, self.level[night + 1] - self.level[since])
        way = np.sign(self.deviations[night])
        if not self.out[night] or (self._follows(night) and way * self.last_way > 0):
            return None
        first = next(at for at in range(max(0, night - 2), night + 1) if at == night or self._is_out(at, way))
        return _Suspect(first, night, float(self.seen.watched.apart[self.row, night]))

    def _follows(self, night: int) -> bool:
        """Whether a confirmed change is so new that the level of the nights is not there yet."""
        return self.last > 0 and self.since[night] < self.last - SHORTEST and night - self.last < GIVEN_UP

    def _is_out(self, night: int, way: float) -> bool:
        return bool(self.deviations[night] * way >= BACK)

    def _is_back(self, night: int, suspect: _Suspect) -> bool:
        stands = self.since[night + 1]
        if stands > max(self.last, self.start) and abs(stands - suspect.at) <= SHORTEST:
            return False
        way = np.sign(suspect.apart)
        back = night >= suspect.told + 2 and not self._is_out(night, way) and not self._is_out(night - 1, way)
        return back or night - suspect.told >= GIVEN_UP

    def _look_again(self, suspect: _Suspect) -> Iterator[Alarm]:
        """Decide by fresh boots, where there were any: out again, the same way and by half as much, or not."""
        table = self.seen.table
        values = table.measured_again(self.row, int(self.seen.columns[self.row, suspect.told]))
        if not values:
            return
        apart = float(np.log(np.median(values)) * table.ways[self.row]) - self.level[suspect.told]
        noise = float(self.seen.track.noise[self.row, suspect.told])
        if np.sign(suspect.apart) * apart >= max(AGAIN * noise, abs(suspect.apart) / 2):
            found = replace(suspect, apart=(suspect.apart + apart) / 2)
            self.open, self.last, self.last_way = None, found.at, found.apart
            yield self._alarm(found, State.CONFIRMED, "fresh boots show it again")
        else:
            yield self._cleared(suspect, "fresh boots do not show it")

    def _cleared(self, suspect: _Suspect, why: str) -> Alarm:
        self.open = None
        return self._alarm(suspect, State.CLEARED, why)

    def _alarm(self, change: _Suspect, state: State, why: str) -> Alarm:
        seen, told, ratio = self.seen, (self.row, change.told), float(np.exp(change.apart))
        host = seen.table.series[self.row].key.host
        drift = float(np.nan_to_num(seen.watched.drift[self.row, change.at]))
        words = [_change(ratio), why]
        if drift * change.apart > 0 and abs(drift) >= abs(change.apart) / 2:
            words.insert(1, f"all series of {host} moved by {_percent(drift)} that night: the host, not the device")
        return Alarm(
            series=seen.table.series[self.row].key.id,
            kind=_kind(ratio),
            state=state,
            run_id=self._run(change.at),
            seen=self._run(change.told),
            ratio=ratio,
            noise=float(np.expm1(seen.watched.noise[told])),
            threshold=seen.threshold(*told),
            words="; ".join(words),
        )

    def _run(self, night: int) -> str:
        return self.seen.table.runs[int(self.seen.columns[self.row, night])]


def _kind(ratio: float) -> AlarmKind:
    if ratio >= IMPLAUSIBLE_FROM:
        return AlarmKind.IMPLAUSIBLE
    return AlarmKind.REGRESSION if ratio < 1 else AlarmKind.IMPROVEMENT


def _change(ratio: float) -> str:
    if ratio >= IMPLAUSIBLE_FROM:
        return f"{ratio:.3g} times as good as before, which is not plausible"
    return f"{_percent(np.log(ratio))} {'better' if ratio > 1 else 'worse'} than before"


def _percent(apart: float) -> str:
    return f"{100 * abs(np.expm1(apart)):.1f} %"
