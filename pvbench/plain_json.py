"""Data → JSON for programs: ASCII, a frozen dataclass as an object, null for a figure that JSON does not have."""

import json
import math
from dataclasses import fields, is_dataclass
from typing import Any


def dumps(data: Any) -> str:
    """Return JSON text, indented, without a newline at its end."""
    return json.dumps(plain(data), indent=2, allow_nan=False)


def plain(value: Any) -> Any:
    """Return a value as JSON has it: Bins(ns=(1.0, inf)) is {"ns": [1.0, None]}."""
    if isinstance(value, str):
        return str(value)
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, dict):
        return {key: plain(each) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return [plain(each) for each in value]
    if is_dataclass(value):
        return {field.name: plain(getattr(value, field.name)) for field in fields(value)}
    return value
