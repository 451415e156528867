"""Where series of nights change their level: one definition of a change for pages, gates and anybody's series.

Values are compared as ratios, so their logarithms are segmented (`levels`). The noise of a series is measured around
its own levels, not over its changes, and a series whose nights resemble their neighbours pays more for a change: as
many nights tell less (Bartlett's factor for a mean under AR(1) noise, (1 + rho) / (1 - rho)).
"""

import itertools
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from pvbench.stats import levels
from pvbench.stats.levels import SHORTEST, Floats

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
    found: list[tuple[Change, ...]] = [() for _ in series]
    by_length: dict[int, list[int]] = defaultdict(list)
    measured = [[index for index, value in enumerate(values) if value is not None] for values in series]
    for row, nights in enumerate(measured):
        if len(nights) >= 2 * SHORTEST:
            by_length[len(nights)].append(row)
    for rows in by_length.values():
        block = np.array([[series[row][night] for night in measured[row]] for row in rows], dtype=float)
        if not (np.isfinite(block).all() and (block > 0).all()):
            raise ValueError("a series holds a value that is not a positive number")
        for row, own in zip(rows, _changes(np.log(block)), strict=True):
            found[row] = tuple(Change(measured[row][at], ratio, noise) for at, ratio, noise in own)
    return found


def _changes(logs: Floats) -> list[list[tuple[int, float, float]]]:
    """Return (index, ratio, noise) of each change of each row of logarithms; all rows have as many nights."""
    price = np.full(len(logs), np.log(logs.shape[1]))
    # Neighbours are of one level nearly always, so their differences tell the noise before any level is known. They
    # tell too little of it where neighbours are alike, so the first levels are bought dear.
    noise = np.maximum(_spread(np.diff(logs, axis=1)) / np.sqrt(2), _STEADIEST)
    residuals = _residuals(logs, levels.segment(logs, noise, 2 * PRICE * price))
    noise = np.maximum(_spread(residuals), _STEADIEST)
    alike = _correlation(residuals, noise)
    segments = levels.segment(logs, noise, PRICE * price * (1 + alike) / (1 - alike))
    return [_large(row, own, float(sd)) for row, own, sd in zip(logs, segments, noise, strict=True)]


def _spread(rows: Floats) -> Floats:
    """Return the standard deviation of each row, by its median absolute deviation: outliers do not tell."""
    middle = np.median(rows, axis=1, keepdims=True)
    return np.asarray(_MAD * np.median(np.abs(rows - middle), axis=1))


def _residuals(logs: Floats, segments: Sequence[tuple[int, ...]]) -> Floats:
    """Return what each night differs by from the median of its level."""
    rest = np.empty_like(logs)
    for row, own in enumerate(segments):
        for start, end in _spans(own, logs.shape[1]):
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


def _large(row: Floats, own: tuple[int, ...], noise: float) -> list[tuple[int, float, float]]:
    """Return a row's changes of SMALLEST or more; the two levels of a smaller one are one, and judged as one."""
    kept = list(own)
    while kept:
        middles = [float(np.median(row[start:end])) for start, end in _spans(tuple(kept), len(row))]
        steps = np.abs(np.diff(middles))
        least = int(steps.argmin())
        if steps[least] >= np.log1p(SMALLEST):
            return [(at, float(np.exp(step)), noise) for at, step in zip(kept, np.diff(middles), strict=True)]
        del kept[least]
    return []


def _spans(own: tuple[int, ...], nights: int) -> list[tuple[int, int]]:
    """Return the levels between changes, as (first night, night after the last)."""
    edges = (0, *own, nights)
    return list(itertools.pairwise(edges))
