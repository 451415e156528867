"""How much the nights of series differ around their levels, and how much each resembles the one before."""

from collections.abc import Sequence

import numpy as np

from pvbench.stats.levels import Floats, spans

STEADIEST = 1e-4
"""No instrument of ours resolves less than a hundredth of a per cent."""
YOUNG = 20
"""Of fewer nights a median tells the standard deviation too badly."""
_MAD = 1.4826  # the standard deviation of normal noise over its median absolute deviation
_WITHIN, _OF_WITHIN = 3.0, 0.9866  # normal noise within three deviations has so much of its standard deviation
_MOST_ALIKE = 0.8  # a correlation beyond is a drift, and told worse by its few nights than bounded here


def of_neighbours(logs: Floats) -> Floats:
    """Return the standard deviation of each row by the differences of neighbours, of one level nearly always."""
    return np.asarray(np.maximum(robust(np.diff(logs, axis=1)) / np.sqrt(2), STEADIEST))


def around(logs: Floats, changes: Sequence[tuple[int, ...]]) -> tuple[Floats, Floats]:
    """Return the standard deviation of each row around its levels, and the correlation of its neighbours.

    Nights beyond three deviations do not tell. Each level takes something of both away, which is given back.
    """
    nights = np.isfinite(logs).sum(axis=1)
    rest = np.full_like(logs, np.nan)
    for row, own in enumerate(changes):
        for start, end in spans(own, int(nights[row])):
            rest[row, start:end] = logs[row, start:end] - np.median(logs[row, start:end])
    least = _but_one(rest) if logs.shape[1] < YOUNG else np.zeros(len(logs))
    noise = np.maximum(robust(rest), least)
    for _ in range(3):
        usual = np.abs(rest) < _WITHIN * np.maximum(noise, STEADIEST)[:, None]
        near = np.where(usual, rest, 0.0)
        noise = np.sqrt((near**2).sum(axis=1) / np.maximum(1, usual.sum(axis=1))) / _OF_WITHIN
        noise = np.maximum(noise, least)
    pairs = np.maximum(1, (usual[:, 1:] & usual[:, :-1]).sum(axis=1))
    together = (near[:, 1:] * near[:, :-1]).sum(axis=1) / pairs
    share = np.minimum(0.25, np.array([len(own) + 1 for own in changes]) / np.maximum(1, nights))
    alike = (together / np.maximum((noise * _OF_WITHIN) ** 2, 1e-18) + share) / (1 - 3 * share)
    return np.maximum(noise / np.sqrt(1 - share), STEADIEST), np.clip(alike, 0.0, _MOST_ALIKE)


def _but_one(rest: Floats) -> Floats:
    """Return the standard deviation of each row without the night that is furthest off: few nights tell it better so.

    The share that the furthest one has of it is that of normal noise, by simulation.
    """
    nights = np.isfinite(rest).sum(axis=1)
    squares = np.nan_to_num(rest**2)
    others = squares.sum(axis=1) - squares.max(axis=1, initial=0.0)
    return np.asarray(np.sqrt(others / np.maximum(1, nights - 2)) / (1 - 1.7 / np.maximum(nights, 4)))


def robust(rows: Floats) -> Floats:
    """Return the standard deviation of each row, by its median absolute deviation: outliers do not tell."""
    known = np.isfinite(rows).any(axis=1)
    spread = np.zeros(len(rows))
    middle = np.nanmedian(rows[known], axis=1, keepdims=True)
    spread[known] = _MAD * np.nanmedian(np.abs(rows[known] - middle), axis=1)
    return spread
