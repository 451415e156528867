"""What becomes of alarms: one told again goes on, a confirmed one stays, and what came back is closed. Pure."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

import numpy as np

from pvbench.history.nouns import Alarm, State
from pvbench.history.shifts import CHANGES
from pvbench.history.table import Table
from pvbench.stats.levels import SHORTEST

Key = tuple[str, str, str]


def kept(alarms: Iterable[Alarm], recorded: Iterable[Alarm], order: Mapping[str, int]) -> tuple[Alarm, ...]:
    """Return alarms as they now are, by the night that told them.

    One of the same series, kind and first night goes on, and was seen when it first was; what was recorded as confirmed
    stays as it was said, and one told within a few nights of it is it.
    """
    before: dict[Key, Alarm] = {}
    for alarm in recorded:
        if alarm.run_id in order and alarm.seen in order:
            before[_key(alarm)] = alarm
    fixed = {key: alarm for key, alarm in before.items() if alarm.state is State.CONFIRMED}
    now: dict[Key, Alarm] = {}
    for alarm in alarms:
        key = _key(alarm)
        first = now.get(key) or before.get(key)
        if key in fixed:
            now[key] = replace(fixed[key], until=alarm.until)
        elif not (alarm.state is State.CONFIRMED and alarm.kind in CHANGES and _beside(alarm, fixed.values(), order)):
            now[key] = replace(alarm, seen=min(first.seen, alarm.seen, key=order.__getitem__)) if first else alarm
    for key, alarm in before.items():
        if key not in now:
            cleared = replace(alarm, state=State.CLEARED, words=f"{alarm.words}; it does not show any more")
            now[key] = cleared if alarm.state is State.SUSPECT else alarm
    return tuple(sorted(now.values(), key=lambda each: (order[each.seen], order[each.run_id], *_key(each))))


def _key(alarm: Alarm) -> Key:
    return alarm.series, alarm.kind, alarm.run_id


def _beside(alarm: Alarm, fixed: Iterable[Alarm], order: Mapping[str, int]) -> bool:
    """Whether a change is one that is fixed, a few nights off."""
    return any(
        (each.series, each.kind) == (alarm.series, alarm.kind)
        and abs(order[each.run_id] - order[alarm.run_id]) <= SHORTEST
        for each in fixed
    )


def ended(alarms: Sequence[Alarm], table: Table) -> tuple[Alarm, ...]:
    """Return alarms with the night that ended a confirmed change: it was undone, or a new environment began."""
    rows = {each.key.id: row for row, each in enumerate(table.series)}
    order = {run: column for column, run in enumerate(table.runs)}
    changes: dict[str, list[Alarm]] = {}
    for alarm in alarms:
        if alarm.state is State.CONFIRMED and alarm.kind in CHANGES:
            changes.setdefault(alarm.series, []).append(alarm)
    until = {
        _key(alarm): _end(alarm, own, table, rows.get(series), order)
        for series, own in changes.items()
        for alarm in own
    }
    return tuple(replace(alarm, until=until.get(_key(alarm), alarm.until)) for alarm in alarms)


def _end(alarm: Alarm, own: Sequence[Alarm], table: Table, row: int | None, order: Mapping[str, int]) -> str:
    ends: list[int] = []
    began = order[alarm.run_id]
    apart = np.log(alarm.ratio or 1.0)
    for later in sorted(own, key=lambda each: order[each.run_id]):
        if order[later.run_id] > began:
            apart += np.log(later.ratio or 1.0)
            if apart * np.log(alarm.ratio or 1.0) <= 0 or abs(apart) < np.log1p(alarm.threshold or 0.0) / 2:
                ends.append(order[later.run_id])
                break
    if row is not None:
        columns = np.flatnonzero(np.isfinite(table.values[row]) & (np.arange(len(table.runs)) >= began))
        other = np.flatnonzero(table.environments[row, columns] != table.environments[row, began])
        ends += columns[other[:1]].tolist()
    return table.runs[min(ends)] if ends else ""
