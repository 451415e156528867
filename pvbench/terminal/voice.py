"""What is said on standard error while a verb works: how much of it, and whether a person may be looking."""

import sys
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TextIO

from pvbench.clock import Clock
from pvbench.printable import clean


@dataclass
class Voice:
    """The clock and the environment that lines and colours go by; `verbosity` is the number of -v less that of -q."""

    clock: Clock
    environment: Mapping[str, str]
    verbosity: int = 0

    def warn(self, text: str) -> None:
        """Say on stderr, in one line, what somebody must know, -q or not."""
        print(clean(text), file=sys.stderr, flush=True)

    def note(self, text: str) -> None:
        """Say on stderr, in one line, what is going on, unless -q."""
        if self.verbosity >= 0:
            self.warn(text)

    def detail(self, text: str) -> None:
        """Say on stderr, in one line, what only -v wants to know."""
        if self.verbosity > 0:
            self.warn(text)

    def timed(self, text: str) -> None:
        """Say on stderr, after the wall-clock time of day in UTC, what is going on, unless -q."""
        self.note(f"{self.clock.now():%H:%M:%SZ} {text}")

    def looked_at(self, stream: TextIO) -> bool:
        """Whether a person may be looking, at a terminal that can move its cursor."""
        return stream.isatty() and self.environment.get("TERM", "dumb") != "dumb"

    def coloured(self, stream: TextIO) -> bool:
        """Whether colour is welcome on a stream."""
        return stream.isatty() and not self.environment.get("NO_COLOR")
