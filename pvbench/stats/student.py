"""Student's t distribution, for one number at a time: its distribution function and its quantiles.

The tail is half an incomplete beta function (Abramowitz & Stegun 26.7.1), which is a continued fraction (DLMF 8.17.22,
evaluated forwards as Thompson and Barnett do, J. Comput. Phys. 64, 1986). Within 1e-10 of scipy.special, which takes a
quarter of a second and 30 MiB to import (docs/decisions.md); arrays are for it.
"""

import math
from functools import lru_cache
from statistics import NormalDist

_STEPS = 100_000
"""More than any fraction takes: about the root of the degrees of freedom."""
_LEAST = 1e-300
"""Instead of a zero in a denominator."""
_CLOSE = 1e-15
_SETTLED = 1e-12
"""A relative step so short, or back, is the tail's own rounding."""


def cumulative(freedom: float, t: float) -> float:
    """Return the probability of a value of at most t with so many degrees of freedom, which are above 0."""
    tail = _tail(freedom, abs(t))
    return tail if t <= 0 else 1.0 - tail


@lru_cache(maxsize=4096)
def quantile(freedom: float, share: float) -> float:
    """Return the value up to which lies a share of all, above 0 and below 1."""
    if not 0 < share < 1:
        raise ValueError("a quantile is of a share between 0 and 1")
    if share < 0.5:
        return -_beyond(freedom, share)
    return _beyond(freedom, 1.0 - share)


def _beyond(freedom: float, tail: float) -> float:
    """Return the value beyond which lies a tail of at most a half, by Newton's method.

    The tail is convex, and the normal distribution's quantile lies on this side: no step goes too far.
    """
    t = NormalDist().inv_cdf(1.0 - tail) if tail < 0.5 else 0.0
    for _ in range(_STEPS):
        step = (_tail(freedom, t) - tail) / _density(freedom, t)
        if step <= _SETTLED * t:
            break
        t += step
    return t


def _density(freedom: float, t: float) -> float:
    scale = math.lgamma((freedom + 1) / 2) - math.lgamma(freedom / 2) - math.log(freedom * math.pi) / 2
    return math.exp(scale - (freedom + 1) / 2 * math.log1p(t * t / freedom))


def _tail(freedom: float, t: float) -> float:
    """Return the probability of more than t, which is not negative."""
    if math.isinf(t):
        return 0.0
    square = t * t
    within, beyond = square / (freedom + square), freedom / (freedom + square)
    return _beta(freedom / 2, 0.5, beyond, within) / 2


def _beta(a: float, b: float, x: float, rest: float) -> float:
    """Return the regularised incomplete beta function at x; `rest` is 1 - x, exact where x is near 1."""
    if x == 0.0 or rest == 0.0:
        return 0.0 if x == 0.0 else 1.0
    scale = math.lgamma(a + b) - math.lgamma(a) - math.lgamma(b) + a * math.log(x) + b * math.log(rest)
    if x < (a + 1) / (a + b + 2):
        return math.exp(scale) * _fraction(a, b, x) / a
    return 1.0 - math.exp(scale) * _fraction(b, a, rest) / b


def _fraction(a: float, b: float, x: float) -> float:
    c, d = 1.0, 1.0 / _not_zero(1.0 - (a + b) * x / (a + 1))
    value = d
    for m in range(1, _STEPS):
        for term in (
            m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m)),
            -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1)),
        ):
            d = 1.0 / _not_zero(1.0 + term * d)
            c = _not_zero(1.0 + term / c)
            value *= c * d
        if abs(c * d - 1.0) < _CLOSE:
            break
    return value


def _not_zero(value: float) -> float:
    return value if abs(value) > _LEAST else _LEAST
