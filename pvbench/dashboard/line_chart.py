"""A series → one SVG with its line, marks and ticks, so that a page needs no script to show it. Pure.

Its parts are our own numbers and words, joined here and not by a template: a thousand are drawn each night.
"""

import math
from bisect import bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from statistics import median

from markupsafe import Markup

WIDTH, HEIGHT, LEFT, RIGHT, TOP, BOTTOM = 960, 300, 72, 10, 22, 26
MOST_TICKS = 7
LONGEST_DAYS = 100 * 366
"""What is said to go on for longer has a wrong date."""


LEVELS_BEGIN = frozenset({"regression", "improvement", "implausible", "environment"})
"""Kinds of marks at which another level begins."""


@dataclass(frozen=True)
class Values:
    """Values by their days, proleptic ordinals that do not fall; `again` are fresh boots that looked once more."""

    days: Sequence[int]
    values: Sequence[float | None]
    again: Sequence[bool]


@dataclass(frozen=True)
class Mark:
    """Something that happened on a day: `kind` is its class in the style sheet, `letter` what stands above it."""

    day: int
    kind: str
    letter: str


def draw(drawn: Values, marks: Iterable[Mark], decimals: int) -> Markup | None:
    """Return the inside of a series' SVG, lines broken where nothing was measured; None where nothing can be drawn."""
    values = [value for value in drawn.values if value is not None]
    first, last = min(drawn.days, default=0), max(drawn.days, default=0)
    if not values or last - first > LONGEST_DAYS:
        return None
    low, high = _padded(min(values), max(values))
    xs, tall = _places(first, last), (HEIGHT - TOP - BOTTOM) / (high - low)
    floor = HEIGHT - BOTTOM + low * tall
    runs: list[list[str]] = [[]]
    dots = []
    for day, value, again in zip(drawn.days, drawn.values, drawn.again, strict=True):
        if value is None:
            runs.append([])
        elif again:
            dots.append(f'<circle cx="{xs[day - first]}" cy="{floor - value * tall:.1f}" r="3"/>')
        else:
            runs[-1].append(f"{xs[day - first]},{floor - value * tall:.1f}")
    lines = [f'<polyline points="{" ".join(run if len(run) > 1 else run * 2)}"/>' for run in runs if run]
    marks = tuple(marks)
    levels = [
        f'<path class="level" d="M{xs[one - first]} {floor - level * tall:.1f}H{xs[other - first]}"/>'
        for one, other, level in levels_of(drawn, marks)
    ]
    above = [_mark(mark, xs[mark.day - first]) for mark in marks if first <= mark.day <= last]
    ticks = [_tick(floor - value * tall, f"{value:,.{decimals}f}") for value in round_values(low, high)]
    return Markup("\n".join([*ticks, _dates(first, last), *above, *lines, *levels, *dots]))  # noqa: S704  our own


def levels_of(drawn: Values, marks: Iterable[Mark]) -> list[tuple[int, int, float]]:
    """Return the first and last day and the median of each stretch between changes, where there were any."""
    begins = sorted({mark.day for mark in marks if mark.kind in LEVELS_BEGIN})
    if not begins:
        return []
    stretches: list[list[tuple[int, float]]] = [[] for _ in range(len(begins) + 1)]
    for day, value, again in zip(drawn.days, drawn.values, drawn.again, strict=True):
        if value is not None and not again:
            stretches[bisect_right(begins, day)].append((day, value))
    return [(own[0][0], own[-1][0], median(value for _, value in own)) for own in stretches if own]


def _tick(y: float, text: str) -> str:
    return (
        f'<path class="grid" d="M{LEFT} {y:.1f}H{WIDTH - RIGHT}"/>'
        f'<text x="{LEFT - 6}" y="{y + 4:.1f}" text-anchor="end">{text}</text>'
    )


def _mark(mark: Mark, x: str) -> str:
    return (
        f'<path class="mark {mark.kind}" d="M{x} {TOP - 2}V{HEIGHT - BOTTOM}"/>'
        f'<text class="{mark.kind}" x="{x}" y="14" text-anchor="middle">{mark.letter}</text>'
    )


@lru_cache(maxsize=64)
def _dates(first: int, last: int) -> str:
    xs, texts = _places(first, last), []
    for day, text in months(first, last):
        x = xs[day - first]
        anchor = "start" if float(x) < LEFT + 40 else "end" if float(x) > WIDTH - 60 else "middle"
        texts.append(f'<text x="{x}" y="{HEIGHT - 6}" text-anchor="{anchor}">{text}</text>')
    return "".join(texts)


@lru_cache(maxsize=64)
def _places(first: int, last: int) -> tuple[str, ...]:
    """Return where each day is, from left to right; most series are of the same days."""
    wide = (WIDTH - LEFT - RIGHT) / max(1, last - first)
    return tuple(f"{LEFT + number * wide:.1f}" for number in range(last - first + 1))


def months(first: int, last: int) -> tuple[tuple[int, str], ...]:
    """Return days to write below the axis: first days of months, few enough to be read; else both ends."""
    begins = [day for day in range(first, last + 1) if date.fromordinal(day).day == 1] if last - first > 60 else []
    step = math.ceil(len(begins) / 8)
    if not begins:
        return tuple((day, date.fromordinal(day).isoformat()) for day in dict.fromkeys((first, last)))
    return tuple((day, f"{date.fromordinal(day):%Y-%m}") for day in begins[::step])


def round_values(low: float, high: float) -> list[float]:
    """Return round values between the ends of an axis, a few."""
    rough = (high - low) / MOST_TICKS
    size = 10.0 ** math.floor(math.log10(rough))
    step = next(size * times for times in (1, 2, 5, 10) if size * times >= rough)
    return [number * step for number in range(math.ceil(low / step), math.floor(high / step) + 1)]


def _padded(low: float, high: float) -> tuple[float, float]:
    """Return the ends of an axis with a little room, so that a constant is a line in the middle."""
    room = (high - low) * 0.08 or abs(high) * 0.05 or 1.0
    return low - room, high + room
