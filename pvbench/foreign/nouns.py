"""What a result file of another tool comes to: results with figures, in base units, or a refusal with its place."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from pvbench.errors import ForeignError

PATH_UNKNOWN = "unknown"
"""Nothing in such a file proves which device carried the traffic."""


@dataclass(frozen=True)
class Figure:
    """A value in a base unit, and of what: `part` is read, write, sent, received, …; "" where there is one only.

    `source` is where in the file the value stands, or what it was made of.
    """

    name: str
    value: float
    unit: str
    part: str = ""
    source: str = ""


@dataclass(frozen=True)
class Result:
    """One job or one test. `problem` is what the tool itself says went wrong; `notes` what a reader has to know.

    `version` is None where the file does not say. `line` is where it begins in the file.
    """

    tool: str
    version: str | None
    format: str
    title: str
    line: int
    figures: tuple[Figure, ...] = ()
    facts: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    seconds: float | None = None
    notes: tuple[str, ...] = ()
    problem: str | None = None
    path: str = PATH_UNKNOWN


@dataclass(frozen=True)
class Taken:
    """What a reader took out of a text: results, what it had to refuse, and the text without either."""

    results: tuple[Result, ...]
    refused: tuple[ForeignError, ...]
    rest: str


@dataclass(frozen=True)
class Place:
    """Where in a file something stands; lines and columns count from one."""

    file: str
    line: int = 1
    column: int = 1

    def refusal(self, reason: str, hint: str | None = None) -> ForeignError:
        """Return the error that says why nothing is imported from here."""
        return ForeignError(reason, place=f"{self.file}:{self.line}:{self.column}", hint=hint)
