"""One command to one machine, and its result. Who carries it (SSH, a function) is somebody else's business."""

from collections.abc import Callable, Mapping
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

    One that prints more than `most_bytes` is ended, and has failed.
    """

    argv: tuple[str, ...]
    stdin: bytes = b""
    timeout_s: float = 60.0
    most_bytes: int = MOST_OUTPUT_BYTES

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


Handler = Callable[[Command], CommandResult]


class FakeTransport:
    """A transport made of functions: tests and replays hand in what the machine would have answered."""

    def __init__(
        self,
        handler: Handler,
        *,
        name: str = "fake",
        answer: Callable[[tuple[str, ...], Mapping[str, Any]], dict[str, Any]] | None = None,
        behind: Callable[[str], "FakeTransport"] | None = None,
    ) -> None:
        self.name = name
        self.files: dict[str, bytes] = {}
        self._handler, self._answer, self._behind = handler, answer, behind

    def run(self, command: Command) -> CommandResult:
        """Hand the command to the handler."""
        return self._handler(command)

    def put(self, data: bytes, path: str, mode: int = 0o644) -> None:  # noqa: ARG002
        """Keep the file in `files`."""
        self.files[path] = data

    def get(self, path: str) -> bytes:
        """Return the file from `files`."""
        return self.files[path]

    def talk(self, argv: tuple[str, ...]) -> AbstractContextManager[Conversation]:
        """Answer every request with the `answer` function."""
        return _FakeConversation(argv, self._answer)

    def hop(
        self,
        address: str,
        port: int,  # noqa: ARG002
        user: str,  # noqa: ARG002
        key: str,  # noqa: ARG002
        host_key: str,  # noqa: ARG002
        timeout_s: float,  # noqa: ARG002
    ) -> AbstractContextManager[Transport]:
        """Return what `behind` says is at the address."""
        assert self._behind is not None, "this fake has nothing behind it"  # noqa: S101
        return _Entered(self._behind(address))


class _Entered(AbstractContextManager[Transport]):
    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    def __enter__(self) -> Transport:
        return self._transport

    def __exit__(self, *exc: object) -> None:
        return None


class _FakeConversation(AbstractContextManager[Conversation]):
    def __init__(
        self,
        argv: tuple[str, ...],
        answer: Callable[[tuple[str, ...], Mapping[str, Any]], dict[str, Any]] | None,
    ) -> None:
        self._argv, self._reply = argv, answer

    def __enter__(self) -> Conversation:
        return self

    def __exit__(self, *exc: object) -> None:
        return None

    def ask(self, request: Mapping[str, Any], timeout_s: float) -> dict[str, Any]:  # noqa: ARG002
        assert self._reply is not None, "this fake answers no questions"  # noqa: S101
        return self._reply(self._argv, request)
