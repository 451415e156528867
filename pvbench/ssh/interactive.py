"""A person at our end: a shell on a terminal of its own, or a program whose streams are handed on as they flow."""

import os
import secrets
import select
import shutil
import signal
import sys
import termios
import tty
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any, BinaryIO

from pvbench.errors import Unreachable, UsageError
from pvbench.marked import spelled
from pvbench.ssh.process import NO_EXIT_CODE, end_marked
from pvbench.ssh.session import Session
from pvbench.ssh.wire import translated
from pvbench.transport import Command, Transport

_OPEN_S = 60.0
_DAY_S = 24 * 3600.0
_CHUNK = 1 << 16
_RETRY_S = 0.02  # while the other side takes no more
_SIGNALLED = 255  # as ssh(1) says of a program that a signal ended


def terminal(transport: Transport, term: str, out: BinaryIO, err: BinaryIO) -> int:
    """Give the person at our terminal a login shell on the machine; return its exit code.

    Raises UsageError where we have no terminal, Unreachable when the connection is lost.
    """
    if not isinstance(transport, Session):
        raise UsageError(f"{transport.name} is not reached by SSH, so there is no terminal on it")
    session = transport
    if not (sys.stdin.isatty() and sys.stdout.isatty()):
        raise UsageError("a shell needs a terminal", hint="name a command after --")
    channel = session.connection.terminal(None, term, *shutil.get_terminal_size(), _OPEN_S)
    try:
        with _raw(sys.stdin.fileno()), _resizing(channel):
            return _relay(session, channel, sys.stdin.fileno(), out, err)
    finally:
        channel.close()


def stream(transport: Transport, argv: tuple[str, ...], stdin: int | None, out: BinaryIO, err: BinaryIO) -> int:
    """Run a program, handing on our stdin (a descriptor) and what it writes; return its exit code.

    Raises Unreachable when the connection is lost. Leaving early, by an interrupt too, ends the program. Over a
    transport that is no SSH session the output comes at the program's end, and stdin is not handed on.
    """
    if not isinstance(transport, Session):
        result = transport.run(Command(argv, timeout_s=_DAY_S))
        out.write(result.stdout)
        err.write(result.stderr)
        return result.exit_code
    session, token = transport, secrets.token_hex(8)
    channel = session.connection.exec(spelled(argv, token).encode("utf-8", "surrogateescape"), _OPEN_S)
    try:
        return _relay(session, channel, stdin, out, err)
    except BaseException:
        end_marked(session.connection, token)
        raise
    finally:
        channel.close()


def _relay(session: Session, channel: Any, stdin: int | None, out: BinaryIO, err: BinaryIO) -> int:
    """Move bytes both ways until the program has ended. Never blocks on one way while the other waits."""
    waiting = b""
    if stdin is None:
        channel.shutdown_write()
    while True:
        sources = [channel, *([stdin] if stdin is not None and not waiting else [])]
        ready = select.select(sources, [], [], _RETRY_S if waiting else None)[0]
        with translated(session.name):
            if channel in ready and not _hand_on(channel, out, err):
                break
            if stdin in ready:
                waiting = os.read(stdin, _CHUNK) if stdin is not None else b""
                if not waiting:
                    stdin = None
                    channel.shutdown_write()
            if waiting and channel.send_ready():
                with suppress(OSError):  # a program may end without having read it all
                    waiting = waiting[channel.send(waiting) :]
    channel.status_event.wait(_OPEN_S)
    code: int = channel.exit_status
    if code == NO_EXIT_CODE:
        if session.connection.gone():
            raise Unreachable(f"{session.name}: the connection was lost")
        return _SIGNALLED
    return code


def _hand_on(channel: Any, out: BinaryIO, err: BinaryIO) -> bool:
    """Hand on what has come; return False at the end of the program's output."""
    ended = channel.eof_received or channel.closed  # asked first: what was written before the end is then here
    more = False
    for ready, receive, sink in (
        (channel.recv_stderr_ready, channel.recv_stderr, err),
        (channel.recv_ready, channel.recv, out),
    ):
        if ready():
            more = True
            sink.write(receive(_CHUNK))
            sink.flush()
    return more or not ended


@contextmanager
def _raw(descriptor: int) -> Iterator[None]:
    """Hand every key to the other side, the interrupt's too."""
    before = termios.tcgetattr(descriptor)
    try:
        tty.setraw(descriptor, termios.TCSADRAIN)  # what was typed ahead counts
        yield
    finally:
        termios.tcsetattr(descriptor, termios.TCSADRAIN, before)


@contextmanager
def _resizing(channel: Any) -> Iterator[None]:
    """Tell the other side when our window changes its size."""

    def tell(*_: object) -> None:
        with suppress(Exception):  # a signal handler must not end the shell; the next change tells again
            channel.resize_pty(*shutil.get_terminal_size())

    before = signal.signal(signal.SIGWINCH, tell)
    try:
        yield
    finally:
        signal.signal(signal.SIGWINCH, before)
