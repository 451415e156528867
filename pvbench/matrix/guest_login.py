"""How a guest of one's own lets somebody in: who logs in, by which key, and the guest's own; each looked at."""

import base64
import binascii
import re
from pathlib import Path

from pvbench.errors import ImageError
from pvbench.printable import clean
from pvbench.yaml_schema import Text

USER = Text("user", r"[a-z_][a-z0-9_-]{0,31}", "a user's name as useradd(8) takes it", longest=32)
HOST_KEY = Text(
    "host key",
    r"(ssh-ed25519|ecdsa-sha2-nistp256|ssh-rsa) [A-Za-z0-9+/]+=*( .*)?",
    "a public key as in /etc/ssh/ssh_host_ed25519_key.pub: `ssh-ed25519 AAAA…`",
    longest=2000,
)
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
