"""Which nights of many series are out of their level: the one definition of significance, known the night after.

A night is compared with the level that its series was at before it, in standard deviations of the series' nights; so
are the last three nights together, of which two must be out the same way. A p-value is of Student's t with as many
degrees of freedom as the noise is known by. Over all series of a night Benjamini and Hochberg (JRSS B 57, 1995) bound
the share of false ones among those told.
"""

from dataclasses import dataclass

import numpy as np
from scipy import special

from pvbench.stats.changepoint import SMALLEST, Track
from pvbench.stats.levels import Flags, Floats

FALSE_SHARE = 0.1
"""Of the series told to be out of their level in a night so many are false, on average. Fresh boots tell which."""
YOUNGEST = 5
"""A series is judged night by night once it has so many nights before."""
_ALONE, _TOGETHER = 0.7, 0.3  # the shares of the error that the night alone and the last three together may make
_TELLS = 0.4  # of a night of normal noise that the median absolute deviation learns from it (its efficiency is 0.37)


@dataclass(frozen=True)
class Watched:
    """Nights beside the levels before them, as `Track` has them: a row a series, a column a night.

    `apart` is the difference of logarithms, `deviations` that in standard deviations, `p` the two-sided p-value.
    """

    apart: Floats
    deviations: Floats
    p: Floats


def watch(track: Track) -> Watched:
    """Return every night of the series beside the level before it; NaN where none is known well enough."""
    nights = track.logs.shape[1]
    column = np.arange(nights)
    apart = track.logs - track.followed.level[:, :-1]
    own = column - track.followed.since[:, :-1]  # nights of the level, before
    apart[(column < YOUNGEST) | (own < 1)] = np.nan
    worth = (1 - track.alike) / (1 + track.alike)  # what a night that resembles its neighbours tells of a level
    noise = track.noise[:, None] * np.sqrt(1 + 1 / (np.maximum(own, 1) * worth[:, None]))
    deviations = apart / noise
    freedom = np.maximum(1.0, _TELLS * column - 1)
    alone = special.stdtr(freedom, -np.abs(deviations))
    p = np.minimum(1.0, 2 * np.minimum(alone / _ALONE, _together(deviations, freedom, track.alike) / _TOGETHER))
    p[np.abs(apart) < np.log1p(SMALLEST)] = 1.0
    return Watched(apart, deviations, p)


def _together(deviations: Floats, freedom: Floats, alike: Floats) -> Floats:
    """Return the one-sided p-value of the middle one of the last three nights, 1 where this night says less."""
    p = np.ones_like(deviations)
    last = np.stack([deviations[:, :-2], deviations[:, 1:-1], deviations[:, 2:]])
    middle = np.median(last, axis=0)
    one = special.stdtr(freedom[2:], -np.abs(middle))
    power = 2 - alike[:, None]  # neighbours that are alike do not speak for themselves
    two = 3 * one**power - 2 * one ** (power + 1)
    speaks = (last[2] * np.sign(middle) >= np.abs(middle)) & np.isfinite(middle)
    p[:, 2:][speaks] = two[speaks]
    return p


def out_of_level(p: Floats) -> Flags:
    """Return which series are out of their level, of all series of each night (column)."""
    return p <= allowed(p)


def allowed(p: Floats) -> Floats:
    """Return the p-value up to which a series of each night (column) is out of its level; NaN is not judged.

    Where none is, it is what the first one would have had to have.
    """
    told = np.isfinite(p).sum(axis=0)
    ordered = np.sort(np.where(np.isfinite(p), p, np.inf), axis=0)
    ranks = np.arange(1, len(p) + 1)[:, None]
    share = FALSE_SHARE * ranks / np.maximum(told, 1)
    passed = ordered <= share
    last = np.where(passed.any(axis=0), len(p) - passed[::-1].argmax(axis=0), 1)
    return np.asarray(FALSE_SHARE * last / np.maximum(told, 1))


def threshold(track: Track, allowed: Floats) -> Floats:
    """Return the difference of logarithms from which a night alone is out of its level, at p-values allowed."""
    freedom = np.maximum(1.0, _TELLS * np.arange(track.logs.shape[1]) - 1)
    return np.asarray(-special.stdtrit(freedom, allowed * _ALONE / 2) * track.noise[:, None])
