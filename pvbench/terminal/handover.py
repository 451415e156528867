"""A person's terminal handed to a machine: a shell there, or a command with our streams."""

import sys
from collections.abc import Mapping

from pvbench import ssh
from pvbench.errors import UsageError
from pvbench.terminal.streams import writer
from pvbench.transport import Transport


def need_terminal() -> None:
    """Raise UsageError, before anything is begun, where nobody could type."""
    if not (sys.stdin.isatty() and sys.stdout.isatty()):
        raise UsageError("a shell needs a terminal", hint="name a command after --")


def hand_over(transport: Transport, command: tuple[str, ...], environment: Mapping[str, str]) -> int:
    """Run a command on a machine, or give a shell there where there is none; return its exit code.

    What it prints is handed on as it is.
    """
    out, err = writer(sys.stdout).raw, writer(sys.stderr).raw
    if not command:
        return ssh.terminal(transport, environment.get("TERM", "vt100"), out, err)
    return ssh.stream(transport, command, _stdin(), out, err)


def _stdin() -> int | None:
    """Return the descriptor of standard input, None where there is none."""
    try:
        return sys.stdin.fileno()
    except (AttributeError, OSError, ValueError):
        return None
