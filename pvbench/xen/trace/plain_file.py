"""A trace as a plain file to read at any place: unpacked, or taken from a pipe, up to a limit that is told."""

import errno
import gzip
import os
import tempfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from pvbench import figures as fmt
from pvbench.errors import OutputLost, TraceError
from pvbench.xen.trace.records import OPENING, WORD

STANDARD_INPUT = Path("-")
MOST_BYTES = 4 << 30
"""So much is unpacked, or taken from a pipe. A plain file of any size is read where it is."""

_GZIP = b"\x1f\x8b"
_CHUNK = 1 << 20


@dataclass(frozen=True)
class PlainFile:
    """A file that holds a trace as xentrace wrote it. `name` is the person's; `cut` says that this is not all of it."""

    path: Path
    name: str
    cut: str | None = None


@contextmanager
def plain_file(file: Path, most_bytes: int = MOST_BYTES) -> Iterator[PlainFile]:
    """Give a file without its gzip wrapping; `-` is standard input. Raises TraceError, OutputLost."""
    name = "standard input" if file == STANDARD_INPUT else str(file)
    try:
        with _opened(file) as source:
            head = source.peek(len(_GZIP))  # type: ignore[attr-defined]  # of a BufferedReader, which it is
            packed = head.startswith(_GZIP)
            if file.is_file() and not packed:
                yield PlainFile(file, name)
                return
            with tempfile.NamedTemporaryFile(suffix=".xentrace") as spool, _unwrapped(source, packed) as plain:
                cut = _copy(plain, spool, name, most_bytes)
                yield PlainFile(Path(spool.name), name, cut)
    except (EOFError, gzip.BadGzipFile, zlib.error) as error:
        raise TraceError(f"{name} is gzipped, but damaged: {error}") from None
    except OSError as error:
        raise TraceError(f"{name} cannot be read: {error.strerror or error}") from None


def _opened(file: Path) -> IO[bytes]:
    return os.fdopen(os.dup(0), "rb") if file == STANDARD_INPUT else file.open("rb")


@contextmanager
def _unwrapped(source: IO[bytes], packed: bool) -> Iterator[IO[bytes]]:
    if not packed:
        yield source
        return
    with gzip.GzipFile(fileobj=source) as plain:
        yield plain  # type: ignore[misc]  # it reads as any file does


def _copy(source: IO[bytes], spool: IO[bytes], name: str, most_bytes: int) -> str | None:
    """Copy up to a limit; return what was left out, in words. What does not begin as a trace is not copied at all."""
    left = most_bytes
    data = source.read(WORD)
    try:
        spool.write(data)
        while left and data and (left < most_bytes or OPENING.to_bytes(WORD, "little") == data):
            data = source.read(min(_CHUNK, left))
            spool.write(data)
            left -= len(data)
        spool.flush()
    except OSError as error:
        if error.errno not in (errno.ENOSPC, errno.EDQUOT):
            raise
        where = tempfile.gettempdir()
        raise OutputLost(f"no room below {where} to unpack {name}", hint="set TMPDIR to a folder with more") from None
    if left or not source.read(1):
        return None
    return f"{name} holds more than {fmt.size(most_bytes)}; the rest was not read"
