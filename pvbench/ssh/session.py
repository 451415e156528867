"""A Transport over SSH: commands, files, conversations and the way further, on one checked connection."""

import json
import os
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING, Any

from pvbench.clock import Clock, SystemClock
from pvbench.errors import CommandFailed, CommandTimeout, Unreachable
from pvbench.inventory import Host
from pvbench.ssh import files
from pvbench.ssh.hostkeys import Expected, HostKey, expected
from pvbench.ssh.identities import Credentials
from pvbench.ssh.process import Process, process
from pvbench.ssh.proxycommand import proxied
from pvbench.ssh.route import Step, direct
from pvbench.ssh.wire import Connection, dial, translated
from pvbench.transport import MOST_OUTPUT_BYTES, Command, CommandResult, Conversation, Transport

if TYPE_CHECKING:
    from pvbench.ssh.wire import SFTPClient

_PARTING_S = 60.0  # for a program to end after its stdin was closed: it may be half way through making a domain
_FILE_BYTES_PER_S = 250_000  # slower than any host seen; the lab's was 0.5 MB/s at its worst
_FILE_S = 60.0
_TAIL_BYTES = 64 * 1024
_SAID = 200  # of what a login shell prints
_STDERR_BYTES = 4 << 20
_GUEST_BEATS = 2  # a guest under a heavy measurement may be silent for longer than its host


class Session:
    """A way to one machine over SSH; a Transport. What it raises for a lost connection is Unreachable."""

    def __init__(self, name: str, connection: Connection, keepalive_s: float, clock: Clock) -> None:
        self.name = name
        self._connection, self._keepalive_s, self._clock = connection, keepalive_s, clock
        self._sftp: SFTPClient | None = None
        self._sftp_tried = False

    def run(self, command: Command) -> CommandResult:
        """Run to the end. Raises Unreachable, CommandTimeout or CommandFailed; a non-zero exit is a result.

        What prints more than it may is ended, and has failed; of an endless stderr the end is kept, which says so.
        A program that a signal ended has exit code -1. As with ssh itself, a program that leaves something behind in
        the background must give that another stdout and stderr, or the command lasts as long as that does.
        """
        began = self._clock.monotonic()
        deadline = began + command.timeout_s
        with process(self._connection, command.argv, self._clock, command.timeout_s, _STDERR_BYTES) as running:
            running.feed(command.stdin, command.more)
            stdout = _printed(running, deadline, command.most_bytes)
            exit_code = running.wait(deadline)
            stderr = running.stderr(deadline)
        return CommandResult(command.argv, exit_code, stdout, stderr, self._clock.monotonic() - began)

    def put(self, data: bytes, path: str, mode: int = 0o644) -> None:
        """Write a file whole: a temporary name beside it, then a rename. Raises CommandFailed when refused."""
        sftp, patience = self._files(len(data))
        if sftp is None:
            files.put_by_shell(self.run, self.name, data, path, mode, patience)
            return
        with translated(self.name):
            files.put(sftp, self.name, data, path, mode)

    def get(self, path: str) -> bytes:
        """Read a file whole. Raises CommandFailed when it cannot be read."""
        sftp, patience = self._files(0)
        if sftp is None:
            return files.get_by_shell(self.run, self.name, path, patience)
        with translated(self.name):
            return files.get(sftp, self.name, path)

    @property
    def connection(self) -> Connection:
        """The connection, for what needs a terminal."""
        return self._connection

    @contextmanager
    def talk(self, argv: tuple[str, ...]) -> Iterator[Conversation]:
        """Start a program that answers JSON lines; leaving the context closes its stdin and ends it."""
        with process(self._connection, argv, self._clock, _FILE_S, _TAIL_BYTES) as running:
            try:
                yield _Talk(self.name, running, self._clock)
            finally:
                running.part(self._clock.monotonic() + _PARTING_S)

    @contextmanager
    def hop(self, address: str, port: int, user: str, key: str, host_key: str, timeout_s: float) -> Iterator[Transport]:
        """Reach a further machine through this one. One attempt: raises Unreachable when nothing answers yet."""
        name = f"{address} behind {self.name}"
        pinned = Expected((HostKey.parse(host_key),), "its pinned key")
        began = self._clock.monotonic()
        sock = self._connection.tunnel(address, port, timeout_s)
        left_s = timeout_s - (self._clock.monotonic() - began)
        beat_s = self._keepalive_s * _GUEST_BEATS
        with Connection(
            sock,
            name,
            f"{address}:{port}",
            Credentials(user, text=key),
            pinned,
            timeout_s=max(0.1, left_s),
            keepalive_s=beat_s,
            clock=self._clock,
        ) as connection:
            yield Session(name, connection, beat_s, self._clock)

    def _files(self, size_bytes: int) -> "tuple[SFTPClient | None, float]":
        patience = _FILE_S + size_bytes / _FILE_BYTES_PER_S
        if not self._sftp_tried:
            self._sftp = self._connection.sftp(_FILE_S)
            self._sftp_tried = True
        if self._sftp is not None and (channel := self._sftp.get_channel()) is not None:
            channel.settimeout(patience)
        return self._sftp, patience


