"""A connection whose host key was checked, and the channels on it."""

import logging
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import paramiko
from paramiko.common import cMSG_GLOBAL_REQUEST
from paramiko.packet import Packetizer
from paramiko.sftp_client import SFTPClient as SFTPClient

from pvbench.clock import Clock, SystemClock
from pvbench.errors import LoginRefused, PvbenchError, TransportError, Unreachable
from pvbench.ssh.hostkeys import Expected, HostKey
from pvbench.ssh.identities import Credentials
from pvbench.ssh.login import log_in

# Its thread logs every lost connection with a traceback; what matters reaches the user as one of our errors.
logging.getLogger("paramiko").addHandler(logging.NullHandler())
logging.getLogger("paramiko").propagate = False

SILENT_BEATS = 3  # keepalives without an answer before the peer is called dead, as sshd's ClientAliveCountMax
_SETTLE_S = 0.3

_FOREIGN: tuple[tuple[type[Exception], type[TransportError], str], ...] = (
    (socket.gaierror, Unreachable, "its address cannot be looked up"),
    (ConnectionRefusedError, Unreachable, "it refuses the connection"),
    (paramiko.ssh_exception.IncompatiblePeer, TransportError, "it has no SSH algorithm in common with us"),
    (paramiko.AuthenticationException, LoginRefused, "it refuses the login"),
    (paramiko.ChannelException, Unreachable, "it does not open a channel"),
    (TimeoutError, Unreachable, "it does not answer in time"),
    (paramiko.SSHException, Unreachable, "the connection failed"),
    (EOFError, Unreachable, "the connection was lost"),
    (OSError, Unreachable, "the connection was lost"),
)


@contextmanager
def translated(name: str) -> Iterator[None]:
    """Turn what paramiko and the sockets raise inside into our errors, by the table above."""
    try:
        yield
    except PvbenchError:
        raise
    except Exception as error:
        for foreign, ours, what in _FOREIGN:
            if isinstance(error, foreign):
                detail = " ".join(str(error).split())
                raise ours(f"{name}: {what}" + (f": {detail}" if detail else "")) from error
        raise


class _Listening(Packetizer):
    """Remembers when the peer was last heard."""

    heard: float = 0.0
    monotonic: Callable[[], float] = staticmethod(SystemClock().monotonic)

    def read_message(self) -> Any:
        message = super().read_message()
        self.heard = self.monotonic()
        return message


