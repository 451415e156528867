"""Asking the programs of hostside/, and reading what they say when they fail."""

from collections.abc import Mapping
from typing import Any

from pvbench.errors import BootError
from pvbench.transport import Conversation


def ask(program: Conversation, request: Mapping[str, Any], timeout_s: float, host: str) -> dict[str, Any]:
    """Return the answer to a request. Raises BootError when the program answers that it could not."""
    answer = program.ask(request, timeout_s)
    if "error" in answer:
        raise BootError(f"{host}: {request['action']}: {answer['error']}")
    return answer


def last_line(output: bytes) -> str:
    """Return the last line of an output, the one that usually says why."""
    lines = output.decode(errors="replace").strip().splitlines()
    return lines[-1] if lines else "it printed nothing"
