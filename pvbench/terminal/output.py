"""The one writer of files that a person names: as a shell's redirection would, but a plain file whole or not at all."""

import errno
import os
import stat
import sys
from pathlib import Path

from pvbench.errors import OutputLost, UsageError
from pvbench.store.disk import NO_ROOM, in_place, replace_whole
from pvbench.terminal.streams import writer

STANDARD_OUTPUT = "-"
_NOT_BESIDE = frozenset({errno.EACCES, errno.EPERM, errno.EROFS, errno.EBUSY, errno.EXDEV})
"""What refuses a new file beside one that can itself be written: its folder, or a mount upon it."""


def write(name: str, data: bytes) -> bool:
    """Write to a file, a device, a FIFO, through a symbolic link, or to `-`; return whether that was standard output.

    Raises UsageError where nothing can be written there, OutputLost where there is no room.
    """
    path, shown = Path(name), name or "an empty name"
    try:
        if name == STANDARD_OUTPUT or _is_standard_output(path):
            writer(sys.stdout).hand_on(data)
            return True
        there = _look(path)
        if there is not None and not stat.S_ISREG(there.st_mode):
            in_place(path, data)
        else:
            _whole(path, data, there)
    except OSError as error:
        if error.errno in NO_ROOM:
            raise OutputLost(
                f"{shown} cannot be written: {error.strerror}", hint="make room, or name another file with -o"
            ) from error
        raise UsageError(f"{shown} cannot be written: {_why(error)}", hint="name another file with -o") from None
    return False


def new(path: Path, data: bytes) -> None:
    """Write a file that is not there yet, whole or not at all. Raises OSError; FileExistsError leaves what is there."""
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o666)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(data)
    except OSError:
        path.unlink()
        raise


def _whole(path: Path, data: bytes, existing: os.stat_result | None) -> None:
    try:
        replace_whole(path, data, like=existing)
    except OSError as error:
        if existing is None or error.errno not in _NOT_BESIDE:
            raise
        in_place(path, data)


def _look(path: Path) -> os.stat_result | None:
    """Return what is there, a link as itself unless it leads nowhere near a file; None for a new name."""
    try:
        return path.lstat()
    except FileNotFoundError:
        return None


def _is_standard_output(path: Path) -> bool:
    """Whether a name such as /dev/stdout, or what our output is sent to, is meant: one offset must serve both."""
    try:
        ours, theirs = os.fstat(writer(sys.stdout).fileno()), path.stat()
    except (OSError, ValueError):
        return False
    return os.path.samestat(ours, theirs) and not stat.S_ISDIR(theirs.st_mode)


def _why(error: OSError) -> str:
    if isinstance(error, FileNotFoundError):
        return "its folder is not there"
    return "it is a folder" if isinstance(error, IsADirectoryError) else str(error.strerror or error).lower()
