"""Numbers and words out of another tool's JSON: what is not there, or is no figure, is None."""

import math
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from pvbench.printable import clean

LARGEST = 1e24
"""No count or rate of these tools is larger."""
_LONGEST = 200


def number(data: Any, *path: str) -> float | None:
    """Return the figure at a path of keys; None where there is none, or one that is negative or no number."""
    for key in path:
        data = data.get(key) if isinstance(data, Mapping) else None
    return figure(data)


def figure(value: Any) -> float | None:
    """Return a value as a figure; text of digits, as some versions write, is one too."""
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    try:
        converted = float(value)
    except (ValueError, OverflowError):
        return None
    return converted if math.isfinite(converted) and 0 <= converted <= LARGEST else None


def at(data: Any, *path: str) -> Mapping[str, Any]:
    """Return the object at a path of keys; an empty one where there is none."""
    for key in path:
        data = data.get(key) if isinstance(data, Mapping) else None
    return data if isinstance(data, Mapping) else {}


def each(data: Any, key: str) -> Iterator[Mapping[str, Any]]:
    """Yield the objects of the list under a key."""
    value = data.get(key) if isinstance(data, Mapping) else None
    if isinstance(value, Sequence) and not isinstance(value, str):
        yield from (part for part in value if isinstance(part, Mapping))


def word(value: Any) -> str | None:
    """Return text or a number as one short line that is safe to show; None for anything else."""
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return None
    said = clean(" ".join(str(value).split()))
    return said if len(said) <= _LONGEST else said[: _LONGEST - 1] + "…"
