"""Where series of nights change their level: one definition of a change for pages, gates and anybody's series.

Values are compared as ratios, so their logarithms are followed (`levels`), night by night and with no more knowledge
than there was: the noise of a series is told anew as its nights grow by half, around its own levels and not over its
changes. A series whose nights resemble their neighbours pays more for a change: as many nights tell less (Bartlett's
factor for a mean under AR(1) noise, (1 + rho) / (1 - rho)).

Where a change lies is told as the middle of the few nights that most likely hold it, not as the one likeliest night:
of small changes that is off by more nights. A change that is settled stays: no later night moves or removes it.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np

from pvbench.stats import levels, spread
from pvbench.stats.levels import BOUND, SHORTEST, Flags, Floats, Followed, Numbers

PRICE = 3.0
"""What a change costs, in natural logarithms of the nights: by simulation under 1 % of flat series have an alarm."""
FEW = 35
"""With so many nights or fewer a change costs twice as much, as their noise is not known well; with more soon less."""
SMALLEST = 0.005
"""A change of less than half a per cent is none, however sure: machines are not steadier from month to month."""
NEAR = 3
"""A change is told to within so many nights."""
FIRST = 8
"""A series is followed once it has so many nights."""
MOST = 250
"""A change is searched for in so many nights at once; among more it costs no more than among those."""
_AGAIN = 1.5  # its noise is told anew when it has so many times as many
_AROUND = 4 * NEAR  # nights of where a change was followed from are looked at for it
_HALF_ALIKE = 3.0  # Bartlett's factor for a correlation of a half


@dataclass(frozen=True)
class Change:
    """A change of level: the index of the first night of the new level, and the level's ratio new ÷ old.

    `noise` is the standard deviation of the series' nights around their levels, relative: 0.02 for 2 %. `settled` is
    the number of nights after which no later one moves it, None where that is still to come. `start` is where the
    level was followed from, a few nights off at most.
    """

    index: int
    ratio: float
    noise: float
    settled: int | None
    start: int


@dataclass(frozen=True)
class Track:
    """Logarithms of series, a row a series and its nights from the first column on, as followed night by night.

    `noise` is the standard deviation of the nights around their levels as known before each, `alike` the correlation of
    neighbours then; both are NaN as long as neither is known. `since` and `level` are as in `Followed`; `begins` are
    the nights at which a level begins by declaration.
    """

    logs: Floats
    noise: Floats
    alike: Floats
    since: Numbers
    level: Floats
    settled: tuple[tuple[Change, ...], ...]
    begins: Flags


def changes(series: Sequence[Sequence[float | None]]) -> list[tuple[Change, ...]]:
    """Return the changes of each series of positive values, oldest first; None is a night that was not measured.

    Those that are settled are as they were then, those that are not as they show after the last night. Raises
    ValueError for a value that is not positive and finite.
    """
    measured = [[index for index, value in enumerate(values) if value is not None] for values in series]
    values = np.full((len(series), max(map(len, measured), default=0)), np.nan)
    for row, nights in enumerate(measured):
        own = np.array([series[row][night] for night in nights], dtype=float)
        if not (np.isfinite(own).all() and (own > 0).all()):
            raise ValueError("a series holds a value that is not a positive number")
        values[row, : len(nights)] = own
    logs = np.log(values)
    settled = tracked(logs).settled
    return [
        tuple(replace(each, index=nights[each.index]) for each in (*before, *now))
        for nights, before, now in zip(measured, settled, _unsettled(logs, settled), strict=True)
    ]


def tracked(logs: Floats, begins: Flags | None = None) -> Track:
    """Follow series, NaN behind the last night of each; `begins` tells where a level begins by declaration."""
    count, nights = logs.shape
    declared = np.zeros(logs.shape, dtype=bool) if begins is None else begins
    begins = declared.copy()
    noise, alike = np.full((2, *logs.shape), np.nan)
    since, level = np.zeros((count, nights + 1), dtype=np.int64), np.full((count, nights + 1), np.nan)
    for known in range(1, min(FIRST, nights) + 1):
        young = np.isfinite(logs[:, :known]).any(axis=1)
        level[young, known] = np.nanmedian(logs[young, :known], axis=1)
    settled: list[list[Change]] = [[] for _ in range(count)]
    for known, end in stretches(nights):
        rows = np.flatnonzero(np.isfinite(logs[:, known]))
        part = _Part.of(logs[rows, :end], begins[rows, :end], known)
        noise[rows, known:end], alike[rows, known:end] = part.noise[:, None], part.alike[:, None]
        since[rows, known + 1 : end + 1] = part.followed.since[:, known + 1 :]
        level[rows, known + 1 : end + 1] = part.followed.level[:, known + 1 :]
        for own, row in enumerate(rows.tolist()):
            for change in part.settled(own):
                begins[row, change.start] = True
                settled[row].append(change)
    kept = (tuple(each for each in own if _is_large(each)) for own in settled)
    return Track(logs, noise, alike, since, level, settled=tuple(kept), begins=declared)


def stretches(nights: int) -> Iterator[tuple[int, int]]:
    """Yield the stretches of nights with one noise: (nights it is told by, night after the last)."""
    known = FIRST
    while known < nights:
        end = int(np.ceil(known * _AGAIN))
        yield known, min(end, nights)
        known = end


def _unsettled(logs: Floats, settled: Sequence[Sequence[Change]]) -> Iterator[list[Change]]:
    """Yield the changes of each series that show after its last night and are not settled, by the noise known then."""
    begins = np.zeros(logs.shape, dtype=bool)
    for row, own in enumerate(settled):
        begins[row, [each.start for each in own]] = True
    found: list[list[Change]] = [[] for _ in logs]
    nights = np.isfinite(logs).sum(axis=1)
    for known in np.unique(nights[nights > FIRST]).tolist():
        rows = np.flatnonzero(nights == known)
        part = _Part.of(logs[rows, :known], begins[rows, :known], known)
        for row, told in zip(rows.tolist(), map(part.all, range(len(rows))), strict=True):
            found[row] = [replace(each, settled=None) for each in told if _is_large(each)]
    yield from found


@dataclass(frozen=True)
class _Part:
    """Series as followed by the noise of the first `known` nights."""

    logs: Floats
    begins: Flags
    known: int
    noise: Floats
    alike: Floats
    followed: Followed

    @classmethod
    def of(cls, logs: Floats, begins: Flags, known: int) -> "_Part":
        """Follow series. Neighbours that are alike tell too little of the noise: the first levels are bought dear."""
        price = np.full(len(logs), PRICE * np.log(min(known, MOST)) * (1 + min(1.0, (FEW / known) ** 2)))
        past, past_begins = logs[:, :known], begins[:, :known]
        first = levels.follow(past, spread.of_neighbours(past), _HALF_ALIKE * price, past_begins)
        noise, alike = spread.around(past, [first.changes(row, known) for row in range(len(past))])
        followed = levels.follow(logs, noise, price * (1 + alike) / (1 - alike), begins)
        return cls(logs, begins, known, noise, alike, followed)

    def settled(self, row: int) -> Iterator[Change]:
        """Yield the changes that settle, or are settled as soon as this noise is known; those of old levels do not."""
        before = self._begun(row)
        closed = max(each for each in before if each < self.known)
        for start, after in self.followed.settled[row]:
            if start > closed:
                yield self._placed(row, max(each for each in before if each < start), start, max(after, self.known))
                before.append(start)

    def all(self, row: int) -> Iterator[Change]:
        """Yield the changes that show after the last night, those before a level that was declared left out."""
        begun = max(self._begun(row))
        starts = [start for start in self.followed.changes(row, self.logs.shape[1]) if start > begun]
        for before, start, end in zip((begun, *starts), starts, (*starts[1:], self.logs.shape[1]), strict=False):
            yield self._placed(row, before, start, end)

    def _begun(self, row: int) -> list[int]:
        return [0, *np.flatnonzero(self.begins[row]).tolist()]

    def _placed(self, row: int, before: int, start: int, end: int) -> Change:
        """Return the change at a night between the first night of the level before and the end of what is known."""
        nights, noise = self.logs[row, before:end], float(self.noise[row])
        old, new = (float(np.median(part)) for part in (nights[: start - before], nights[start - before :]))
        worth = (1 - self.alike[row]) / (1 + self.alike[row])
        first = max(before, start - _AROUND)
        near = self.logs[row, first : min(end, start + _AROUND)]
        at = first + _middle((_loss(near, new, noise) - _loss(near, old, noise)) * worth / 2)
        return Change(at, float(np.exp(new - old)), noise, end, start)


def _is_large(change: Change) -> bool:
    return bool(abs(np.log(change.ratio)) >= np.log1p(SMALLEST))


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
