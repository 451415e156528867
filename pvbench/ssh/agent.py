"""An SSH agent: the keys it holds, and signatures by them (draft-ietf-sshm-ssh-agent)."""

import socket
import struct
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from pvbench.ssh.hostkeys import HostKey

_REQUEST_IDENTITIES, _IDENTITIES = 11, 12
_SIGN_REQUEST, _SIGNATURE = 13, 14
_FLAGS = {"rsa-sha2-256": 2, "rsa-sha2-512": 4}
_ANSWER_S = 60.0  # a key may want a touch or a confirmation
_LONGEST = 1 << 20


@dataclass(frozen=True)
class Held:
    """A key an agent holds, and what it is called there."""

    public: HostKey
    comment: str


class Agent:
    """A connection to an agent. Whatever goes wrong with it is an OSError."""

    def __init__(self, sock: socket.socket) -> None:
        self._sock = sock

    def keys(self) -> tuple[Held, ...]:
        """Return the keys in the order in which the agent lists them."""
        body = self._ask(bytes([_REQUEST_IDENTITIES]), _IDENTITIES)
        fields = _strings(body[4:])
        found = []
        for _ in range(int.from_bytes(body[:4], "big")):
            blob, comment = next(fields), next(fields)
            kind = next(_strings(blob)).decode(errors="replace")
            found.append(Held(HostKey(kind, blob), comment.decode(errors="replace")))
        return tuple(found)

    def sign(self, blob: bytes, data: bytes, algorithm: str) -> bytes:
        """Return the signature by the key with that public blob."""
        flags = next((flag for name, flag in _FLAGS.items() if algorithm.startswith(name)), 0)
        request = bytes([_SIGN_REQUEST]) + _string(blob) + _string(data) + struct.pack(">I", flags)
        return next(_strings(self._ask(request, _SIGNATURE)))

    def _ask(self, request: bytes, wanted: int) -> bytes:
        self._sock.sendall(_string(request))
        answer = self._read(int.from_bytes(self._read(4), "big"))
        if answer[:1] != bytes([wanted]):
            raise OSError("the agent refuses")
        return answer[1:]

    def _read(self, size: int) -> bytes:
        data = b""
        while len(data) < min(size, _LONGEST):
            more = self._sock.recv(size - len(data))
            if not more:
                raise OSError("the agent hung up")
            data += more
        return data


@contextmanager
def agent(path: str | None) -> Iterator[Agent | None]:
    """Connect to the agent at a socket; None where there is none."""
    sock = socket.socket(socket.AF_UNIX)
    with sock:
        sock.settimeout(_ANSWER_S)
        try:
            if not path:
                raise OSError
            sock.connect(path)
        except OSError:
            yield None
        else:
            yield Agent(sock)


def _string(data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + data


def _strings(data: bytes) -> Iterator[bytes]:
    while data:
        size = int.from_bytes(data[:4], "big")
        if len(data) < 4 + size:
            raise OSError("the agent's answer is cut short")
        yield data[4 : 4 + size]
        data = data[4 + size :]
    raise OSError("the agent's answer is cut short")
