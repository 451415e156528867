"""One command to one machine, and its result. Who carries it (SSH, a function) is somebody else's business."""

from collections.abc import Iterable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Any, Protocol

MOST_OUTPUT_BYTES = 64 << 20
"""So much may a command print, and a program answer: a host that prints without end must not fill our memory."""
MOST_FILE_BYTES = 1 << 30
"""So large may a file be that is fetched: a trace of some seconds on many CPUs."""


@dataclass(frozen=True)
class Command:
    """A program and its arguments, never a shell string. Quoting for the wire happens once, in `ssh`.

    One that prints more than `most_bytes` is ended, and has failed. `more` comes on its stdin after `stdin`, made piece
    by piece as it is sent, in another thread; where it raises, stdin ends there.
    """

    argv: tuple[str, ...]
    stdin: bytes = b""
    timeout_s: float = 60.0
    most_bytes: int = MOST_OUTPUT_BYTES
    more: Iterable[bytes] = ()

    def __post_init__(self) -> None:
        if not self.argv or any("\0" in word for word in self.argv):
            raise ValueError("a command needs a program, and no word may hold a NUL")


@dataclass(frozen=True)
class CommandResult:
    """What a command printed, how it ended and how long it took, in seconds."""

    argv: tuple[str, ...]
    exit_code: int
    stdout: bytes
    stderr: bytes
    elapsed_s: float


class Conversation(Protocol):
    """A program that stays: one JSON object in, one JSON object out, as lines."""

    def ask(self, request: Mapping[str, Any], timeout_s: float) -> dict[str, Any]:
        """Send one request line and return the answer line.

        Raises CommandTimeout, CommandFailed (the program ended or answered no JSON) or Unreachable.
        """
        ...


class Transport(Protocol):
    """A way to one machine."""

    @property
    def name(self) -> str:
        """What messages call the machine."""
        ...

    def run(self, command: Command) -> CommandResult:
        """Run to the end. A non-zero exit is a result, not an error.

        Raises Unreachable, CommandTimeout, or CommandFailed where it prints more than it may.
        """
        ...

    def put(self, data: bytes, path: str, mode: int = 0o644) -> None:
        """Write a file whole: a temporary name beside it, then a rename."""
        ...

    def get(self, path: str) -> bytes:
        """Read a file whole. Raises CommandFailed when it cannot be read or is larger than MOST_FILE_BYTES."""
        ...

    def talk(self, argv: tuple[str, ...]) -> AbstractContextManager[Conversation]:
        """Start a program that answers JSON lines; leaving the context closes its stdin and ends it."""
        ...

    def hop(
        self, address: str, port: int, user: str, key: str, host_key: str, timeout_s: float
    ) -> AbstractContextManager["Transport"]:
        """Reach a further machine through this one (SSH jump).

        `key` is the text of a private OpenSSH key, `host_key` the pinned public key ("ssh-ed25519 AAAA…").
        One attempt: raises Unreachable when nothing answers yet, HostKeyMismatch when the key differs.
        """
        ...
