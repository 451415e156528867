"""The programs of hostside/ that change a host for a stack, asked over one connection; each answers one JSON object."""

import json
from collections.abc import Mapping
from typing import Any, Self

from pvbench import shipped
from pvbench.deploy import deploy, payload_of
from pvbench.errors import StackError
from pvbench.transport import Command, Transport

LONGEST_S = 1800.0  # for dpkg on a host under software emulation
_TAIL = 300
_NOT_THERE = (126, 127)  # what a shell says of a program, or of its interpreter, that is not there


class Programs:
    """The programs in place on one host."""

    def __init__(self, transport: Transport, folder: str, scratch: str) -> None:
        self.transport, self._folder, self._scratch = transport, folder, scratch

    @classmethod
    def on(cls, transport: Transport, scratch: str) -> Self:
        """Put the programs in place where they are not yet. Raises DeployError."""
        folder = deploy(transport, payload_of(shipped.folder("hostside")), scratch, "hostside")
        return cls(transport, folder, scratch)

    def ask(
        self, program: str, action: str, words: Mapping[str, Any] | None = None, *, timeout_s: float = LONGEST_S
    ) -> dict[str, Any]:
        """Return what a program answers. Raises StackError with its sentence, and what the transport raises."""
        request = {"action": action, "scratch": self._scratch.rstrip("/"), **(words or {})}
        command = Command((f"{self._folder}/{program}",), json.dumps(request).encode(), timeout_s)
        result = self.transport.run(command)
        try:
            answer = json.loads(result.stdout)
            refused = answer.get("error")
        except (ValueError, AttributeError):
            last = result.stderr.decode(errors="replace").strip()[-_TAIL:] or f"exit code {result.exit_code}"
            hint = f"apt-get install python3 on {self.transport.name}" if result.exit_code in _NOT_THERE else None
            raise StackError(f"{self.transport.name}: {program} {action}: {last}", hint=hint) from None
        if refused is not None or result.exit_code != 0:
            raise StackError(f"{self.transport.name}: {refused or program}", hint=answer.get("hint"))
        told: dict[str, Any] = answer
        return told
