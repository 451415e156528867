"""Series → arrays: a row a series, a column a night, for what looks at all of them at once. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from pvbench.history.nouns import Night, Point, Role, Series, Side
from pvbench.metrics import Better
from pvbench.stats.levels import Flags, Floats, Numbers

FORGOTTEN = 14
"""A series that so many nights in a row did not plan to measure is no longer expected."""


@dataclass(frozen=True)
class Table:
    """What the nights of a history measured, fresh boots that look again apart.

    `values` are NaN where there is none, `expected` where there should be one, `planned` where the run says so itself.
    `environments` are numbers, each its own. `ways` is -1 where less is better. `again` are the points of the runs that
    looked again at (a series' row, a night's column).
    """

    runs: tuple[str, ...]
    series: tuple[Series, ...]
    values: Floats
    planned: Flags
    expected: Flags
    environments: Numbers
    ways: Floats
    again: Mapping[tuple[int, int], tuple[Point, ...]]

    @property
    def goodness(self) -> Floats:
        """Logarithms of the values, more where it is better."""
        return np.log(self.values) * self.ways[:, None]

    @property
    def hosts(self) -> Numbers:
        """A number for the host of each series that is one arm's figure, -1 for a ratio."""
        names = {name: number for number, name in enumerate(dict.fromkeys(each.key.host for each in self.series))}
        return np.array([names[each.key.host] if each.key.side is Side.VALUE else -1 for each in self.series])

    def measured(self) -> Numbers:
        """Return the columns of each row with those that have a value first, in their order."""
        return np.argsort(np.isnan(self.values), axis=1, kind="stable")

    def measured_again(self, row: int, column: int) -> list[float]:
        """Return what fresh boots measured when they looked again at a series' night."""
        return [point.value for point in self.again.get((row, column), ()) if point.value]


def table(nights: Sequence[Night], series: Sequence[Series]) -> Table:
    """Return series as arrays; a point of a run that is not among the nights is left out."""
    kept = [each for each in nights if each.role is Role.NIGHT]
    columns = {each.run_id: column for column, each in enumerate(kept)}
    looks = {each.run_id: columns.get(each.again or "") for each in nights if each.role is Role.AGAIN}
    shape = len(series), len(columns)
    values, planned = np.full(shape, np.nan), np.zeros(shape, dtype=bool)
    environments = np.zeros(shape, dtype=np.int64)
    numbers: dict[str, int] = {}
    again: dict[tuple[int, int], tuple[Point, ...]] = {}
    for row, each in enumerate(series):
        at: list[int] = []
        points: list[Point] = []
        for point in each.points:
            column = columns.get(point.run_id)
            if column is not None:
                at.append(column)
                points.append(point)
            elif (looked := looks.get(point.run_id)) is not None:
                again[row, looked] = (*again.get((row, looked), ()), point)
        planned[row, at] = True
        environments[row, at] = [numbers.setdefault(point.environment, len(numbers)) for point in points]
        values[row, at] = [np.nan if point.value is None else point.value for point in points]
    values[~((values > 0) & (values < np.inf))] = np.nan
    ways = [1.0 if each.key.side is Side.RATIO or each.key.of.better is Better.HIGHER else -1.0 for each in series]
    return Table(
        runs=tuple(columns),
        series=tuple(series),
        values=values,
        planned=planned,
        expected=planned | _forgotten(planned, kept, series),
        environments=environments,
        ways=np.array(ways),
        again=again,
    )


def _forgotten(planned: Flags, nights: Sequence[Night], series: Sequence[Series]) -> Flags:
    """Return where a night of the same matrix on the same host no longer planned what nights before it did."""
    forgotten = np.zeros_like(planned)
    hosts = np.array([each.key.host for each in series])
    for matrix in {each.matrix for each in nights}:
        for host in np.unique(hosts):
            there = [each.matrix == matrix and host in dict(each.environments) for each in nights]
            columns, rows = np.flatnonzero(there), np.flatnonzero(hosts == host)
            own = planned[np.ix_(rows, columns)]
            if own.all() or not own.any():
                continue
            began = np.maximum.accumulate(own, axis=1)
            last = np.maximum.accumulate(np.where(own, np.arange(len(columns)), -1), axis=1)
            missed = np.arange(len(columns)) - last
            forgotten[np.ix_(rows, columns)] |= began & ~own & (missed <= FORGOTTEN)
    return forgotten
