"""Every run of a history as columns: hundreds of thousands of points are read, kept and sorted as numbers. Pure."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pvbench.history.nouns import Night, Point, Series, SeriesKey
from pvbench.history.place import Entry
from pvbench.history.record import Names, RunColumns, key_of, names_of

COLUMNS = np.dtype(
    [
        ("run", np.int32),
        ("key", np.int32),
        ("value", np.float64),
        ("low", np.float64),
        ("high", np.float64),
        ("units", np.int32),
        ("environment", np.int32),
        ("reason", np.int32),
    ]
)
"""A row a point: `run`, `key` and texts by their numbers; NaN, and -1 for `units`, is None."""
Rows = NDArray[np.void]


@dataclass(frozen=True)
class Run:
    """A run's file, its night, and the digest of what was measured."""

    entry: Entry
    night: Night
    content: str


@dataclass(frozen=True)
class Gathered:
    """Runs, and the points of all of them; `keys` and `texts` are what the rows number."""

    runs: tuple[Run, ...] = ()
    keys: tuple[SeriesKey, ...] = ()
    texts: tuple[str, ...] = ()
    rows: Rows = field(default_factory=lambda: np.empty(0, COLUMNS))

    def only(self, entries: Collection[Entry]) -> "Gathered":
        """Return the runs of these files alone."""
        kept = [number for number, run in enumerate(self.runs) if run.entry in entries]
        if len(kept) == len(self.runs):
            return self
        numbers = np.full(len(self.runs) + 1, -1, np.int32)
        numbers[kept] = np.arange(len(kept))
        rows = self.rows[np.isin(self.rows["run"], kept)]
        rows["run"] = numbers[rows["run"]]
        return Gathered(tuple(self.runs[number] for number in kept), self.keys, self.texts, rows)

    def plus(self, others: Iterable[tuple[Entry, RunColumns]]) -> "Gathered":
        """Return these runs and others."""
        runs, blocks = list(self.runs), [self.rows]
        keys = {names_of(key): number for number, key in enumerate(self.keys)}
        texts = {text: number for number, text in enumerate(self.texts)}
        for entry, run in others:
            blocks.append(_rows(len(runs), run, keys, texts))
            runs.append(Run(entry, run.night, run.content))
        if len(runs) == len(self.runs):
            return self
        new = list(keys)[len(self.keys) :]
        return Gathered(tuple(runs), (*self.keys, *map(key_of, new)), tuple(texts), np.concatenate(blocks))

    def series(self, order: Sequence[int]) -> tuple[Series, ...]:
        """Return the series of some of the runs, given by their numbers, each with its points in that order."""
        ranks = np.full(len(self.runs) + 1, -1, np.int64)
        ranks[list(order)] = np.arange(len(order))
        rows = self.rows[ranks[self.rows["run"]] >= 0]
        rows = rows[np.argsort(ranks[rows["run"]], kind="stable")]
        keys, firsts = np.unique(rows["key"], return_index=True)
        seen = np.empty(len(self.keys) + 1, np.int64)  # series in the order in which they first came
        seen[keys[np.argsort(firsts)]] = np.arange(len(keys))
        rows = rows[np.argsort(seen[rows["key"]], kind="stable")]
        points, ends = self._points(rows), np.cumsum(np.bincount(seen[rows["key"]], minlength=len(keys))).tolist()
        named = [self.keys[number] for number in keys[np.argsort(firsts)]]
        return tuple(
            Series(key, tuple(points[start:end])) for key, start, end in zip(named, [0, *ends], ends, strict=False)
        )

    def _points(self, rows: Rows) -> list[Point]:
        texts, names = np.array([*self.texts, ""], object), np.array([run.night.run_id for run in self.runs], object)
        return list(
            map(
                Point,
                names[rows["run"]].tolist(),
                *(_known(rows[name], ~np.isnan(rows[name])) for name in ("value", "low", "high")),
                _known(rows["units"], rows["units"] >= 0),
                texts[rows["environment"]].tolist(),
                texts[rows["reason"]].tolist(),
            )
        )


def _known(numbers: NDArray[Any], known: NDArray[np.bool_]) -> list[Any]:
    """Return the numbers, None where they are not known."""
    made = numbers.astype(object)
    made[~known] = None
    return list(made)


def _rows(number: int, run: RunColumns, keys: dict[Names, int], texts: dict[str, int]) -> Rows:
    made = np.empty(len(run.names), COLUMNS)
    made["run"] = number
    made["key"] = [keys.setdefault(names, len(keys)) for names in run.names]
    for name in ("value", "low", "high"):
        made[name] = np.array(run.points[name], np.float64)  # None becomes NaN
    made["units"] = [-1 if units is None else units for units in run.points["units"]]
    for name in ("environment", "reason"):
        made[name] = [texts.setdefault(text, len(texts)) for text in run.points[name]]
    return made
