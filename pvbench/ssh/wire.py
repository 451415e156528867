"""The only caller of paramiko: a connection whose host key was checked, and the channels on it.

A little over the usual length, because what needs paramiko can be nowhere else.
"""

import getpass
import io
import logging
import socket
from collections.abc import Callable, Generator, Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import paramiko
from paramiko.common import cMSG_GLOBAL_REQUEST
from paramiko.packet import Packetizer
from paramiko.sftp_client import SFTPClient as SFTPClient

from pvbench.clock import Clock, SystemClock
from pvbench.errors import InventoryError, LoginRefused, PvbenchError, TransportError, Unreachable
from pvbench.ssh.hostkeys import Expected, HostKey

# Its thread logs every lost connection with a traceback; what matters reaches the user as one of our errors.
logging.getLogger("paramiko").addHandler(logging.NullHandler())
logging.getLogger("paramiko").propagate = False

DEFAULT_KEYS = ("id_ed25519", "id_ecdsa", "id_rsa")
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


@dataclass(frozen=True)
class Login:
    """Who logs in and with what: the text of a private key, a key file, or (neither) the agent and default keys."""

    user: str | None = None
    key_text: str | None = None
    key_file: Path | None = None
    key_folder: Path | None = None


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
        login: Login,
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
                self._log_in(login, deadline)
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

    def _log_in(self, login: Login, deadline: float) -> None:
        transport, user, tried = self._transport, login.user or getpass.getuser(), list[str]()
        passed_over: list[str] = []
        with closing(_identities(login, self.name, passed_over)) as identities:
            for label, key in identities:
                transport.auth_timeout = max(0.1, deadline - self._clock.monotonic())
                tried.append(label)
                try:
                    if not transport.auth_publickey(user, key):
                        return
                except paramiko.BadAuthenticationType as error:
                    raise LoginRefused(
                        f"{self.name}: it takes no public keys from {user}, only {', '.join(error.allowed_types)}",
                        hint="allow PubkeyAuthentication there; pvbench never asks for a password",
                    ) from error
                except paramiko.AuthenticationException as error:
                    if self._clock.monotonic() >= deadline:
                        raise TimeoutError("no answer to the login") from error
                    if not self.alive:
                        break
        if not self.alive and len(tried) == 1:
            raise EOFError("it hung up during the login")
        with_what = f"with {', '.join(tried)}" if tried else "and there is no key to offer (no agent, no default key)"
        besides = f"; passed over: {', '.join(passed_over)}" if passed_over else ""
        raise LoginRefused(
            f"{self.name}: it does not let {user} in {with_what}{besides}",
            hint=f"name the right key with `key:` in hosts.yaml, or run ssh-copy-id for {user} there",
        )

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


def dial(name: str, address: str, port: int, timeout_s: float) -> socket.socket:
    """Open a TCP connection. Raises Unreachable."""
    with translated(f"{name} ({address}:{port})"):
        sock = socket.create_connection((address, port), timeout=timeout_s)
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)  # requests are small and answered at once
        return sock


def lookup(config_text: str, name: str) -> dict[str, Any]:
    """Return the ssh_config options for a name, keys in lower case. Raises InventoryError."""
    try:
        return dict(paramiko.SSHConfig.from_text(config_text).lookup(name))
    except (paramiko.ConfigParseError, paramiko.CouldNotCanonicalize) as error:
        raise InventoryError(f"the SSH configuration cannot be read: {error}") from error
    except ImportError as error:
        raise InventoryError(
            "the SSH configuration has `Match exec`, which pvbench does not run",
            hint="put the host's settings into hosts.yaml",
        ) from error


def _algorithms(kind: str) -> tuple[str, ...]:
    return ("rsa-sha2-512", "rsa-sha2-256") if kind == "ssh-rsa" else (kind,)


def _identities(login: Login, name: str, passed_over: list[str]) -> Generator[tuple[str, paramiko.PKey], None, None]:
    if login.key_text is not None:
        yield "the given key", _private_key(login.key_text, f"{name}: the given key")
    elif login.key_file is not None:
        yield from _from_file(login.key_file, name)
    else:
        with _agent() as agent:
            for held in agent:
                yield f"agent key {held.comment or held.get_name()}", held
        for path in (login.key_folder / file for file in DEFAULT_KEYS) if login.key_folder else ():
            try:
                key = _private_key(path.read_text(), str(path), path)
            except FileNotFoundError:
                continue
            except paramiko.PasswordRequiredException:
                passed_over.append(f"{path} is encrypted (ssh-add {path})")
            except (LoginRefused, OSError, UnicodeDecodeError):
                passed_over.append(f"{path} cannot be read")
            else:
                yield str(path), key


def _from_file(path: Path, name: str) -> Iterator[tuple[str, paramiko.PKey]]:
    try:
        text = path.expanduser().read_text()
    except (OSError, UnicodeDecodeError) as error:
        raise LoginRefused(
            f"{name}: the key {path} cannot be read: {error}", hint="`key:` names a private key file"
        ) from error
    try:
        yield str(path), _private_key(text, f"{name}: the key {path}", path.expanduser())
    except paramiko.PasswordRequiredException as error:
        wanted = None
        with suppress(OSError, ValueError):  # without the public half, every key of the agent may be the one
            wanted = HostKey.parse(path.expanduser().with_name(path.name + ".pub").read_text()).blob
        with _agent() as agent:
            held = [key for key in agent if wanted in (None, key.asbytes())]
            for key in held:
                yield f"{path} (from the agent)", key
        if not held:
            raise LoginRefused(
                f"{name}: the key {path} is encrypted and no SSH agent holds it",
                hint=f"ssh-add {path}, or name a key without a passphrase",
            ) from error


@contextmanager
def _agent() -> Iterator[tuple[paramiko.AgentKey, ...]]:
    try:
        agent = paramiko.Agent()
    except (paramiko.SSHException, OSError):
        yield ()
        return
    with closing(agent):
        yield tuple(agent.get_keys())


def _private_key(text: str, what: str, path: Path | None = None) -> paramiko.PKey:
    kinds: tuple[type[paramiko.PKey], ...] = (paramiko.Ed25519Key, paramiko.ECDSAKey, paramiko.RSAKey)
    for kind in kinds:
        try:
            key = kind.from_private_key(io.StringIO(text))
        except paramiko.PasswordRequiredException:
            raise
        except (paramiko.SSHException, ValueError, IndexError):
            continue
        certificate = path.with_name(path.name + "-cert.pub") if path else None
        if certificate is not None and certificate.exists():
            key.load_certificate(str(certificate))
        return key
    raise LoginRefused(
        f"{what} is not an OpenSSH private key of type ed25519, ecdsa or rsa",
        hint="ssh-keygen -p -f KEY rewrites an older format",
    )
