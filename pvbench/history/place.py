"""Where a history lies: a folder, or an address that fsspec knows, such as s3://bucket/history. Files appear whole."""

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import fsspec
from fsspec.implementations.local import LocalFileSystem

from pvbench.errors import PlaceUnreachable, StoreError
from pvbench.store.disk import NO_ROOM, write_whole, writing


@dataclass(frozen=True)
class Entry:
    """A file there: its name below the place, its size in bytes, and what changes when it does."""

    name: str
    size: int
    version: str


class Place:
    """A folder or an address. Raises StoreError for whatever is refused there, DiskFull where there is no room."""

    def __init__(self, where: str) -> None:
        """Take a path or an address; nothing is made or asked yet."""
        self.where = where
        try:
            if not where:
                raise ValueError("it has no name")
            filesystem, self._root = fsspec.core.url_to_fs(where)
        except Exception as error:  # each file system has exceptions of its own
            hint = "a folder, or an address such as s3://bucket/history; for s3 install pvbench[s3]"
            raise StoreError(f"no history can lie at {where}: {error}", hint=hint) from error
        self._files: Any = filesystem
        self.local = Path(self._root) if isinstance(filesystem, LocalFileSystem) else None
        self.whole = str(filesystem.unstrip_protocol(self._root))

    def entries(self, folder: str) -> tuple[Entry, ...]:
        """Return every file below a folder, hidden ones left out, by name; none where there is no such folder."""
        with self._asked(folder):
            self._files.invalidate_cache()
            try:
                found = self._files.find(self._path(folder), detail=True)
            except FileNotFoundError:
                return ()
        strip = len(self._root.rstrip("/")) + 1
        entries = (
            Entry(name[strip:], int(info["size"] or 0), _version(info))
            for name, info in found.items()
            if info["type"] == "file" and not name.rpartition("/")[2].startswith(".")
        )
        return tuple(sorted(entries, key=lambda entry: entry.name))

    def read(self, name: str) -> bytes:
        """Return a file's content."""
        with self._asked(name):
            return bytes(self._files.cat_file(self._path(name)))

    def write(self, name: str, data: bytes) -> None:
        """Put a file, whole or not at all; one of that name is replaced."""
        if self.local is not None:
            path = self.local / name
            with writing(path):
                path.parent.mkdir(parents=True, exist_ok=True)
            write_whole(path, data)
            return
        with self._asked(name):
            self._files.pipe_file(self._path(name), data)

    def remove(self, name: str) -> None:
        """Remove a file; one that is gone already is none the less removed."""
        with self._asked(name), suppress(FileNotFoundError):
            self._files.rm_file(self._path(name))

    def _path(self, name: str) -> str:
        return f"{self._root.rstrip('/')}/{name}"

    @contextmanager
    def _asked(self, name: str) -> Iterator[None]:
        """Say where, whatever a file system raises: each has exceptions of its own."""
        try:
            yield
        except (FileNotFoundError, StoreError):
            raise
        except Exception as error:
            if isinstance(error, OSError) and error.errno in NO_ROOM:
                with writing(Path(self.where, name)):
                    raise
            refused = StoreError if self.local is not None else PlaceUnreachable
            raise refused(f"{self.where}: {name}: {error}") from error


def _version(info: dict[str, Any]) -> str:
    """Return what a file system says of a file that is another once the file is: an ETag, or times and inode."""
    told = (info.get(key) for key in ("ETag", "etag", "mtime", "LastModified", "last_modified", "created", "ino"))
    return "|".join(str(each) for each in told if each is not None)
