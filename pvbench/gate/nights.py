"""A run beside the levels of its history: rows by the alarms that the history tells once the run is its last. Pure.

What is out of its level is decided where pages and notifications have it from, `analyse`: docs/history.md.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from pvbench import figures
from pvbench.errors import UsageError
from pvbench.gate.cells import nothing, of_side, untrusted
from pvbench.gate.limits import Limits
from pvbench.gate.nouns import Gated, Row, Side, State, nowhere, ordered
from pvbench.gate.ratios import of_ratio
from pvbench.history.analysis import Analysis, analyse
from pvbench.history.judged import night_of, points_of
from pvbench.history.nouns import Alarm, AlarmKind, Night, Point, Role, Series, SeriesKey
from pvbench.history.nouns import Side as What
from pvbench.history.nouns import State as Stage
from pvbench.history.shifts import GIVEN_UP, Seen, seen
from pvbench.history.table import Table, table
from pvbench.samples import CellTrials
from pvbench.stats.changepoint import FIRST

NEW_FOR = GIVEN_UP
"""A confirmed change is one for so many nights; from then on its level is what nights are held against."""


def gate(
    nights: Sequence[Night],
    series: Sequence[Series],
    recorded: Sequence[Alarm],
    now: Side,
    limits: Limits,
    *,
    changed: Collection[str] = (),
    lenient: bool = False,
) -> Gated:
    """Return what may be said of a run beside the nights before it, whether or not the history has it already.

    With anything `changed` on purpose, a series may begin anew. Raises UsageError for a run that is no night.
    """
    own, kept, every = joined(nights, series, now)
    known = {each.run_id for each in kept}
    alarms = [each for each in recorded if {each.run_id, each.seen} <= known]
    told = _Told(analyse(kept, every, alarms), own, now, bool(changed))
    rows = [told.row(each, limits) for each in told.expected]
    rows += nowhere(limits, {row.metric.name for row in rows}, "a history has series of each cell's own metric alone")
    before = sum(each.role is Role.NIGHT for each in kept) - 1
    return Gated(
        run=own.run_id,
        against=f"its history of {figures.count(before, 'night')}",
        rows=ordered(rows),
        label=own.label,
        lenient=lenient,
        nights=before,
        simulated=told.analysis.simulated,
    )


def joined(
    nights: Sequence[Night], series: Sequence[Series], now: Side
) -> tuple[Night, tuple[Night, ...], tuple[Series, ...]]:
    """Return the run as a night, the nights up to it with those that looked at them again, and the series with it."""
    own = night_of(now.manifest, now.trials)
    if any(each.run_id == own.run_id and each.role is Role.AGAIN for each in nights):
        raise UsageError(f"{own.run_id} looked at a night again, and is none", hint="name the night that it looked at")
    earlier = [each for each in nights if each.role is Role.NIGHT and each.run_id != own.run_id]
    kept = [*(each for each in earlier if each.started <= own.started), own]
    looked = {each.run_id for each in kept}
    kept += [each for each in nights if each.role is Role.AGAIN and each.again in looked]
    points: dict[SeriesKey, tuple[Point, ...]] = {
        each.key: tuple(point for point in each.points if point.run_id != own.run_id) for each in series
    }
    for key, point in points_of(now.manifest, now.trials).items():
        points[key] = (*points.get(key, ()), point)
    return own, tuple(kept), tuple(Series(key, there) for key, there in points.items() if there)


@dataclass(frozen=True)
class _Told:
    """A history of which a run is the last night, and what it tells of that night."""

    analysis: Analysis
    own: Night
    side: Side
    changed: bool

    @cached_property
    def table(self) -> Table:
        return table(self.analysis.nights, self.analysis.series)

    @cached_property
    def seen(self) -> Seen:
        return seen(self.table)

    @cached_property
    def order(self) -> Mapping[str, int]:
        return {run: number for number, run in enumerate(self.table.runs)}

    @cached_property
    def cells(self) -> Mapping[str, CellTrials]:
        return of_side(self.side)

    @cached_property
    def alarms(self) -> Mapping[str, tuple[Alarm, ...]]:
        """The alarms of each series that are of this night: they stand, and what they tell is not old."""
        found: dict[str, tuple[Alarm, ...]] = {}
        for each in self.analysis.alarms:
            recent = self.order[self.own.run_id] - self.order[each.run_id] < NEW_FOR
            lost = each.kind is AlarmKind.MISSING  # of which the run's own point tells
            if each.stands and not lost and (recent or each.state is Stage.SUSPECT or each.kind is AlarmKind.CONSTANT):
                found[each.series] = (*found.get(each.series, ()), each)
        return found

    @cached_property
    def expected(self) -> tuple[int, ...]:
        """The rows of the series that the run was to measure, or that the last night of its matrix did."""
        same = [each.run_id for each in self.analysis.nights if each.matrix == self.own.matrix]
        before = [run for run in self.table.runs if run in set(same) and run != self.own.run_id]
        runs = {self.own.run_id, *before[-1:]}
        there = enumerate(self.analysis.series)
        return tuple(number for number, each in there if any(point.run_id in runs for point in each.points))

    def row(self, number: int, limits: Limits) -> Row:
        """Return what is told of a series."""
        series = self.analysis.series[number]
        key, point = series.key, next((each for each in series.points if each.run_id == self.own.run_id), None)
        against = f" ÷ {key.against}" if key.against else ""
        row = Row(
            cell=key.cell,
            title=f"{key.arm}{against}, {key.workload}",
            host=key.host,
            metric=key.of if key.side is What.VALUE else of_ratio(key.of),
            limit=limits.of(key.metric),
            state=State.MISSING,
            now=point.value if point else None,
            against=key.against_cell,
        )
        cells = [self.cells[each] for each in (key.cell, key.against_cell) if each in self.cells]
        if why := untrusted(cells, limits.disturbed):
            return replace(row, state=State.CONTAMINATED, why=why)
        if point is None or point.value is None:
            last = self._measured(number)[-1:]
            why = point.reason if point else "it is not in the run's plan"
            return replace(row, before=last[0].value if last else None, why=why)
        if key.side is What.VALUE and cells and (why := nothing(cells[0])):
            return replace(row, state=State.CONSTANT, why=why)
        return self._beside_level(row, number, point)

    def _beside_level(self, row: Row, number: int, point: Point) -> Row:
        """Return a row with its level before, and what the series' alarms and its threshold make of it."""
        earlier = [each for each in self._measured(number) if each is not point]
        if earlier and earlier[-1].environment != point.environment:
            state = State.NEW if self.changed else State.CONTAMINATED
            return replace(row, state=state, why=f"host, stack or guest is another than in {earlier[-1].run_id}")
        if not earlier:
            return replace(row, state=State.NEW, why="the history has no figure of it")
        column = self.order[self.own.run_id]
        index = int(np.flatnonzero(self.seen.columns[number] == column)[0])
        way = float(self.table.ways[number])
        level = float(np.exp(self.seen.track.level[number, index] * way))
        row = replace(row, before=level, ratio=float((point.value or 0) / level) ** way)
        if alarms := self.alarms.get(self.analysis.series[number].key.id):
            return ordered(_alarmed(row, alarm) for alarm in alarms)[0]
        if len(earlier) < FIRST:
            why = f"{figures.count(len(earlier), 'night')} before; a series is judged from {FIRST} on"
            return replace(row, state=State.UNDETERMINED, why=why)
        threshold = self.seen.threshold(number, index)
        told = f"a night is out of its level from {figures.significant(threshold * 100, 2)} % on"
        state = State.OK if threshold <= row.limit.unseen else State.UNDETERMINED
        return replace(row, state=state, why=told)

    def _measured(self, number: int) -> list[Point]:
        """Return the points with a value of nights up to the run, oldest first."""
        points = {each.run_id: each for each in self.analysis.series[number].points if each.value}
        return [points[run] for run in self.table.runs if run in points]


def _alarmed(row: Row, alarm: Alarm) -> Row:
    """Return a row as its alarm has it; one that is small enough to be allowed says so."""
    why = f"{alarm.state}: {alarm.words}"
    ratio = alarm.ratio or row.ratio
    match alarm.kind:
        case AlarmKind.CONSTANT:
            return replace(row, state=State.CONSTANT, why=why)
        case AlarmKind.IMPLAUSIBLE:
            return replace(row, state=State.IMPLAUSIBLE, why=why)
    if alarm.state is Stage.SUSPECT and alarm.kind is AlarmKind.REGRESSION:
        return replace(row, state=State.UNDETERMINED, why=f"{why}; fresh boots tell (`pvbench nightly` makes them)")
    row = replace(row, ratio=ratio, state=State.OK, why=f"{why}, since {alarm.run_id}")
    if alarm.state is Stage.SUSPECT:
        return row
    if ratio is not None and ratio < 1 / (1 + row.limit.worse):
        return replace(row, state=State.REGRESSED)
    return replace(row, state=State.IMPROVED) if ratio is not None and ratio > 1 + row.limit.worse else row
