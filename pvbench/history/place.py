"""Where a history lies: a folder, or an address that fsspec knows, such as s3://bucket/history. Files appear whole."""

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import fsspec
from fsspec.implementations.local import LocalFileSystem

from pvbench.errors import DiskFull, PlaceUnreachable, StoreError
from pvbench.store.disk import NO_ROOM, write_whole, writing

S3 = frozenset({"s3", "s3a"})
"""Where a write may be bound to what is there already."""
OVERTAKEN = frozenset({"PreconditionFailed", "ConditionalRequestConflict"})
"""What S3 says where it is another by now:
https://docs.aws.amazon.com/AmazonS3/latest/userguide/conditional-writes.html."""
AT_ONCE = 32
"""So many files are asked for at a time where each has a way to go."""
LOCK, PATIENCE_S = ".lock", 60.0


@dataclass(frozen=True)
class Entry:
    """A file there: its name below the place, its size in bytes, what changes when it does, and S3's ETag of it."""

    name: str
    size: int
    version: str
    tag: str = ""


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
        if self.local is not None and os.path.exists(self._root) and not self.local.is_dir():  # noqa: PTH110  no error
            raise StoreError(f"{where} is no folder, and no history can lie there")
        self._s3 = bool(
            S3.intersection([filesystem.protocol] if isinstance(filesystem.protocol, str) else filesystem.protocol)
        )
        self.whole = str(filesystem.unstrip_protocol(self._root))

    def entries(self, folder: str) -> tuple[Entry, ...]:
        """Return every file below a folder, hidden ones left out, by name; none where there is no such folder."""
        with self._asked(folder):
            self._files.invalidate_cache()
            try:
                found = self._files.find(self._path(folder), detail=True)
            except FileNotFoundError:
                return ()
        entries = (
            self._entry(path[len(self._root.rstrip("/")) + 1 :], info)
            for path, info in found.items()
            if info["type"] == "file" and not path.rpartition("/")[2].startswith(".")
        )
        return tuple(sorted(entries, key=lambda entry: entry.name))

    def entry(self, name: str) -> Entry | None:
        """Return a file as it is now; None where there is none."""
        with self._asked(name):
            self._files.invalidate_cache()
            with suppress(FileNotFoundError):
                return self._entry(name, self._files.info(self._path(name)))
        return None

    def read(self, name: str) -> bytes:
        """Return a file's content."""
        with self._asked(name):
            return bytes(self._files.cat_file(self._path(name)))

    def read_each(self, names: Sequence[str]) -> Iterator[tuple[str, bytes]]:
        """Yield files' names and contents; one that is gone by now is left out."""
        if self.local is not None:
            for name in names:
                with suppress(FileNotFoundError):
                    yield name, self.read(name)
            return
        for start in range(0, len(names), AT_ONCE):
            paths = {self._path(name): name for name in names[start : start + AT_ONCE]}
            with self._asked(f"{len(paths)} files"):
                answers = self._files.cat(list(paths), on_error="return")
                refused = [each for each in answers.values() if isinstance(each, Exception)]
                for each in refused:
                    if not isinstance(each, FileNotFoundError):
                        raise each
            yield from ((name, answers[path]) for path, name in paths.items() if isinstance(answers[path], bytes))

    def write(self, name: str, data: bytes) -> None:
        """Put a file, whole or not at all; one of that name is replaced."""
        if self.local is not None:
            path = self.local / name
            try:
                with writing(path):
                    path.parent.mkdir(parents=True, exist_ok=True)
                write_whole(path, data)
            except DiskFull as error:
                hint = "make room there, and add it once more; what the history had before is whole"
                raise DiskFull(error.reason, hint=hint) from error
            return
        with self._asked(name, writing_there=True):
            self._files.pipe_file(self._path(name), data)

    def swap(self, name: str, data: bytes, before: Entry | None) -> bool:
        """Put a file where there is still what was there before, or still nothing; False where there is another now.

        That holds in a folder and on S3; at other addresses the last writer of a file wins.
        """
        if self.local is not None:
            with self._alone(self.local):
                if before != self.entry(name):
                    return False
                self.write(name, data)
            return True
        if not self._s3:
            self.write(name, data)
            return True
        condition = {"mode": "create"} if before is None else {"IfMatch": before.tag}
        with self._asked(name, writing_there=True):
            try:
                self._files.pipe_file(self._path(name), data, **condition)
            except FileExistsError:
                return False
            except OSError as error:
                if _code(error) in OVERTAKEN:
                    return False
                raise
        return True

    def remove(self, name: str) -> None:
        """Remove a file; one that is gone already is none the less removed."""
        with self._asked(name), suppress(FileNotFoundError):
            self._files.rm_file(self._path(name))

    def _entry(self, name: str, info: dict[str, Any]) -> Entry:
        return Entry(name, int(info["size"] or 0), _version(info), str(info.get("ETag", "")))

    def _path(self, name: str) -> str:
        return f"{self._root.rstrip('/')}/{name}"

    @contextmanager
    def _alone(self, folder: Path) -> Iterator[None]:
        """Hold every other writer of the folder off; the system lets go of it for one that is killed."""
        from filelock import FileLock, Timeout

        lock = folder / LOCK
        with writing(lock):
            folder.mkdir(parents=True, exist_ok=True)
            held = FileLock(lock, timeout=PATIENCE_S)
            try:
                held.acquire()
            except Timeout:
                raise StoreError(
                    f"{self.where}: another program has been writing there for {PATIENCE_S:.0f} s"
                ) from None
        try:
            yield
        finally:
            held.release()

    @contextmanager
    def _asked(self, name: str, *, writing_there: bool = False) -> Iterator[None]:
        """Say where, whatever a file system raises: each has exceptions of its own."""
        try:
            yield
        except StoreError:
            raise
        except Exception as error:
            if isinstance(error, FileNotFoundError) and not writing_there:
                raise
            if isinstance(error, OSError) and error.errno in NO_ROOM:
                with writing(Path(self.where, name)):
                    raise
            refused = StoreError if self.local is not None else PlaceUnreachable
            raise refused(f"{self.where}: {name}: {error}") from error


def _version(info: dict[str, Any]) -> str:
    """Return what a file system says of a file that is another once the file is: an ETag, or times and inode."""
    told = (info.get(key) for key in ("ETag", "etag", "mtime", "LastModified", "last_modified", "created", "ino"))
    return "|".join(str(each) for each in told if each is not None)


def _code(error: OSError) -> str:
    """Return what S3 calls an error that s3fs has translated."""
    response = getattr(error.__cause__, "response", None) or {}
    return str(response.get("Error", {}).get("Code", ""))
