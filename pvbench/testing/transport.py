"""A machine made of functions: what it answers to commands, to questions, and which machine lies behind it."""

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager, nullcontext
from typing import Any

from pvbench.errors import CommandFailed
from pvbench.transport import Command, CommandResult, Conversation, Transport

Handler = Callable[[Command], CommandResult]
Answer = Callable[[tuple[str, ...], Mapping[str, Any]], dict[str, Any]]


class FakeTransport:
    """A transport whose machine is functions; the files that were put there are in `files`."""

    def __init__(
        self,
        handler: Handler,
        *,
        name: str = "fake",
        answer: Answer | None = None,
        behind: Callable[[str], "FakeTransport"] | None = None,
    ) -> None:
        self.name = name
        self.files: dict[str, bytes] = {}
        self._handler, self._answer, self._behind = handler, answer, behind

    def run(self, command: Command) -> CommandResult:
        """Hand the command to the handler."""
        return self._handler(command)

    def put(self, data: bytes, path: str, mode: int = 0o644) -> None:
        """Keep the file in `files`."""
        self.files[path] = data

    def get(self, path: str) -> bytes:
        """Return the file from `files`. Raises CommandFailed for one that is not there."""
        if path not in self.files:
            raise CommandFailed(f"{self.name}: {path}: no such file")
        return self.files[path]

    def talk(self, argv: tuple[str, ...]) -> AbstractContextManager[Conversation]:
        """Answer every request with the `answer` function."""
        return nullcontext(_FakeConversation(argv, self._answer))

    def hop(
        self,
        address: str,
        port: int,
        user: str,
        key: str,
        host_key: str,
        timeout_s: float,
    ) -> AbstractContextManager[Transport]:
        """Return what `behind` says is at the address."""
        assert self._behind is not None, "this fake has nothing behind it"
        return nullcontext(self._behind(address))


class _FakeConversation:
    def __init__(self, argv: tuple[str, ...], answer: Answer | None) -> None:
        self._argv, self._reply = argv, answer

    def ask(self, request: Mapping[str, Any], timeout_s: float) -> dict[str, Any]:
        assert self._reply is not None, "this fake answers no questions"
        return self._reply(self._argv, request)
