"""Reads typed fields from decoded JSON; anything unexpected is a ValueError that names the field."""

import gc
import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from enum import StrEnum
from operator import itemgetter
from typing import Any, NoReturn, TypeVar

from pvbench.model import Scalar

Json = Mapping[str, Any]
Pairs = tuple[tuple[str, str], ...]
E = TypeVar("E", bound=StrEnum)
T = TypeVar("T")

_FIRST, _SECOND = itemgetter(0), itemgetter(1)


def _no_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not a figure")


_DECODER = json.JSONDecoder(parse_constant=_no_constant)


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
    """Return the value of a JSON text; NaN and the infinities are refused."""
    return _DECODER.decode(text)


def exactly(data: Any, keys: frozenset[str], what: str) -> Json:
    """Return the object if it has these keys and no other."""
    if type(data) is not dict:
        raise ValueError(f"{what} is not an object")
    if data.keys() != keys:
        missing, foreign = sorted(keys - data.keys()), sorted(data.keys() - keys)
        raise ValueError(f"{what} " + " and ".join(
            [f"lacks {', '.join(missing)}"] * bool(missing) + [f"has unknown {', '.join(foreign)}"] * bool(foreign)
        ))  # fmt: skip
    return data


def text(data: Json, key: str) -> str:
    """Return a string."""
    value = data[key]
    if type(value) is not str:
        raise ValueError(f"{key} is not text but {value!r}")
    return value


def text_or_none(data: Json, key: str) -> str | None:
    """Return a string, or None."""
    return None if data[key] is None else text(data, key)


def whole(data: Json, key: str) -> int:
    """Return an integer."""
    value = data[key]
    if type(value) is not int:
        raise ValueError(f"{key} is not a whole number but {value!r}")
    return value


def whole_or_none(data: Json, key: str) -> int | None:
    """Return an integer, or None."""
    return None if data[key] is None else whole(data, key)


def real(data: Json, key: str) -> float:
    """Return a number."""
    value = data[key]
    if type(value) is not float and type(value) is not int:
        raise ValueError(f"{key} is not a number but {value!r}")
    return float(value)


def real_or_none(data: Json, key: str) -> float | None:
    """Return a number, or None."""
    return None if data[key] is None else real(data, key)


def boolean(data: Json, key: str) -> bool:
    """Return a truth value."""
    value = data[key]
    if type(value) is not bool:
        raise ValueError(f"{key} is not true or false but {value!r}")
    return value


def optional(data: Json, key: str, read: Callable[[Any], T]) -> T | None:
    """Return a value, read, or None."""
    return None if data[key] is None else read(data[key])


def numbers(data: Json, key: str) -> tuple[float, ...]:
    """Return an array of numbers."""
    found = each(data, key, _itself)
    if not _are(found, float, int):
        raise ValueError(f"{key} holds something other than numbers")
    return tuple(map(float, found))


def choice(data: Json, key: str, kind: type[E]) -> E:
    """Return a member of an enumeration."""
    return kind(text(data, key))


def each(data: Json, key: str, read: Callable[[Any], Any]) -> tuple[Any, ...]:
    """Return every element of an array, read."""
    value = data[key]
    if type(value) is not list:
        raise ValueError(f"{key} is not an array but {value!r}")
    try:
        return tuple(map(read, value))
    except TypeError:
        raise ValueError(f"{key} holds something other than arrays") from None


def _itself(value: Any) -> Any:
    return value


def words(data: Json, key: str) -> tuple[str, ...]:
    """Return an array of strings."""
    found = each(data, key, _itself)
    if not _are(found, str):
        raise ValueError(f"{key} holds something other than text")
    return found


def pairs(data: Json, key: str, first: type, *second: type) -> tuple[Any, ...]:
    """Return an array of two-element arrays of the given types."""
    found = each(data, key, tuple)
    if found and (
        set(map(len, found)) != {2} or not _are(map(_FIRST, found), first) or not _are(map(_SECOND, found), *second)
    ):
        raise ValueError(f"{key} holds something other than pairs of the right kind")
    return found


def columns(data: Json, key: str, first: str, second: str) -> tuple[tuple[int, int], ...]:
    """Return an object of two equally long arrays of integers as pairs."""
    both = exactly(data[key], frozenset((first, second)), key)
    if any(type(both[name]) is not list or not _are(both[name], int) for name in (first, second)):
        raise ValueError(f"{key} holds something other than whole numbers")
    return tuple(zip(both[first], both[second], strict=True))


def _are(values: Iterable[Any], *kinds: type) -> bool:
    return set(map(type, values)) <= set(kinds)


def scalars(data: Json, key: str) -> tuple[tuple[str, Scalar], ...]:
    """Return an object of plain values as pairs, sorted by name."""
    value = data[key]
    if type(value) is not dict or not all(type(item) in (str, int, float, bool) for item in value.values()):
        raise ValueError(f"{key} is not an object of plain values")
    return tuple(sorted(value.items()))
