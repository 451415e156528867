"""Where series of nights change their level: one definition of a change for pages, gates and anybody's series.

Values are compared as ratios, so their logarithms are followed (`levels`). The noise of a series is measured around its
own levels, not over its changes, and a series whose nights resemble their neighbours pays more for a change: as many
nights tell less (Bartlett's factor for a mean under AR(1) noise, (1 + rho) / (1 - rho)).

Where a change lies is told as the middle of the few nights that most likely hold it, not as the one likeliest night:
of small changes that is off by more nights. A change that is settled stays where it was placed then.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from pvbench.stats import levels
from pvbench.stats.levels import BOUND, SHORTEST, Flags, Floats, Followed, Numbers, spans

PRICE = 3.4
"""What a change costs, in natural logarithms of the nights: by simulation under 1 % of flat series have an alarm."""
SMALLEST = 0.005
"""A change of less than half a per cent is none, however sure: machines are not steadier from month to month."""
NEAR = 3
"""A change is told to within so many nights."""
_HALF_ALIKE = 3.0  # Bartlett's factor for a correlation of a half
_MAD = 1.4826  # the standard deviation of normal noise over its median absolute deviation
_WITHIN, _OF_WITHIN = 3.0, 0.9866  # normal noise within three deviations has so much of its standard deviation
_STEADIEST = 1e-4  # no instrument of ours resolves less than a hundredth of a per cent
_MOST_ALIKE = 0.8  # a correlation beyond is a drift, and told worse by its few nights than bounded here


@dataclass(frozen=True)
class Change:
    """A change of level: the index of the first night of the new level, and the level's ratio new ÷ old.

    `noise` is the standard deviation of the series' nights around their levels, relative: 0.02 for 2 %. `settled` is
    the number of nights after which no later one moves it, None where that is still to come.
    """

    index: int
    ratio: float
    noise: float
    settled: int | None = None


@dataclass(frozen=True)
class Track:
    """Logarithms of series, a row a series and its nights from the first column on, as followed night by night.

    `noise` is each series' standard deviation around its levels, `alike` the correlation of its neighbours. `begins`
    tells where a level begins by declaration.
    """

    logs: Floats
    noise: Floats
    alike: Floats
    begins: Flags
    followed: Followed

    @cached_property
    def nights(self) -> Numbers:
        """How many nights each series has."""
        return np.asarray(np.isfinite(self.logs).sum(axis=1))

    def changes(self, row: int) -> tuple[Change, ...]:
        """Return the changes of a series, oldest first; levels that begin by declaration are none."""
        nights = int(self.nights[row])
        edges = [0, *np.flatnonzero(self.begins[row]).tolist()]
        found = []
        for start, settled in self.followed.settled[row]:
            edges.append(start)
            found.append(self._placed(row, max(edge for edge in edges if edge < start), start, settled))
        last, newest = max(edges), self.followed.changes(row, nights)
        for before, start, end in zip((last, *newest), newest, (*newest[1:], nights), strict=False):
            if start > last:
                found.append(self._placed(row, max(before, last), start, end, settled=False))
        return tuple(each for each in found if abs(np.log(each.ratio)) >= np.log1p(SMALLEST))

    def _placed(self, row: int, before: int, start: int, end: int, settled: bool = True) -> Change:
        """Return the change at a night between the first night of the level before and the end of what is known."""
        around, noise = self.logs[row, before:end], float(self.noise[row])
        old, new = (float(np.median(part)) for part in (around[: start - before], around[start - before :]))
        worth = (1 - self.alike[row]) / (1 + self.alike[row])
        at = before + _middle((_loss(around, new, noise) - _loss(around, old, noise)) * worth / 2)
        return Change(at, float(np.exp(new - old)), noise, end if settled else None)


def changes(series: Sequence[Sequence[float | None]]) -> list[tuple[Change, ...]]:
    """Return the changes of each series of positive values, oldest first; None is a night that was not measured.

    Raises ValueError for a value that is not positive and finite.
    """
    measured = [[index for index, value in enumerate(values) if value is not None] for values in series]
    values = np.full((len(series), max(map(len, measured), default=0) or 1), np.nan)
    for row, nights in enumerate(measured):
        own = np.array([series[row][night] for night in nights], dtype=float)
        if not (np.isfinite(own).all() and (own > 0).all()):
            raise ValueError("a series holds a value that is not a positive number")
        values[row, : len(nights)] = own
    track = tracked(np.log(values))
    return [
        tuple(replace(each, index=nights[each.index]) for each in track.changes(row))
        for row, nights in enumerate(measured)
    ]


def tracked(logs: Floats, begins: Flags | None = None) -> Track:
    """Follow series, NaN behind the last night of each; `begins` tells where a level begins by declaration."""
    begins = np.zeros(logs.shape, dtype=bool) if begins is None else begins
    price = PRICE * np.log(np.maximum(np.isfinite(logs).sum(axis=1), 2))
    # Neighbours are of one level nearly always, so their differences tell the noise before any level is known. They
    # tell too little of it where neighbours are alike, so the first levels are bought as if all series were so.
    noise = np.maximum(_spread(np.diff(logs, axis=1)) / np.sqrt(2), _STEADIEST)
    first = levels.follow(logs, noise, _HALF_ALIKE * price, begins)
    noise, alike = _noise(logs, first)
    dear = (1 + alike) / (1 - alike)
    return Track(logs, noise, alike, begins, levels.follow(logs, noise, dear * price, begins))


def _noise(logs: Floats, followed: Followed) -> tuple[Floats, Floats]:
    """Return the standard deviation of each row around its levels, and the correlation of its neighbours.

    Nights beyond three deviations do not tell. Each level takes something of both away, which is given back.
    """
    nights = np.isfinite(logs).sum(axis=1)
    rest = np.full_like(logs, np.nan)
    count = np.ones(len(logs))
    for row, own in enumerate(followed.changes(row, int(nights[row])) for row in range(len(logs))):
        count[row] += len(own)
        for start, end in spans(own, int(nights[row])) if nights[row] else ():
            rest[row, start:end] = logs[row, start:end] - np.median(logs[row, start:end])
    noise = _spread(rest)
    for _ in range(3):
        usual = np.abs(rest) < _WITHIN * np.maximum(noise, _STEADIEST)[:, None]
        seen = np.where(usual, rest, 0.0)
        noise = np.sqrt((seen**2).sum(axis=1) / np.maximum(1, usual.sum(axis=1))) / _OF_WITHIN
    pairs = np.maximum(1, (usual[:, 1:] & usual[:, :-1]).sum(axis=1))
    together = (seen[:, 1:] * seen[:, :-1]).sum(axis=1) / pairs
    share = np.minimum(0.25, count / np.maximum(1, nights))
    alike = (together / np.maximum((noise * _OF_WITHIN) ** 2, 1e-18) + share) / (1 - 3 * share)
    return np.maximum(noise / np.sqrt(1 - share), _STEADIEST), np.clip(alike, 0.0, _MOST_ALIKE)


def _spread(rows: Floats) -> Floats:
    """Return the standard deviation of each row, by its median absolute deviation: outliers do not tell."""
    known = np.isfinite(rows).any(axis=1)
    spread = np.zeros(len(rows))
    middle = np.nanmedian(rows[known], axis=1, keepdims=True)
    spread[known] = _MAD * np.nanmedian(np.abs(rows[known] - middle), axis=1)
    return spread


def _loss(nights: Floats, level: float, noise: float) -> Floats:
    return np.asarray(np.minimum(((nights - level) / noise) ** 2, BOUND**2))


def _middle(gains: Floats) -> int:
    """Return the middle of the nights that most likely hold a change, `gains` being what each speaks for the old."""
    likely = np.concatenate([[0.0], np.cumsum(gains)])
    edge = SHORTEST if len(gains) > 4 * SHORTEST else 1
    likely = likely[edge:-edge]
    chances = np.exp(likely - likely.max())
    near = np.convolve(np.pad(chances, NEAR), np.ones(2 * NEAR + 1), mode="valid")
    return edge + int(near.argmax())
