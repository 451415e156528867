"""What an object has to be of: its schema, and the keys of its noun."""

from dataclasses import fields
from typing import Any

from pvbench.store.manifest import SCHEMA_VERSION


def keys(noun: type, *more: str) -> frozenset[str]:
    """Return the keys of a noun's object: its fields, and what else stands there."""
    return frozenset(field.name for field in fields(noun)) | set(more)


def check_schema(data: Any) -> None:
    """Raise ValueError, naming both versions, unless the object is of a schema that this program reads."""
    found = data.get("schema") if type(data) is dict else None
    if type(found) is not int or not 1 <= found <= SCHEMA_VERSION:
        raise ValueError(f"schema {found!r}, and this pvbench reads schemas 1 to {SCHEMA_VERSION}")
