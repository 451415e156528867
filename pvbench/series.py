"""Series as JSON lines, `{"id", "values"}`: what `pvbench detect` reads, from anybody."""

import json
import math
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from pvbench.errors import UsageError

_SHAPE = '{"id": "a name", "values": [1.5, null, …]}'


@dataclass(frozen=True)
class Series:
    """Positive values of one thing, oldest first; None where nothing was measured."""

    id: str
    values: tuple[float | None, ...]


def read(lines: Iterable[str], name: str) -> tuple[Series, ...]:
    """Return the series of JSON lines, empty lines passed over. Raises UsageError, with the line, for a wrong one."""
    found: dict[str, Series] = {}
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        try:
            series = _series(json.loads(line))
        except json.JSONDecodeError as error:
            raise _wrong(name, number, f"no JSON: {error.msg} at column {error.colno}") from error
        except RecursionError as error:
            raise _wrong(name, number, "nested too deeply") from error
        except ValueError as error:
            raise _wrong(name, number, str(error)) from error
        if series.id in found:
            raise _wrong(name, number, f"a second series with the id {series.id!r}")
        found[series.id] = series
    return tuple(found.values())


def _wrong(name: str, number: int, what: str) -> UsageError:
    return UsageError(f"{name}, line {number}: {what}", hint=f"each line is {_SHAPE}")


def _series(row: Any) -> Series:
    """Return a line's series; raises ValueError."""
    if not isinstance(row, dict) or not isinstance(row.get("id"), str):
        raise ValueError("'id' is missing, or no text")
    values = row.get("values")
    if not isinstance(values, list):
        raise ValueError("'values' is missing, or no list")
    return Series(row["id"], tuple(_value(value, at) for at, value in enumerate(values)))


def _value(value: Any, at: int) -> float | None:
    if value is None:
        return None
    try:
        number = float(value) if isinstance(value, int | float) and not isinstance(value, bool) else math.nan
    except OverflowError:  # JSON's integers know no bounds
        raise ValueError(f"value {at} is larger than any floating-point number") from None
    if not (math.isfinite(number) and number > 0):
        raise ValueError(f"value {at} is {json.dumps(value)[:40]}, and not a positive number or null")
    return number
