"""How a guest of one's own lets somebody in: who logs in, by which key, and the guest's own; each looked at."""

import base64
import binascii
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pvbench.errors import ImageError
from pvbench.model import NO_CONSOLE, PARAVIRTUAL, SERIAL
from pvbench.printable import clean
from pvbench.yaml_schema import Choice, Node, Scalar, Text

USER = Text("user", r"[a-z_][a-z0-9_-]{0,31}", "a user's name as useradd(8) takes it", longest=32)
HOST_KEY = Text(
    "host key",
    r"(ssh-ed25519|ecdsa-sha2-nistp256|ssh-rsa) [A-Za-z0-9+/]+=*( .*)?",
    "a public key as in /etc/ssh/ssh_host_ed25519_key.pub: `ssh-ed25519 AAAA…`",
    longest=2000,
)
CONSOLES = (SERIAL, PARAVIRTUAL, NO_CONSOLE)
_KNOWN = Choice("console", CONSOLES)
_NO_CONSOLES: Mapping[str, str] = {
    r"ttyS[0-9]+": "a guest has one serial port here, ttyS0",
    r"tty[0-9]*": "that is a screen, and a guest has none here",
    r"hvc[0-9]+": "only the hypervisor's first console is kept, hvc0",
    r"xvc[0-9]+": "that is what the console hvc0 was called once",
    r"tty[A-Za-z]+[0-9]*": "no guest has such a port here; its serial port is ttyS0",
    r"/dev/.*": "without /dev/: ttyS0, hvc0 or none",
}
"""What a console cannot be, and why."""


@dataclass(frozen=True)
class GuestConsole:
    """What a guest's kernel prints on; another one is refused by the reason."""

    def read(self, node: Node) -> str:
        """Return one of CONSOLES."""
        text = node.text if isinstance(node, Scalar) else ""
        why = next((why for pattern, why in _NO_CONSOLES.items() if re.fullmatch(pattern, text)), None)
        if text not in CONSOLES and why:
            raise node.problem(f"console '{clean(text)[:60]}': {why}")
        return _KNOWN.read(node)

    def schema(self) -> dict[str, Any]:
        """Return an enum."""
        return _KNOWN.schema()


_LONGEST_KEY = 1 << 16
_OPENSSH = b"openssh-key-v1\0\0\0\0\4none"
"""How a private key begins that is not encrypted: PROTOCOL.key of OpenSSH."""


def fitting(text: str, shape: Text) -> str:
    """Return a text that is of a shape. Raises ImageError for another."""
    if len(text) > shape.longest or not re.fullmatch(shape.pattern, text):
        raise ImageError(f"'{clean(text)[:60]}' is no {shape.noun}: {shape.rule}")
    return text


def private_key(path: Path) -> Path:
    """Return the path of a private key that can be used as it is. Raises ImageError for another."""
    if not path.is_file():
        raise ImageError(f"there is no key {clean(str(path))}")
    try:
        with path.open("rb") as file:
            text = file.read(_LONGEST_KEY)
    except OSError as error:
        raise ImageError(f"the key {clean(str(path))}: {error.strerror}") from None
    if text.startswith((b"ssh-", b"ecdsa-")):
        raise ImageError(f"{clean(path.name)} is a public key; `key` is the private one that belongs to it")
    head, begun, body = text.partition(b"PRIVATE KEY-----")
    if not begun or b"-----BEGIN" not in head:
        raise ImageError(f"{clean(path.name)} is no private key as ssh-keygen writes it")
    if b"ENCRYPTED" in head + body[:200] or (b"OPENSSH" in head and not _plain(body)):
        raise ImageError(
            f"the key {clean(path.name)} is encrypted", hint="take its passphrase off, of a copy: ssh-keygen -p -f COPY"
        )
    return path


def _plain(body: bytes) -> bool:
    try:
        return base64.b64decode(body.splitlines()[1][:40]).startswith(_OPENSSH)
    except (binascii.Error, IndexError):
        return False
