"""pvb-trace on the host: started at the first question, and anew after it died or did not answer in time."""

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager, ExitStack, suppress
from typing import Any

from pvbench.errors import BootError, TransportError
from pvbench.transport import Conversation
from pvbench.xen.programs import ask

Start = Callable[[], AbstractContextManager[Conversation]]


class Recorder:
    """One conversation at a time. What is wrong with one is told to who asked, and ends with it."""

    def __init__(self, start: Start, host: str) -> None:
        self._start, self._host = start, host
        self._running = ExitStack()
        self._program: Conversation | None = None

    def __enter__(self) -> "Recorder":
        return self

    def __exit__(self, *exc: object) -> None:
        self._end()

    def ask(self, request: Mapping[str, Any], timeout_s: float) -> dict[str, Any]:
        """Return the answer. Raises BootError where the program says that it could not, and what starting it raises.

        After a question without an answer, nothing tells which one the next answer would be to.
        """
        try:
            if self._program is None:
                self._program = self._running.enter_context(self._start())
            return ask(self._program, request, timeout_s, self._host)
        except TransportError:
            self._end()
            raise

    def forget(self, timeout_s: float) -> None:
        """Have what was recorded removed, unless the program is gone: whatever else went wrong is what matters."""
        if self._program is not None:
            with suppress(TransportError, BootError):
                self.ask({"action": "forget"}, timeout_s)

    def _end(self) -> None:
        self._program = None
        with suppress(TransportError):  # it is gone, or the connection is: who asked has been told
            self._running.close()
