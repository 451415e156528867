"""A ProxyCommand of the SSH configuration, run as OpenSSH runs it; its two ends are a socket of ours."""

import os
import signal
import socket
import subprocess
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from typing import IO

from pvbench.errors import TransportError

_LEAVING_S = 1.0
_TAIL = 300


@contextmanager
def proxied(name: str, command: str, environment: Mapping[str, str]) -> Iterator[socket.socket]:
    """Start the command by the person's shell and yield the way to its standard input and output.

    It ends with the connection. What it wrote to stderr is added to the error of a connection that failed.
    """
    ours, theirs = socket.socketpair()
    shell = environment.get("SHELL") or "/bin/sh"
    with ours, tempfile.TemporaryFile() as stderr:
        with theirs:
            try:
                # A session of its own: an interrupt from the keyboard must not cut the way to the host before we have
                # cleaned up there.
                process = subprocess.Popen(
                    [shell, "-c", f"exec {command}"],
                    stdin=theirs.fileno(),
                    stdout=theirs.fileno(),
                    stderr=stderr,
                    env=dict(environment),
                    start_new_session=True,
                )
            except OSError as error:
                raise TransportError(f"{name}: the ProxyCommand cannot be started: {shell}: {error.strerror}") from None
        try:
            yield ours
        except TransportError as error:
            if words := _tail(stderr):
                raise type(error)(f"{error.message}; its ProxyCommand said: {words}", hint=error.hint) from error
            raise
        finally:
            _end(process)


def _end(process: subprocess.Popen[bytes]) -> None:
    for number in (signal.SIGHUP, signal.SIGTERM, signal.SIGKILL):
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(process.pid, number)
        with suppress(subprocess.TimeoutExpired):
            process.wait(_LEAVING_S)
            return


def _tail(stderr: IO[bytes]) -> str:
    stderr.seek(0)
    return " ".join(stderr.read()[-_TAIL:].decode(errors="replace").split())
