"""Which nights of many series are out of their level: the one definition of significance, known the night after.

A night is compared with the level that its series was at before it, in standard deviations of the series' nights; so
are the last three nights together, of which two must be out the same way. A p-value is one-sided, of Student's t with
as many degrees of freedom as the noise is known by. Over all series of a night Benjamini and Hochberg (JRSS B 57, 1995)
bound the share of false ones among those told.

Series that drift together, as those of one host do, are compared with what the others did that night as well, where
less is left of their noise by it.
"""

from dataclasses import dataclass

import numpy as np
from scipy import special

from pvbench.stats import spread
from pvbench.stats.changepoint import SMALLEST, Track, stretches
from pvbench.stats.levels import Floats, Numbers

FALSE_SHARE = 0.1
"""Of the series told to be out of their level in a night so many are false, on average. Fresh boots tell which."""
FEWEST_TOGETHER = 4
"""Series drift together if there are so many."""
_ALONE, _LAST_THREE = 0.8, 0.2  # the shares of the error that the night alone and the last three together may make
_WORSE, _BETTER = 0.8, 0.2  # and those of regressions and improvements
_BESIDE = 0.8  # and that beside the others, where less than so much of the noise is left by them
_TELLS = 0.8  # degrees of freedom of a night: those that are told to be usual by their own noise know less of it


@dataclass(frozen=True)
class Watched:
    """Nights beside the levels before them, as `Track` has them: a row a series, a column a night.

    `apart` is the difference of logarithms, `drift` that of the series' group in the median, `noise` the standard
    deviation of the difference by which the night is judged, `deviations` the difference in those, `p` the p-value.
    """

    apart: Floats
    drift: Floats
    noise: Floats
    deviations: Floats
    p: Floats


def watch(track: Track, groups: Numbers, nights: Numbers) -> Watched:
    """Return every night of series of which more is better beside the level before it; NaN where there is none.

    `groups` are numbers of what drifts together, -1 for series that do not; `nights` are the numbers of the nights in
    the columns, in each row its own.
    """
    apart = np.where(track.begins, np.nan, track.logs - track.level[:, :-1])
    column = np.arange(apart.shape[1])
    own = np.maximum(1, column - track.since[:, :-1])  # nights of the level, before
    worth = own * (1 - track.alike) / (1 + track.alike)  # those that resemble their neighbours tell less of a level
    noise = track.noise * np.sqrt(1 + 1 / worth)
    freedom = _freedom(apart.shape[1])
    drift = _drift(apart, groups, nights)
    rest = apart - drift
    left = _left(rest, groups) * np.sqrt(1 + 1 / worth)
    p = _p(apart / noise, freedom, track.alike)
    beside = left < _BESIDE * noise
    p = np.where(beside, np.minimum(p / (1 - _BESIDE), _p(rest / left, freedom, track.alike) / _BESIDE), p)
    p[np.abs(apart) < np.log1p(SMALLEST)] = 1.0
    noise, by = np.where(beside, left, noise), np.where(beside, rest, apart)
    return Watched(apart, drift, noise, by / noise, np.minimum(p, 1.0))


def _freedom(nights: int) -> Floats:
    """Return the degrees of freedom that the noise has which each night is judged by."""
    freedom = np.ones(nights)
    for known, end in stretches(nights):
        freedom[known:end] = known - 3 if known < spread.YOUNG else _TELLS * known - 1
    return freedom


def _drift(apart: Floats, groups: Numbers, nights: Numbers) -> Floats:
    """Return the median difference of each series' group in each night, 0 where it has too few."""
    drift = np.zeros_like(apart)
    for group in np.unique(groups[groups >= 0]):
        rows = np.flatnonzero(groups == group)
        by_night = np.full((len(rows), apart.shape[1]), np.nan)
        np.put_along_axis(by_night, nights[rows], apart[rows], axis=1)
        enough = np.isfinite(by_night).sum(axis=0) >= FEWEST_TOGETHER
        middle = np.zeros(apart.shape[1])
        middle[enough] = np.nanmedian(by_night[:, enough], axis=0)
        drift[rows] = middle[nights[rows]]
    return drift


def _left(rest: Floats, groups: Numbers) -> Floats:
    """Return the standard deviation of what the drift of others leaves of each series, as known before a night."""
    left = np.full_like(rest, np.nan)
    for known, end in stretches(rest.shape[1]):
        rows = np.flatnonzero((np.isfinite(rest[:, :known]).sum(axis=1) >= spread.YOUNG) & (groups >= 0))
        left[rows, known:end] = np.maximum(spread.robust(rest[rows, :known]), spread.STEADIEST)[:, None]
    return left


def _p(deviations: Floats, freedom: Floats, alike: Floats) -> Floats:
    alone = special.stdtr(freedom, -np.abs(deviations))
    p = np.minimum(alone / _ALONE, _last_three(deviations, freedom, alike) / _LAST_THREE)
    return np.asarray(p / np.where(deviations < 0, _WORSE, _BETTER))


def _last_three(deviations: Floats, freedom: Floats, alike: Floats) -> Floats:
    """Return the one-sided p-value of the middle one of the last three nights, 1 where this night says less."""
    p = np.ones_like(deviations)
    last = np.stack([deviations[:, :-2], deviations[:, 1:-1], deviations[:, 2:]])
    middle = np.median(last, axis=0)
    one = special.stdtr(freedom[2:], -np.abs(middle))
    power = 2 - alike[:, 2:]  # neighbours that are alike do not speak for themselves
    two = 3 * one**power - 2 * one ** (power + 1)
    speaks = (last[2] * np.sign(middle) >= np.abs(middle)) & np.isfinite(middle)
    p[:, 2:][speaks] = two[speaks]
    return p


def allowed(p: Floats) -> Floats:
    """Return the p-value up to which a series of each night (column) is out of its level; NaN is not judged.

    Where none is, it is what the first one would have had to have.
    """
    judged = np.isfinite(p).sum(axis=0)
    ordered = np.sort(np.where(np.isfinite(p), p, np.inf), axis=0)
    ranks = np.arange(1, len(p) + 1)[:, None]
    passed = ordered <= FALSE_SHARE * ranks / np.maximum(judged, 1)
    last = np.where(passed.any(axis=0), len(p) - passed[::-1].argmax(axis=0), 1)
    return np.asarray(FALSE_SHARE * last / np.maximum(judged, 1))


def threshold(watched: Watched, night: tuple[int, int], p: float) -> float:
    """Return the difference of logarithms from which a (row, night) alone is out of its level for the worse."""
    freedom = _freedom(watched.apart.shape[1])[night[1]]
    return float(-special.stdtrit(freedom, p * _ALONE * _WORSE) * watched.noise[night])
