"""Where series of nights change their level: one definition of a change for pages, gates and anybody's series.

Values are compared as ratios, so their logarithms are segmented (`levels`). The noise of a series is measured around
its own levels, not over its changes, and a series whose nights resemble their neighbours pays more for a change: as
many nights tell less (Bartlett's factor for a mean under AR(1) noise, (1 + rho) / (1 - rho)).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from pvbench.stats import levels
from pvbench.stats.levels import Flags, Floats, Followed, Numbers, spans

PRICE = 3.85
"""What a change costs, in natural logarithms of the nights: by simulation under 1 % of flat series have an alarm."""
SMALLEST = 0.005
"""A change of less than half a per cent is none, however sure: machines are not steadier from month to month."""
_MAD = 1.4826  # the standard deviation of normal noise over its median absolute deviation
_STEADIEST = 1e-4  # no instrument of ours resolves less than a hundredth of a per cent
_MOST_ALIKE = 0.8  # a correlation beyond is a drift, and told worse by its few nights than bounded here


@dataclass(frozen=True)
class Change:
    """A change of level: the index of the first night of the new level, and the level's ratio new ÷ old.

    `noise` is the standard deviation of the series' nights around their levels, relative: 0.02 for 2 %.
    """

    index: int
    ratio: float
    noise: float


def changes(series: Sequence[Sequence[float | None]]) -> list[tuple[Change, ...]]:
    """Return the changes of each series of positive values, oldest first; None is a night that was not measured.

    Raises ValueError for a value that is not positive and finite.
    """
    measured = [[index for index, value in enumerate(values) if value is not None] for values in series]
    logs = np.full((len(series), max(map(len, measured), default=0) or 1), np.nan)
    for row, nights in enumerate(measured):
        logs[row, : len(nights)] = [series[row][night] for night in nights]
    told = ~np.isnan(logs) | (np.arange(logs.shape[1]) < np.array([*map(len, measured)], dtype=int)[:, None])
    if not (np.isfinite(logs[told]).all() and (logs[told] > 0).all()):
        raise ValueError("a series holds a value that is not a positive number")
    track = tracked(np.log(logs))
    return [
        tuple(Change(nights[at], ratio, float(noise)) for at, ratio in _large(row[: len(nights)], own))
        for row, nights, own, noise in zip(np.log(logs), measured, track.changes(), track.noise, strict=True)
    ]


@dataclass(frozen=True)
class Track:
    """Logarithms of series, a row a series and its nights from the first column on, as followed night by night.

    `noise` is each series' standard deviation around its levels, `alike` the correlation of its neighbours.
    """

    logs: Floats
    noise: Floats
    alike: Floats
    followed: Followed

    @cached_property
    def nights(self) -> Numbers:
        """How many nights each series has."""
        return np.asarray(np.isfinite(self.logs).sum(axis=1))

    def changes(self) -> list[tuple[int, ...]]:
        """Return where each series changes its level, as told after its last night."""
        return [self.followed.changes(row, int(nights)) for row, nights in enumerate(self.nights)]


def tracked(logs: Floats, begins: Flags | None = None) -> Track:
    """Follow series, NaN behind the last night of each; `begins` tells where a level begins by declaration."""
    nights = np.isfinite(logs).sum(axis=1)
    price = np.log(np.maximum(nights, 2))
    # Neighbours are of one level nearly always, so their differences tell the noise before any level is known. They
    # tell too little of it where neighbours are alike, so the first levels are bought dear.
    noise = np.maximum(_spread(np.diff(logs, axis=1)) / np.sqrt(2), _STEADIEST)
    first = Track(logs, noise, np.zeros(len(logs)), levels.follow(logs, noise, 2 * PRICE * price, begins))
    residuals = _residuals(logs, first.changes(), nights)
    noise = np.maximum(_spread(residuals), _STEADIEST)
    alike = _correlation(residuals, noise)
    return Track(logs, noise, alike, levels.follow(logs, noise, PRICE * price * (1 + alike) / (1 - alike), begins))


def _spread(rows: Floats) -> Floats:
    """Return the standard deviation of each row, by its median absolute deviation: outliers do not tell."""
    known = np.isfinite(rows).any(axis=1)
    spread = np.zeros(len(rows))
    middle = np.nanmedian(rows[known], axis=1, keepdims=True)
    spread[known] = _MAD * np.nanmedian(np.abs(rows[known] - middle), axis=1)
    return spread


def _residuals(logs: Floats, segments: Sequence[tuple[int, ...]], nights: Numbers) -> Floats:
    """Return what each night differs by from the median of its level."""
    rest = np.full_like(logs, np.nan)
    for row, own in enumerate(segments):
        for start, end in spans(own, int(nights[row])) if nights[row] else ():
            rest[row, start:end] = logs[row, start:end] - np.median(logs[row, start:end])
    return rest


def _correlation(residuals: Floats, noise: Floats) -> Floats:
    """Return the correlation of each row's neighbours, at least 0; nights beyond three deviations do not tell."""
    usual = np.abs(residuals) < 3 * noise[:, None]
    told = np.where(usual, residuals, 0.0)
    pairs = np.maximum(1, (usual[:, 1:] & usual[:, :-1]).sum(axis=1))
    together = (told[:, 1:] * told[:, :-1]).sum(axis=1) / pairs
    alone = (told**2).sum(axis=1) / np.maximum(1, usual.sum(axis=1))
    return np.asarray(np.clip(together / np.maximum(alone, 1e-18), 0.0, _MOST_ALIKE))


def _large(row: Floats, own: tuple[int, ...]) -> list[tuple[int, float]]:
    """Return (index, ratio) of a row's changes of SMALLEST or more; the two levels of a smaller one are one."""
    kept = list(own)
    while kept:
        middles = [float(np.median(row[start:end])) for start, end in spans(tuple(kept), len(row))]
        steps = np.abs(np.diff(middles))
        least = int(steps.argmin())
        if steps[least] >= np.log1p(SMALLEST):
            return [(at, float(np.exp(step))) for at, step in zip(kept, np.diff(middles), strict=True)]
        del kept[least]
    return []
