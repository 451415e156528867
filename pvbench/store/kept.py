"""A tool's kept output, read again: it is what was kept, in its place, or it is told what it is not."""

import os
import stat
from collections.abc import Iterable
from hashlib import sha256
from pathlib import Path

from pvbench.errors import StoreError
from pvbench.model import RawFile
from pvbench.store.disk import read_descriptor, reading

RAW = "raw"
_CHUNK = 1 << 20
_NOWHERE = frozenset({"", ".", ".."})
"""Parts of a path that lead nowhere, or elsewhere."""


def read(run: Path, file: RawFile) -> bytes:
    """Return a kept output. Raises StoreError if it is not what was kept."""
    _check(run, file)
    with reading(run / file.path, os.O_NOFOLLOW) as fd:
        return read_descriptor(fd)


def problems(run: Path, files: Iterable[RawFile]) -> tuple[str, ...]:
    """Return what is wrong with kept outputs, a line each."""
    said = []
    for file in files:
        try:
            _check(run, file)
        except StoreError as error:
            said.append(error.message.removeprefix("cannot read ").replace(f"{run}/", "", 1))
    return tuple(dict.fromkeys(said))


def _check(run: Path, file: RawFile) -> None:
    """Raise StoreError unless a file lies where our outputs lie and has its recorded size and digest."""
    parts = file.path.split("/")
    if parts[0] != RAW or len(parts) < 2 or not _NOWHERE.isdisjoint(parts):
        raise StoreError(f"{file.path} is not among the raw outputs of {run}")
    place = str(run)
    for part in parts:
        place = f"{place}/{part}"
        try:
            link = stat.S_ISLNK(os.lstat(place).st_mode)
        except (OSError, ValueError) as error:  # a name may hold a NUL
            reason = getattr(error, "strerror", None) or error
            raise StoreError(f"cannot read {run}/{file.path}: {reason}") from None
        if link:
            raise StoreError(f"{run}/{file.path} is not what was kept: {part} is a symbolic link")
    path = Path(place)
    with reading(path, os.O_NOFOLLOW) as fd:
        size = os.fstat(fd).st_size
        if size != file.size_bytes:
            raise StoreError(f"{path} was altered: it has {size:,} bytes, not {file.size_bytes:,}")
        found = sha256()
        while data := os.read(fd, _CHUNK):
            found.update(data)
    if found.hexdigest() != file.sha256:
        raise StoreError(f"{path} was altered: its SHA-256 is not the recorded one")
