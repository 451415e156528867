"""Writes that are whole or not there, with the system's refusals translated."""

import errno
import os
import secrets
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from pvbench.errors import DiskFull, StoreError

NO_ROOM = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})


@contextmanager
def writing(path: Path) -> Iterator[None]:
    """Turn what the system refuses into DiskFull or StoreError, naming the path."""
    try:
        yield
    except OSError as error:
        if error.errno in NO_ROOM:
            hint = "make room there, then go on with `pvbench run --resume`; everything stored before is whole"
            raise DiskFull(f"cannot write {path}: {error.strerror}", hint=hint) from error
        raise StoreError(f"cannot write {path}: {error.strerror or error}") from error


def read_bytes(path: Path) -> bytes:
    """Return a file's content. Raises StoreError."""
    try:
        return path.read_bytes()
    except OSError as error:
        raise StoreError(f"cannot read {path}: {error.strerror}") from error


def write_whole(path: Path, data: bytes) -> None:
    """Write a file of a run's folder; nothing half-written is ever seen. Raises DiskFull or StoreError."""
    with writing(path):
        replace_whole(path, data)


def replace_whole(path: Path, data: bytes, like: os.stat_result | None = None) -> None:
    """Write a file beside its place, sync it, and rename it into place, with owner and mode of `like`. Raises OSError.

    What is at the place is not followed or opened: a symbolic link or a device there is replaced, so ask first.
    """
    beside = path.with_name(f".{secrets.token_hex(8)}.new")
    try:
        with _opened(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW) as fd:
            if like is not None:
                with suppress(OSError):  # only root may give a file away
                    os.fchown(fd, like.st_uid, like.st_gid)
                os.fchmod(fd, stat.S_IMODE(like.st_mode))
            _write_all(fd, data)
            os.fsync(fd)
        beside.replace(path)
        sync_folder(path.parent)
    except OSError:
        with suppress(OSError):
            beside.unlink()
        raise


def in_place(path: Path, data: bytes) -> None:
    """Write to what is at a path, or would be, as a redirection does: devices, FIFOs, through links. Raises OSError."""
    with _opened(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC) as fd:
        _write_all(fd, data)


def sync_folder(path: Path) -> None:
    """Make the names in a folder survive a power cut."""
    with _opened(path, os.O_RDONLY | os.O_DIRECTORY) as fd:
        os.fsync(fd)


class Journal:
    """A file of lines that only grows. A line is in it whole, and on disk, or not at all."""

    def __init__(self, path: Path) -> None:
        """Open for writing; a last line without an end, torn by a crash, is cut off and counted in `torn_bytes`."""
        self._path = path
        content = read_bytes(path)
        self._end = content.rfind(b"\n") + 1
        self.torn_bytes = len(content) - self._end
        with writing(path):
            self._fd = os.open(path, os.O_WRONLY | os.O_APPEND)
            if self.torn_bytes:
                os.ftruncate(self._fd, self._end)
                os.fsync(self._fd)

    def append(self, line: str) -> None:
        """Add a line and sync it. Where that fails the journal is as before, and DiskFull or StoreError is raised."""
        data = line.encode(errors="backslashreplace") + b"\n"  # a lone surrogate becomes its JSON escape
        with writing(self._path):
            self._cut()
            try:
                _write_all(self._fd, data)
                os.fsync(self._fd)
            except OSError:
                with suppress(OSError):  # should even this fail, the next append or open cuts it
                    self._cut()
                raise
        self._end += len(data)

    def close(self) -> None:
        """Let go of the file."""
        os.close(self._fd)

    def _cut(self) -> None:
        if os.fstat(self._fd).st_size != self._end:
            os.ftruncate(self._fd, self._end)


@contextmanager
def _opened(path: Path, flags: int) -> Iterator[int]:
    fd = os.open(path, flags, 0o666)
    try:
        yield fd
    finally:
        os.close(fd)


def _write_all(fd: int, data: bytes) -> None:
    view = memoryview(data)
    while view:
        view = view[os.write(fd, view) :]
