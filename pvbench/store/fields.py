"""Reads typed fields from decoded JSON; anything unexpected is a ValueError that names the field."""

import gc
import json
import math
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime
from enum import StrEnum
from functools import lru_cache
from operator import itemgetter
from sys import intern
from typing import Any, NoReturn, TypeVar

from pvbench.model import Scalar

Json = Mapping[str, Any]
E = TypeVar("E", bound=StrEnum)
T = TypeVar("T")

LONGEST = 80
FILE_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,199}")
_FIRST, _SECOND = itemgetter(0), itemgetter(1)


LARGEST = (1 << 63) - 1
"""No whole number of ours is larger: what is written is read by programs that count in 64 bits."""


def _no_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not a figure")


def _finite(literal: str) -> float:
    value = float(literal)
    if not math.isfinite(value):  # 1e999
        raise ValueError(f"{literal} is not a figure")
    return value


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        twice = next(name for number, (name, _) in enumerate(pairs) if name in dict(pairs[:number]))
        raise ValueError(f"{twice} is there twice")
    return found


_DECODER = json.JSONDecoder(parse_constant=_no_constant, parse_float=_finite, object_pairs_hook=_once)


@contextmanager
def uncollected() -> Iterator[None]:
    """Keep the garbage collector off many nouns made at once.

    They hold no cycles, and it would walk the growing heap again and again: more than half of the time to read ten
    thousand trials. Frozen, they are also left out of every later walk; they are freed as soon as nobody holds them.
    """
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        gc.freeze()
        if was_on:
            gc.enable()


def loads(text: str) -> Any:
    """Return the value of a JSON text; NaN, the infinities and a name that is there twice are refused."""
    try:
        return _DECODER.decode(text)
    except RecursionError:
        raise ValueError("it is nested too deeply") from None


def exactly(data: Any, keys: frozenset[str], what: str) -> Json:
    """Return the object if it has these keys and no other."""
    if type(data) is not dict:
        raise ValueError(f"{what} is not an object")
    if data.keys() != keys:
        missing, foreign = sorted(keys - data.keys()), sorted(data.keys() - keys)
        raise ValueError(
            f"{what} "
            + " and ".join(
                [f"lacks {', '.join(missing)}"] * bool(missing) + [f"has unknown {', '.join(foreign)}"] * bool(foreign)
            )
        )
    return data


def text(data: Json, key: str) -> str:
    """Return a string."""
    value = data[key]
    if type(value) is not str:
        raise ValueError(f"{key} is not text but {_shown(value)}")
    return value


def file_name(data: Json, key: str) -> str:
    """Return a string that is fit for the name of a file, and leads nowhere else."""
    value = text(data, key)
    if not FILE_NAME.fullmatch(value):
        raise ValueError(f"{key} {_shown(value)} is not fit for the name of a file")
    return value


def text_or_none(data: Json, key: str) -> str | None:
    """Return a string, or None."""
    return None if data[key] is None else text(data, key)


def whole(data: Json, key: str, least: int = 0) -> int:
    """Return an integer, not less than `least` and of at most 64 bits."""
    value = data[key]
    if type(value) is not int:
        raise ValueError(f"{key} is not a whole number but {_shown(value)}")
    if not least <= value <= LARGEST:
        raise ValueError(f"{key} cannot be {_shown(value)}")
    return value


def whole_or_none(data: Json, key: str, least: int = 0) -> int | None:
    """Return an integer, or None."""
    return None if data[key] is None else whole(data, key, least)


def real(data: Json, key: str, least: float = -math.inf) -> float:
    """Return a number, not less than `least`."""
    value = data[key]
    if type(value) is not float and type(value) is not int:
        raise ValueError(f"{key} is not a number but {_shown(value)}")
    if not least <= value or abs(value) > LARGEST:
        raise ValueError(f"{key} cannot be {_shown(value)}")
    return float(value)


def moment(data: Json, key: str) -> datetime:
    """Return a point in time, which says its offset from UTC."""
    try:
        found = datetime.fromisoformat(text(data, key))
    except ValueError:
        raise ValueError(f"{key} is not a time but {_shown(data[key])}") from None
    if found.tzinfo is None:
        raise ValueError(f"{key} does not say its time zone: {_shown(data[key])}")
    return found


