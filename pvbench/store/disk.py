"""Writes that are whole or not there, with the system's refusals translated."""

import errno
import os
import secrets
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from pvbench.errors import DiskFull, StoreError

_REMEMBERED = 4096
"""So much of our last line is looked for before the next is added."""
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


def read_bytes(path: Path, most_bytes: int | None = None) -> bytes:
    """Return a file's content. Raises StoreError, also where it is no plain file, or larger than one of ours can be."""
    with reading(path) as fd:
        _refuse_larger(path, fd, most_bytes)
        return read_descriptor(fd)


def read_lines(path: Path, most_bytes: int) -> Iterator[bytes]:
    """Yield a file's lines with their ends, one after the other, so that a long file takes no room. Raises as above."""
    with reading(path) as fd:
        _refuse_larger(path, fd, most_bytes)
        with os.fdopen(os.dup(fd), "rb") as file:
            yield from file


def _refuse_larger(path: Path, fd: int, most_bytes: int | None) -> None:
    size = os.fstat(fd).st_size
    if most_bytes is not None and size > most_bytes:
        raise StoreError(f"cannot read {path}: it is {size:,} bytes, and no run's is more than {most_bytes:,}")


@contextmanager
def reading(path: Path, flags: int = 0) -> Iterator[int]:
    """Open a plain file to be read; a FIFO or a device is not waited for. Raises StoreError."""
    try:
        with _opened(path, os.O_RDONLY | os.O_NONBLOCK | flags) as fd:
            if not stat.S_ISREG(os.fstat(fd).st_mode):
                raise StoreError(f"cannot read {path}: it is no plain file")
            yield fd
    except (OSError, ValueError) as error:  # a name may hold a NUL
        raise StoreError(f"cannot read {path}: {getattr(error, 'strerror', None) or error}") from error


def read_descriptor(fd: int) -> bytes:
    """Return what there is from here to the end."""
    with os.fdopen(os.dup(fd), "rb") as file:
        return file.read()


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


def claimed(path: Path) -> bool:
    """Take a name that nobody has, as an empty file; False where it is taken, be it by a link to nowhere."""
    try:
        with _opened(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL):
            return True
    except FileExistsError:
        return False


def sync_folder(path: Path) -> None:
    """Make the names in a folder survive a power cut."""
    with _opened(path, os.O_RDONLY | os.O_DIRECTORY) as fd:
        os.fsync(fd)


class Journal:
    """A file of lines that only grows. A line is in it whole, and on disk, or not at all.

    Another writer is found by what the file holds, for between machines that share a disk a lock may hold nobody: every
    append opens the file anew, so that a network file system looks at its server, and goes on only where the file is
    the same and ends where ours did. Nothing is ever cut off but the torn end of a line that was our own.
    """

    def __init__(self, path: Path) -> None:
        """Look at the file; a last line without an end, torn by a crash, is counted in `torn_bytes`, not a line."""
        self._path = path
        with self._open() as fd:
            self._identity = _identity(fd)
            content = read_descriptor(fd)
        self._end = content.rfind(b"\n") + 1
        self._last, self._torn = content[: self._end][-_REMEMBERED:], content[self._end :]
        self.torn_bytes = len(self._torn)

    def append(self, line: str) -> None:
        """Add a line and sync it. Where that fails the journal is as before, and DiskFull or StoreError is raised."""
        data = line.encode(errors="backslashreplace") + b"\n"  # a lone surrogate becomes its JSON escape
        with self._open() as fd:
            self._check(fd)
            if self._torn:
                os.ftruncate(fd, self._end)
            self._torn = data  # what stands behind our end until it is confirmed
            try:
                _write_all(fd, data)
                os.fsync(fd)
            except OSError:
                with suppress(OSError):  # should even this fail, the next append cuts it
                    os.ftruncate(fd, self._end)
                raise
        self._end += len(data)
        self._last, self._torn = data[-_REMEMBERED:], b""

    @contextmanager
    def _open(self) -> Iterator[int]:
        with writing(self._path), _opened(self._path, os.O_RDWR | os.O_APPEND | os.O_NOFOLLOW) as fd:
            yield fd

    def _check(self, fd: int) -> None:
        """Raise StoreError unless the file is ours and ends with our last line, or a torn one of our own."""
        if _identity(fd) != self._identity:
            raise self._foreign("was replaced by another file")
        if os.pread(fd, len(self._last), self._end - len(self._last)) != self._last:
            raise self._foreign("was cut short or written anew")
        tail = os.pread(fd, len(self._torn) + 1, self._end)
        if not self._torn.startswith(tail):
            raise self._foreign("holds what another writer added")

    def _foreign(self, what: str) -> StoreError:
        return StoreError(
            f"{self._path} {what} since this run went on; nothing was cut from it",
            hint="end the other controller, then `pvbench run --resume`",
        )


def _identity(fd: int) -> tuple[int, int]:
    facts = os.fstat(fd)
    return facts.st_dev, facts.st_ino


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
