"""Which run a gate compares with, by a name: a small file each under results/baselines."""

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

from pvbench.errors import StoreError, UsageError
from pvbench.store.disk import read_bytes, write_whole, writing
from pvbench.store.fields import FILE_NAME, exactly, file_name, loads, text
from pvbench.yaml_schema import nearest, shown

TAKEN: Mapping[str, str] = MappingProxyType({"last": "the newest run", "history": "the history of all nights"})
"""What --against takes for something else than a baseline."""
_SCHEMA = 1
_LONGEST = 100
_KEYS = frozenset({"schema", "run", "set"})
_MOST_BYTES = 1 << 16


@dataclass(frozen=True)
class Baseline:
    """A name, the id of the run that it stands for, and when it was set, ISO 8601 UTC."""

    name: str
    run: str
    at: str


def put(results: Path, baseline: Baseline, *, replace: bool = False) -> Path:
    """Have a name stand for a run from now on; return the file.

    Raises UsageError for a name that is not fit, that --against takes for something else, or that stands for another
    run and is not to be replaced.
    """
    if not FILE_NAME.fullmatch(baseline.name) or len(baseline.name) > _LONGEST:
        raise UsageError(
            f"'{shown(baseline.name)}' is not fit for a baseline's name: "
            f"up to {_LONGEST} letters, digits, '.', '_', '-', with a letter or digit first"
        )
    if baseline.name in TAKEN:
        raise UsageError(f"no baseline can be called '{baseline.name}': --against takes it for {TAKEN[baseline.name]}")
    there = named(results, baseline.name)
    if there is not None and there.run != baseline.run and not replace:
        raise UsageError(f"{baseline.name} is {there.run}, set {there.at}", hint="--replace has it stand for another")
    path = _folder(results) / f"{baseline.name}.json"
    with writing(path):
        path.parent.mkdir(parents=True, exist_ok=True)
    write_whole(path, json.dumps({"schema": _SCHEMA, "run": baseline.run, "set": baseline.at}).encode() + b"\n")
    return path


def every(results: Path) -> tuple[Baseline, ...]:
    """Return all baselines by name. Raises StoreError for a file that is none."""
    folder = _folder(results)
    try:
        with os.scandir(folder) as entries:
            names = sorted(entry.name for entry in entries)
    except (FileNotFoundError, NotADirectoryError):
        return ()
    except (OSError, ValueError) as error:
        raise StoreError(f"cannot read {folder}: {getattr(error, 'strerror', None) or error}") from error
    return tuple(_read(folder / name) for name in names if name.endswith(".json") and FILE_NAME.fullmatch(name))


def named(results: Path, name: str) -> Baseline | None:
    """Return the baseline of a name, None where nothing is called so. Raises StoreError."""
    return next((each for each in every(results) if each.name == name), None)


def unknown(results: Path, name: str) -> UsageError:
    """Return the error of a name that nothing is called by."""
    there = [each.name for each in every(results)]
    return UsageError(
        f"no baseline '{shown(name)}'{nearest(name, there)}",
        hint="`pvbench baseline set RUN` makes one; --against also takes a run",
    )


def _folder(results: Path) -> Path:
    return results / "baselines"


def _read(path: Path) -> Baseline:
    try:
        said = exactly(loads(read_bytes(path, _MOST_BYTES).decode()), _KEYS, "it")
        if said["schema"] != _SCHEMA:
            raise ValueError(f"its schema is {shown(str(said['schema']))}, and this pvbench knows {_SCHEMA}")
        return Baseline(path.stem, file_name(said, "run"), text(said, "set"))
    except ValueError as error:
        raise StoreError(f"{path}: {error}") from error