def _printed(running: Process, deadline: float, most_bytes: int) -> bytes:
    """Return all of a program's stdout. Raises CommandFailed, after ending it, at more than so many bytes."""
    stdout = bytearray()
    while data := running.read(deadline):
        stdout += data
        if len(stdout) > most_bytes:
            running.kill()
            raise running.too_much(most_bytes)
    return bytes(stdout)


class _Talk:
    """One JSON object out, one in. After a missing answer the order is lost, so no further question is asked."""

    def __init__(self, name: str, running: Process, clock: Clock) -> None:
        self._name, self._running, self._clock = name, running, clock
        self._unread = bytearray()

    def ask(self, request: Mapping[str, Any], timeout_s: float) -> dict[str, Any]:
        """Send one request line and return the answer line."""
        deadline = self._clock.monotonic() + timeout_s
        self._running.send(json.dumps(request).encode() + b"\n", deadline)
        while b"\n" not in self._unread:
            data = self._running.read(deadline)
            if not data:
                raise self._failed(f"ended with exit code {self._running.wait(deadline)} instead of an answer")
            self._unread += data
            if len(self._unread) > MOST_OUTPUT_BYTES:
                self._running.kill()
                raise self._running.too_much(MOST_OUTPUT_BYTES)
        line, _, rest = bytes(self._unread).partition(b"\n")
        self._unread = bytearray(rest)
        try:
            answer = json.loads(line)
        except (ValueError, RecursionError) as error:
            raise self._failed(f"answered no JSON: {line[:200].decode(errors='replace')}") from error
        if not isinstance(answer, dict):
            raise self._failed(f"answered no JSON object: {line[:200].decode(errors='replace')}")
        return answer

    def _failed(self, what: str) -> CommandFailed:
        tail = self._running.stderr(self._clock.monotonic() + 0.2)[-600:].decode(errors="replace").strip()
        return CommandFailed(f"{self._name}: {self._running.argv[0]} {what}" + (f"; it said: {tail}" if tail else ""))


@contextmanager
def connect(
    *way: Step | Host,
    timeout_s: float = 20.0,
    keepalive_s: float = 5.0,
    clock: Clock | None = None,
) -> Iterator[Transport]:
    """Connect to the last machine of a way, through the others (outermost first), and yield the way to it.

    A Host is reached by what it says itself; `route` makes the steps that the SSH configuration has a word in.
    `timeout_s` is for each machine on the way; a dead peer is noticed after three unanswered keepalives. Raises
    Unreachable, HostKeyUnknown, HostKeyMismatch or LoginRefused, and CommandFailed where the login shell is of no
    use. One attempt.
    """
    clock = clock or SystemClock()
    steps = [direct(each) if isinstance(each, Host) else each for each in way]
    with ExitStack() as stack:
        through: Connection | None = None
        for step in steps:
            trusted = expected(step.name, step.address, step.port, step.known)
            patience = step.timeout_s or timeout_s
            through = stack.enter_context(
                Connection(
                    _socket(step, through, patience, stack),
                    step.name,
                    f"{step.address}:{step.port}",
                    step.credentials,
                    trusted,
                    timeout_s=patience,
                    keepalive_s=keepalive_s,
                    clock=clock,
                )
            )
        assert through is not None  # noqa: S101  there is at least the host itself
        session = Session(steps[-1].name, through, keepalive_s, clock)
        _check_shell(session, steps[-1].credentials.user, timeout_s)
        yield session


def _socket(step: Step, through: Connection | None, timeout_s: float, stack: ExitStack) -> Any:
    if through is not None:
        return through.tunnel(step.address, step.port, timeout_s)
    if step.proxy_command is not None:
        return stack.enter_context(proxied(step.name, step.proxy_command, os.environ))
    return dial(step.name, step.address, step.port, timeout_s, step.family, step.source_address)


def _check_shell(session: Session, user: str, timeout_s: float) -> None:
    """Raise CommandFailed for a login shell whose own words would stand before every answer, or that runs nothing."""
    try:
        tried = session.run(Command(("true",), timeout_s=timeout_s))
    except CommandTimeout as error:
        raise Unreachable(f"{session.name}: it lets us in, but its login shell does not answer in time") from error
    said = " ".join(tried.stdout.decode(errors="replace").split())[:_SAID]
    if tried.exit_code != 0:
        said = said or " ".join(tried.stderr.decode(errors="replace").split())[:_SAID]
        raise CommandFailed(
            f"{session.name}: the login shell of {user} runs no commands: {said or f'exit code {tried.exit_code}'}",
            hint=f"give {user} a POSIX shell there (chsh -s /bin/sh), and no forced command for this key",
        )
    if tried.stdout:
        raise CommandFailed(
            f"{session.name}: the login shell of {user} prints before any command: '{said}'",
            hint="let its start-up files (.bashrc) be silent without a terminal: [ -t 1 ] || return, at their top",
        )
