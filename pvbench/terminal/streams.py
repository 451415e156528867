"""The only way to the terminal: whatever a verb prints is cleaned here, and fits the encoding it goes to.

While the command line runs, `cleaned` has put its own writers in the place of sys.stdout and sys.stderr, so that a
bare print() is safe: a file or a host can then not move the cursor, ring, hide or reorder what a person reads. Our own
colour goes through `writer(stream).styled`, progress bars through `console`, bytes that are not for reading (a page, a
guest's own output) through `writer(stream).raw`.
"""

import io
import json
import os
import sys
import unicodedata
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any, BinaryIO, TextIO, cast

import click

from pvbench import plain_json
from pvbench.errors import OutputLost
from pvbench.printable import clean

if TYPE_CHECKING:
    from rich.console import Console

_LAYOUT = "\n\t"
_PLAIN = dict(zip("×÷–—·→…’‘“”µ≥≤─│├└━●┊", "x/--->~''\"\"u><-|++-*|", strict=True))
"""What stands in for what an encoding does not have, one for one, so that columns stay columns."""


class Cleaned:
    """A text stream over one of the process's own. It has no `buffer`, so that nobody goes around it by accident."""

    def __init__(self, stream: TextIO | None, name: str, *, vital: bool) -> None:
        self.stream, self.name, self._vital = stream, name, vital

    @property
    def encoding(self) -> str:
        """What the stream under it is written in."""
        return getattr(self.stream, "encoding", None) or "utf-8"

    @property
    def errors(self) -> str:
        """Nothing is left that could be one."""
        return "strict"

    def writable(self) -> bool:
        """Whether it can be written to: always, even if nobody reads."""
        return True

    def write(self, text: str) -> int:
        """Write text; what moves the cursor or hides is spelt out, what the encoding lacks is replaced."""
        self._write(printable("\n".join(map(_clean_line, text.split("\n"))), self.encoding))
        return len(text)

    def writelines(self, lines: Iterable[str]) -> None:
        """Write several texts."""
        for line in lines:
            self.write(line)

    def styled(self, text: str, **style: Any) -> None:
        """Write text in a colour of ours."""
        shown = printable(clean(text), self.encoding)
        self._write(click.style(shown, **style) if style else shown)

    def flush(self) -> None:
        """Hand on what was written."""
        with self._translated():
            if self.stream is not None:
                self.stream.flush()

    def hand_on(self, data: bytes) -> None:
        """Write bytes that are no text to be read here, such as a page, as they are."""
        with self._translated():
            self.raw.write(data)
            self.raw.flush()

    def fileno(self) -> int:
        """Return the descriptor under it."""
        if self.stream is None:
            raise io.UnsupportedOperation("fileno")
        return self.stream.fileno()

    def isatty(self) -> bool:
        """Whether a person may be looking."""
        return self.stream is not None and not self.stream.closed and self.stream.isatty()

    @property
    def closed(self) -> bool:
        """Whether nothing can be written any more; never, for what goes nowhere goes there quietly."""
        return False

    @property
    def raw(self) -> BinaryIO:
        """The bytes under it. Raises OutputLost where there is nothing."""
        self.flush()
        if self.stream is None:
            raise OutputLost(f"{self.name} is closed")
        found: BinaryIO = self.stream.buffer
        return found

    def give_up(self) -> None:
        """Keep the interpreter, which flushes at its end, from failing there once more."""
        with suppress(OSError, ValueError, AttributeError):
            nothing = os.open(os.devnull, os.O_WRONLY)
            os.dup2(nothing, self.fileno())
            os.close(nothing)

    def _write(self, text: str) -> None:
        if self.stream is None and self._vital and text:
            raise OutputLost(f"{self.name} is closed")
        if self.stream is not None and text:  # libraries try out streams with none; where that fails, so will the rest
            with self._translated():
                self.stream.write(text)

    @contextmanager
    def _translated(self) -> Iterator[None]:
        """Turn the system's refusal into OutputLost. What only comments on the work never stops it."""
        try:
            yield
        except BrokenPipeError:
            self.give_up()
            if self._vital:
                raise
        except (OSError, ValueError) as error:
            self.give_up()
            if self._vital:
                why = getattr(error, "strerror", None) or error
                raise OutputLost(f"{self.name} cannot be written: {why}") from error


def printable(text: str, encoding: str) -> str:
    """Return text with everything that an encoding does not have replaced by what looks like it, or a question mark."""
    try:
        text.encode(encoding)
    except UnicodeEncodeError:
        return "".join(_nearest(char, encoding) for char in text)
    return text


@contextmanager
def cleaned() -> Iterator[None]:
    """Put cleaning writers in the place of standard output and error."""
    for descriptor in range(3):  # else the first file we open would take a closed one's place, and be printed into
        try:
            os.fstat(descriptor)
        except OSError:
            os.open(os.devnull, os.O_RDWR)
    before = sys.stdout, sys.stderr
    sys.stdout = cast(TextIO, Cleaned(before[0], "standard output", vital=True))
    sys.stderr = cast(TextIO, Cleaned(before[1], "standard error", vital=False))
    try:
        yield
    finally:
        sys.stdout, sys.stderr = before


def print_json(data: Any) -> None:
    """Print data for programs: ASCII, and null for a figure that JSON does not have."""
    print(plain_json.dumps(data))


def print_json_line(data: Any) -> None:
    """Print data as one line of JSON."""
    print(json.dumps(plain_json.plain(data)))


def room() -> tuple[int, bool]:
    """Return how many columns standard output has, and whether it can print more than ASCII."""
    import shutil

    encoding = (sys.stdout.encoding or "ascii").lower()
    return shutil.get_terminal_size((100, 24)).columns, encoding.startswith("utf")


def writer(stream: TextIO) -> Cleaned:
    """Return standard output or error as what it is while the command line runs."""
    assert isinstance(stream, Cleaned)  # noqa: S101  `cleaned` is entered before any verb
    return stream


def console() -> "Console":
    """Return what draws progress on standard error; of what it draws only its own movements reach the terminal."""
    from rich.console import Console, ConsoleOptions, RenderableType
    from rich.segment import Segment

    class CleanConsole(Console):
        def render(self, renderable: RenderableType, options: ConsoleOptions | None = None) -> Iterator[Segment]:
            for segment in super().render(renderable, options):
                if segment.control:
                    yield segment
                else:
                    yield segment._replace(text=printable(clean(segment.text, keep="\n"), self.encoding))

    return CleanConsole(file=writer(sys.stderr).stream, stderr=True)


def _clean_line(line: str) -> str:
    return clean(line, keep=_LAYOUT)


def _nearest(char: str, encoding: str) -> str:
    for instead in (char, _PLAIN.get(char, ""), unicodedata.normalize("NFKD", char)[:1]):
        with suppress(UnicodeEncodeError):
            if instead.encode(encoding):
                return instead
    return "?"