def _shown(value: Any) -> str:
    """Return a value as it is told to a person: not for more than a line, however large it is."""
    try:
        told = repr(value)
    except ValueError:  # an integer of more than 4,300 digits
        return "a number of thousands of digits"
    return told if len(told) <= LONGEST else f"{told[:LONGEST]}…"


def real_or_none(data: Json, key: str, least: float = -math.inf) -> float | None:
    """Return a number, or None."""
    return None if data[key] is None else real(data, key, least)


def boolean(data: Json, key: str) -> bool:
    """Return a truth value."""
    value = data[key]
    if type(value) is not bool:
        raise ValueError(f"{key} is not true or false but {_shown(value)}")
    return value


def optional(data: Json, key: str, read: Callable[[Any], T]) -> T | None:
    """Return a value, read, or None."""
    return None if data[key] is None else read(data[key])


def numbers(data: Json, key: str) -> tuple[float, ...]:
    """Return an array of numbers."""
    found = each(data, key, _itself)
    if not _are(found, float, int) or not _fit(found, -LARGEST):
        raise ValueError(f"{key} holds something other than numbers")
    return tuple(map(float, found))


def choice(data: Json, key: str, kind: type[E]) -> E:
    """Return a member of an enumeration."""
    return kind(text(data, key))


def each(data: Json, key: str, read: Callable[[Any], Any]) -> tuple[Any, ...]:
    """Return every element of an array, read."""
    value = data[key]
    if type(value) is not list:
        raise ValueError(f"{key} is not an array but {_shown(value)}")
    if not value:
        return ()
    try:
        return tuple(map(read, value))
    except TypeError:
        raise ValueError(f"{key} holds something other than arrays of the right length") from None


def _itself(value: Any) -> Any:
    return value


def words(data: Json, key: str) -> tuple[str, ...]:
    """Return an array of strings."""
    found = each(data, key, _itself)
    if not _are(found, str):
        raise ValueError(f"{key} holds something other than text")
    return _shared(found)


def pairs(data: Json, key: str, first: type, *second: type) -> tuple[Any, ...]:
    """Return an array of two-element arrays of the given types; whole numbers count something, so none is negative."""
    found = each(data, key, _pair)
    if not found:
        return found
    for kinds, values in (((first,), tuple(map(_FIRST, found))), (second, tuple(map(_SECOND, found)))):
        numbers = int in kinds
        if not _are(values, *kinds) or (numbers and not _fit(values, -LARGEST if float in kinds else 0)):
            raise ValueError(f"{key} holds something other than pairs of the right kind")
    return _shared(found) if first is str and second == (str,) else found


@lru_cache(maxsize=1024)
def _shared(texts: tuple[Any, ...]) -> tuple[Any, ...]:
    """Return texts as they were read before, where they were: trials of a cell share argv and what was in use."""
    return texts


def _pair(value: Any) -> tuple[Any, Any]:
    if type(value) is not list or len(value) != 2:
        raise TypeError
    first = value[0]
    return (intern(first) if type(first) is str else first), value[1]


def columns(data: Json, key: str, first: str, second: str) -> tuple[tuple[int, int], ...]:
    """Return an object of two equally long arrays of integers as pairs."""
    both = exactly(data[key], frozenset((first, second)), key)
    if any(type(both[name]) is not list or not _are(both[name], int) for name in (first, second)):
        raise ValueError(f"{key} holds something other than whole numbers")
    if not all(_fit(both[name], 0) for name in (first, second)):
        raise ValueError(f"{key} holds numbers that cannot be")
    return tuple(zip(both[first], both[second], strict=True))


def _fit(values: Sequence[float], least: float) -> bool:
    return not values or (least <= min(values) and max(values) <= LARGEST)


def _are(values: Iterable[Any], *kinds: type) -> bool:
    return set(map(type, values)) <= set(kinds)


def scalars(data: Json, key: str) -> tuple[tuple[str, Scalar], ...]:
    """Return an object of plain values as pairs, sorted by name."""
    value = data[key]
    if type(value) is not dict or not all(type(item) in (str, int, float, bool) for item in value.values()):
        raise ValueError(f"{key} is not an object of plain values")
    if not _fit([item for item in value.values() if type(item) in (int, float)], -LARGEST):
        raise ValueError(f"{key} holds numbers that cannot be")
    return tuple(sorted(value.items()))
