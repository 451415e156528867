"""One program on the other side of an SSH channel: its streams read without deadlock, its end, its leftovers."""

import secrets
import shlex
import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from itertools import chain

from pvbench.clock import Clock
from pvbench.errors import CommandFailed, CommandTimeout, TransportError, Unreachable
from pvbench.marked import UNDO_S, ending, spelled
from pvbench.ssh.wire import Connection, translated

_CHUNK = 1 << 20
_PIECE = 1 << 18
_KILL_S = 10.0
NO_EXIT_CODE = -1


def end_marked(connection: Connection, token: str, undo_s: int = UNDO_S) -> None:
    """End every program with the token in its environment, as far as the machine still answers."""
    line = f"{shlex.join(ending(token, undo_s))} 2>/dev/null"
    with suppress(TransportError), translated(connection.name):
        channel = connection.exec(line.encode(), _KILL_S)
        channel.status_event.wait(undo_s + _KILL_S)
        channel.close()


class Process:
    """A running program. Its stderr is collected all the while; stdout is read by the caller."""

    def __init__(
        self, connection: Connection, argv: tuple[str, ...], clock: Clock, timeout_s: float, stderr_kept: int = 0
    ) -> None:
        self.argv = argv
        self._connection, self._clock, self._stderr_kept = connection, clock, stderr_kept
        self._token = secrets.token_hex(8)
        self._stderr, self._stderr_cut = bytearray(), 0
        self._channel = connection.exec(spelled(argv, self._token).encode("utf-8", "surrogateescape"), timeout_s)
        self._collector = threading.Thread(target=self._collect, daemon=True)
        self._collector.start()

    def feed(self, data: bytes, more: Iterable[bytes] = ()) -> None:
        """Send stdin and close it, in the background. A program may end without having read it."""
        if data or more:
            threading.Thread(target=self._feed, args=(chain((data,), more),), daemon=True).start()
        else:
            self.close_stdin()

    def send(self, data: bytes, deadline: float) -> None:
        """Send to stdin. Raises CommandTimeout, after ending the program; one that closed stdin is left to `read`."""
        self._channel.settimeout(max(0.001, deadline - self._clock.monotonic()))
        try:
            self._send(data)
        except TimeoutError as error:
            self.kill()
            raise self.late() from error
        except OSError:
            return

    def close_stdin(self) -> None:
        """Tell the program that no more comes."""
        with suppress(OSError, EOFError):
            self._channel.shutdown_write()

    def read(self, deadline: float) -> bytes:
        """Return some of stdout, b"" at its end. Raises CommandTimeout, after ending the program, or Unreachable."""
        try:
            self._channel.settimeout(max(0.001, deadline - self._clock.monotonic()))
            data = self._channel.recv(_CHUNK)
        except TimeoutError as error:
            self.kill()
            raise self.late() from error
        # A server says EOF before it closes a channel; a connection that is lost says nothing.
        if not data and not self._channel.eof_received:
            raise self.lost()
        return data

    def wait(self, deadline: float) -> int:
        """Return the exit code, NO_EXIT_CODE (-1) for a program that a signal ended.

        Raises CommandTimeout, after ending the program, or Unreachable.
        """
        if not self._channel.status_event.wait(max(0.0, deadline - self._clock.monotonic())):
            self.kill()
            raise self.late()
        # The event is also set when the connection goes.
        if self._channel.exit_status == NO_EXIT_CODE and self._connection.gone():
            raise self.lost()
        return self._channel.exit_status

    def stderr(self, deadline: float) -> bytes:
        """Return what the program wrote to stderr until its end, or until the deadline."""
        self._collector.join(max(0.0, deadline - self._clock.monotonic()))
        told = f"[{self._stderr_cut:,} bytes before this were not kept]\n".encode() if self._stderr_cut else b""
        return told + bytes(self._stderr)

    def kill(self) -> None:
        """End the program and what it started, as far as the machine still answers. Costs seconds; for rare paths.

        Closing the channel alone would leave a silent program running on the machine, beside the next measurement.
        """
        if self._channel.status_event.is_set():
            return
        self._channel.close()
        end_marked(self._connection, self._token)

    def part(self, deadline: float) -> None:
        """Close stdin and see the program off: what has not ended by the deadline is ended."""
        self.close_stdin()
        if not self._channel.status_event.wait(max(0.0, deadline - self._clock.monotonic())):
            self.kill()

    def close(self) -> None:
        """Give the channel back."""
        with suppress(OSError, EOFError):
            self._channel.close()

    def late(self) -> CommandTimeout:
        """Return the error for a program that did not answer or end in time."""
        tail = bytes(self._stderr[-300:]).decode(errors="replace").strip()
        return CommandTimeout(
            f"{self._connection.name}: {shlex.join(self.argv)[:200]} did not end in time"
            + (f"; its last words: {tail}" if tail else "")
        )

    def too_much(self, most_bytes: int) -> CommandFailed:
        """Return the error for a program that prints without end."""
        return CommandFailed(
            f"{self._connection.name}: {shlex.join(self.argv)[:200]} printed more than {most_bytes >> 20} MiB and was "
            "ended; the rest was not read"
        )

    def lost(self) -> Unreachable:
        """Return the error for a connection that went away under a program."""
        return Unreachable(f"{self._connection.name}: the connection was lost during {shlex.join(self.argv)[:200]}")

    def _feed(self, pieces: Iterable[bytes]) -> None:
        with suppress(Exception):  # a program that ends first closes its stdin under us; how it ended is its exit code
            for data in pieces:
                self._send(data)
        self.close_stdin()

    def _send(self, data: bytes) -> None:
        """Send all of it, piece by piece: paramiko copies what is left of a piece after each packet."""
        for at in range(0, len(data), _PIECE):
            self._channel.sendall(data[at : at + _PIECE])

    def _collect(self) -> None:
        with suppress(Exception):  # the channel's end, however it comes, is judged by who waits for the program
            while True:
                try:
                    data = self._channel.recv_stderr(_CHUNK)
                except TimeoutError:  # the time-out of the channel is set by who reads stdout
                    continue
                if not data:
                    return
                self._stderr += data
                if self._stderr_kept and len(self._stderr) > self._stderr_kept:
                    self._stderr_cut += len(self._stderr) - self._stderr_kept
                    del self._stderr[: -self._stderr_kept]


@contextmanager
def process(
    connection: Connection, argv: tuple[str, ...], clock: Clock, timeout_s: float, stderr_kept: int = 0
) -> Iterator[Process]:
    """Start a program; its channel is given back at the end. Of stderr the last bytes are kept, by default all."""
    running = Process(connection, argv, clock, timeout_s, stderr_kept)
    try:
        yield running
    except BaseException:  # an interrupt from the keyboard too must not leave the program running
        running.kill()
        raise
    finally:
        running.close()