class Connection:
    """An authenticated connection to a machine whose key was checked. Close it, or use it as a context."""

    def __init__(
        self,
        sock: Any,
        name: str,
        place: str,
        login: Credentials,
        expected: Expected,
        *,
        timeout_s: float,
        keepalive_s: float,
        clock: Clock,
    ) -> None:
        self.name = name
        self._clock = clock
        self._keepalive_s = keepalive_s
        deadline = clock.monotonic() + timeout_s
        with translated(name):
            self._transport = paramiko.Transport(sock, packetizer_class=_Listening)
        try:
            with translated(name):
                self._shake_hands(expected, place, timeout_s, deadline)
                log_in(self._transport, name, login, deadline, clock)
                self._listen()
        except BaseException:
            self.close()
            raise

    def __enter__(self) -> "Connection":
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()

    def close(self) -> None:
        """End the connection, and with it everything on it."""
        self._transport.close()

    @property
    def alive(self) -> bool:
        """Whether the connection stood when last looked at."""
        return self._transport.is_active()

    def gone(self) -> bool:
        """Return whether the connection is lost, waiting a moment for paramiko, which closes its channels first."""
        self._transport.join(_SETTLE_S)
        return not self.alive

    def exec(self, line: bytes, timeout_s: float) -> paramiko.Channel:
        """Start a command line of the remote shell. Raises Unreachable."""
        with translated(self.name):
            channel = self._transport.open_session(timeout=timeout_s)
            channel.exec_command(line)
            return channel

    def terminal(self, line: bytes | None, term: str, columns: int, rows: int, timeout_s: float) -> paramiko.Channel:
        """Start a command line, or the login shell, on a terminal of its own. Raises Unreachable."""
        with translated(self.name):
            channel = self._transport.open_session(timeout=timeout_s)
            channel.get_pty(term, columns, rows)
            if line is None:
                channel.invoke_shell()
            else:
                channel.exec_command(line)
            return channel

    def sftp(self, timeout_s: float) -> SFTPClient | None:
        """Start the server's file service; None when it has none. Raises Unreachable when the connection is lost."""
        with translated(self.name):
            channel = self._transport.open_session(timeout=timeout_s)
            channel.settimeout(timeout_s)
            try:
                channel.invoke_subsystem("sftp")
                return SFTPClient(channel)
            except (paramiko.SSHException, EOFError, OSError):
                channel.close()
                if not self.alive:
                    raise
                return None

    def tunnel(self, address: str, port: int, timeout_s: float) -> paramiko.Channel:
        """Open a TCP connection from the machine to a further one. Raises Unreachable."""
        with translated(f"{address}:{port} through {self.name}"):
            return self._transport.open_channel("direct-tcpip", (address, port), ("127.0.0.1", 0), timeout=timeout_s)

    def _shake_hands(self, expected: Expected, place: str, timeout_s: float, deadline: float) -> None:
        transport = self._transport
        transport.banner_timeout = transport.handshake_timeout = transport.auth_timeout = timeout_s
        options = transport.get_security_options()
        # Asked for first, the type we know is the type a server with several keys shows.
        known = {algorithm for key in expected.keys for algorithm in _algorithms(key.kind)}
        options.key_types = sorted(options.key_types, key=lambda kind: kind not in known)
        # The cheapest exchange for a machine under software emulation, where others take seconds.
        options.kex = sorted(options.kex, key=lambda kex: not kex.startswith("curve25519"))
        transport.start_client(timeout=deadline - self._clock.monotonic())
        if not transport.initial_kex_done:  # paramiko returns quietly when its time is over
            raise TimeoutError(f"no key exchange within {timeout_s:g} s")
        shown = transport.get_remote_server_key()
        expected.check(HostKey(shown.get_name(), shown.asbytes()), self.name, place)

    def _listen(self) -> None:
        packetizer = self._transport.packetizer
        assert isinstance(packetizer, _Listening)  # noqa: S101  we passed the class
        packetizer.heard = self._clock.monotonic()

        # paramiko's own keepalive asks for no answer, so it would notice a dead peer only when TCP gives up.
        def beat() -> None:
            if self._clock.monotonic() - packetizer.heard > (SILENT_BEATS - 0.5) * self._keepalive_s:
                raise EOFError("the peer went silent")
            message = paramiko.Message()
            message.add_byte(cMSG_GLOBAL_REQUEST)
            message.add_string("keepalive@openssh.com")
            message.add_boolean(True)
            if not self._transport.in_kex:
                packetizer.send_message(message)

        if self._keepalive_s > 0:
            packetizer.set_keepalive(self._keepalive_s, beat)


def dial(
    name: str, address: str, port: int, timeout_s: float, family: int = socket.AF_UNSPEC, source: str | None = None
) -> socket.socket:
    """Open a TCP connection, in the family and from the address given, if any. Raises Unreachable."""
    with translated(f"{name} ({address}:{port})"):
        problem: OSError = OSError("it has no address")
        for kind, _, protocol, _, place in socket.getaddrinfo(address, port, family, socket.SOCK_STREAM):
            sock = socket.socket(kind, socket.SOCK_STREAM, protocol)
            try:
                sock.settimeout(timeout_s)
                if source:
                    sock.bind((source, 0))
                sock.connect(place)
                sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)  # requests are small and answered at once
                return sock
            except OSError as error:
                sock.close()
                problem = error
        raise problem


def _algorithms(kind: str) -> tuple[str, ...]:
    return ("rsa-sha2-512", "rsa-sha2-256") if kind == "ssh-rsa" else (kind,)
