"""Streams and terminals over a real sshd: bytes both ways at once, exit codes, a program that is left alone."""

import io
import os
import pty
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from pvbench import ssh
from pvbench.errors import UsageError
from pvbench.testing import FakeTransport
from pvbench.transport import CommandResult, Transport

pytestmark = pytest.mark.sshd

AT_A_TERMINAL = """
import sys
from pvbench import ssh
from pvbench.inventory import Host
host = Host("loop", "127.0.0.1", int(sys.argv[1]), sys.argv[2], sys.argv[3], sys.argv[4])
with ssh.connect(host) as transport:
    sys.exit(ssh.terminal(transport, "vt100", sys.stdout.buffer, sys.stderr.buffer))
"""


@pytest.fixture
def transport(sshd: Any) -> Iterator[Transport]:
    with ssh.connect(sshd.host()) as transport:
        yield transport


def stream(transport: Transport, *argv: str, stdin: int | None = None) -> tuple[int, bytes, bytes]:
    out, err = io.BytesIO(), io.BytesIO()
    return ssh.stream(transport, argv, stdin, out, err), out.getvalue(), err.getvalue()


def test_both_streams_and_the_exit_code_come_back(transport: Transport) -> None:
    assert (7, b"out\n", b"err\n") == stream(transport, "sh", "-c", "echo out; echo err >&2; exit 7")


def test_a_program_that_a_signal_ended_has_exit_code_255(transport: Transport) -> None:
    assert 255 == stream(transport, "sh", "-c", "kill -KILL $$")[0]


def test_more_than_any_window_goes_both_ways_at_once(transport: Transport) -> None:
    read, write = os.pipe()
    data = os.urandom(1 << 20) * 8

    def feed() -> None:
        with os.fdopen(write, "wb") as sink:
            sink.write(data)

    feeder = threading.Thread(target=feed)
    feeder.start()
    code, out, _ = stream(transport, "cat", stdin=read)
    feeder.join()
    os.close(read)
    assert (0, True) == (code, data == out)


def test_a_program_that_does_not_read_its_stdin_ends_all_the_same(transport: Transport) -> None:
    with Path(os.devnull).open("rb") as nothing:
        assert (0, b"") == stream(transport, "true", stdin=nothing.fileno())[:2]


def test_another_transport_gives_its_output_at_the_end() -> None:
    fake = FakeTransport(lambda command: CommandResult(command.argv, 3, b"out", b"err", 0.1))
    assert (3, b"out", b"err") == stream(fake, "x")
    with pytest.raises(UsageError, match="not reached by SSH"):
        ssh.terminal(fake, "vt100", io.BytesIO(), io.BytesIO())


def test_a_shell_has_a_terminal_of_its_own(sshd: Any) -> None:
    host, (ours, theirs) = sshd.host(), pty.openpty()
    argv = [sys.executable, "-c", AT_A_TERMINAL, str(host.port), host.user, host.key, host.host_key]
    child = subprocess.Popen(argv, stdin=theirs, stdout=theirs, stderr=theirs)
    os.close(theirs)
    patience = threading.Timer(30, child.kill)
    patience.start()
    os.write(ours, b"test -t 0 && echo term=$TERM\nexit 5\n")
    said = b""
    try:
        while piece := os.read(ours, 1 << 16):
            said += piece
    except OSError:  # the terminal's other end is closed
        pass
    os.close(ours)
    patience.cancel()
    assert (5, True) == (child.wait(10), b"term=vt100" in said)
