"""Nights of a series that tell nothing, as alarms: no value where one was expected, or always the same. Pure."""

from collections.abc import Iterator
from dataclasses import replace

import numpy as np

from pvbench.history.nouns import Alarm, AlarmKind, State
from pvbench.history.table import Table
from pvbench.stats.levels import Floats

CHANCE = 1e-4
"""Values that are as equal by chance less often than this are constant."""
LONGEST = 8
"""So many equal nights are constant in a series that never had another value."""


def missing(table: Table) -> Iterator[Alarm]:
    """Yield an alarm for each time that a series had no value where one was expected."""
    gone = table.expected & np.isnan(table.values)
    for row in np.flatnonzero(gone.any(axis=1)):
        columns = np.flatnonzero(table.expected[row])
        start: int | None = None
        for index, column in enumerate(columns):
            if gone[row, column] and start is None:
                start = index
                alarm = _missing(table, int(row), int(column))
                if alarm.state is State.CLEARED:
                    yield alarm
                    start = None
            elif start is not None and not gone[row, column]:
                state = alarm.state if alarm.state is State.CONFIRMED or index - start < 2 else State.CONFIRMED
                state = State.CLEARED if state is State.SUSPECT else state
                yield replace(alarm, state=state, until=table.runs[column])
                start = None
        if start is not None:
            yield replace(alarm, state=State.CONFIRMED if len(columns) - start > 1 else alarm.state)


def _missing(table: Table, row: int, column: int) -> Alarm:
    series = table.series[row]
    again = table.again.get((row, column), ())
    state = State.SUSPECT
    if again:
        state = State.CLEARED if any(point.value for point in again) else State.CONFIRMED
    reason = next((point.reason for point in series.points if point.run_id == table.runs[column]), "")
    words = f"no value: {reason}" if reason else "no value"
    if not table.planned[row, column]:
        words = "the run did not plan to measure it, as runs before it did"
    run = table.runs[column]
    return Alarm(series.key.id, AlarmKind.MISSING, state, run, run, words=words)


def constant(table: Table) -> Iterator[Alarm]:
    """Yield an alarm for each time that a series had exactly the same value in more nights than chance allows."""
    for row in range(len(table.series)):
        columns = np.flatnonzero(np.isfinite(table.values[row]))
        values = table.values[row, columns]
        same = np.diff(values) == 0
        if not same.any():
            continue
        edges = np.flatnonzero(np.diff(np.concatenate([[False], same, [False]]).astype(int)))
        for start, end in edges.reshape(-1, 2):  # nights start to end, both included, are equal
            needed = _needed(np.log(values[:start]))
            if end - start + 1 < needed:
                continue
            told = int(columns[start + needed - 1])
            again = [point.value for point in table.again.get((row, told), ()) if point.value]
            state = State.CONFIRMED if end - start + 1 > needed else State.SUSPECT
            if again:
                state = State.CONFIRMED if values[start] in again else State.CLEARED
            yield Alarm(
                series=table.series[row].key.id,
                kind=AlarmKind.CONSTANT,
                state=state,
                run_id=table.runs[columns[start]],
                seen=table.runs[told],
                words=f"exactly {values[start]:.10g} in every night since",
                until=table.runs[columns[end + 1]] if end + 1 < len(columns) else "",
            )


def _needed(before: Floats) -> int:
    """Return how many equal nights in a row are no chance, by how finely the logarithms before differ."""
    distinct = np.unique(before)
    if len(distinct) < 2:
        return LONGEST
    spread = float(np.std(before)) or float(distinct[-1] - distinct[0])
    by_step = float(np.diff(distinct).min()) / (2 * np.sqrt(np.pi) * spread)
    by_count = float((np.diff(before) == 0).mean())
    chance = min(0.9, max(by_step, by_count, 1e-9))
    return max(2, 1 + int(np.ceil(np.log(CHANCE) / np.log(chance))))
