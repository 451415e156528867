"""What earlier versions of pvbench kept of a run in its file, as this one says it. Pure."""

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any

Record = Mapping[str, Any]
Migrations = Mapping[int, Callable[[Record], Record]]
MIGRATIONS: Migrations = MappingProxyType({})
"""By the schema that is left: what makes the next one of it."""


class NewerSchema(ValueError):
    """A newer pvbench wrote it: nothing is wrong with it, and nothing of it may be guessed."""


def modern(record: Record, wanted: int, migrations: Migrations = MIGRATIONS) -> Record:
    """Return what a file says in the schema that is wanted. Raises NewerSchema; ValueError where it names none."""
    version = record.get("schema") if isinstance(record, Mapping) else None
    if not isinstance(version, int) or isinstance(version, bool) or version < 1:
        raise ValueError(f"its schema is {version!r}, and not a number from 1 to {wanted}")
    if version > wanted:
        raise NewerSchema(f"its schema is {version}, and this pvbench knows {wanted} at most; a newer one wrote it")
    for step in range(version, wanted):
        record = migrations[step](record)
    return record
