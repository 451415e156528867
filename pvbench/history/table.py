"""Series → arrays: a row a series, a column a night, for what looks at all of them at once. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from pvbench.history.nouns import Night, Point, Role, Series, Side
from pvbench.metrics import Better
from pvbench.stats.levels import Flags, Floats, Numbers


@dataclass(frozen=True)
class Table:
    """What the nights of a history measured, fresh boots that look again apart.

    `values` are NaN where there is none, `expected` where there should be one; `environments` are numbers, each its
    own. `ways` is -1 where less is better. `again` are the points of the runs that looked again at (a series' row, a
    night's column).
    """

    runs: tuple[str, ...]
    series: tuple[Series, ...]
    values: Floats
    expected: Flags
    environments: Numbers
    ways: Floats
    again: Mapping[tuple[int, int], tuple[Point, ...]]

    @property
    def goodness(self) -> Floats:
        """Logarithms of the values, more where it is better."""
        return np.log(self.values) * self.ways[:, None]

    def measured(self) -> Numbers:
        """Return the columns of each row with those that have a value first, in their order."""
        return np.argsort(np.isnan(self.values), axis=1, kind="stable")


def table(nights: Sequence[Night], series: Sequence[Series]) -> Table:
    """Return series as arrays; a point of a run that is not among the nights is left out."""
    columns = {each.run_id: column for column, each in enumerate(_only(nights, Role.NIGHT))}
    looks = {each.run_id: columns.get(each.again or "") for each in _only(nights, Role.AGAIN)}
    shape = len(series), len(columns)
    values, expected = np.full(shape, np.nan), np.zeros(shape, dtype=bool)
    environments = np.zeros(shape, dtype=np.int64)
    numbers: dict[str, int] = {}
    again: dict[tuple[int, int], tuple[Point, ...]] = {}
    for row, each in enumerate(series):
        for point in each.points:
            column = columns.get(point.run_id)
            if column is None:
                looked = looks.get(point.run_id)
                if looked is not None:
                    again[row, looked] = (*again.get((row, looked), ()), point)
                continue
            expected[row, column] = True
            environments[row, column] = numbers.setdefault(point.environment, len(numbers))
            if point.value is not None and 0 < point.value < np.inf:
                values[row, column] = point.value
    ways = [1.0 if each.key.side is Side.RATIO or each.key.of.better is Better.HIGHER else -1.0 for each in series]
    return Table(
        runs=tuple(columns),
        series=tuple(series),
        values=values,
        expected=expected,
        environments=environments,
        ways=np.array(ways),
        again=again,
    )


def _only(nights: Sequence[Night], role: Role) -> list[Night]:
    return [each for each in nights if each.role is role]
