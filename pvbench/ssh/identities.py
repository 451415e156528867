"""Which keys a machine is offered, in which order, and whose private halves sign: as OpenSSH's pubkey_prepare."""

import base64
import binascii
import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
    load_ssh_private_key,
)

from pvbench.ssh.agent import Held
from pvbench.ssh.hostkeys import HostKey

_BEGIN, _END = "-----BEGIN OPENSSH PRIVATE KEY-----", "-----END OPENSSH PRIVATE KEY-----"
_MAGIC = b"openssh-key-v1\0"
_CERTIFICATE = "-cert-v01@openssh.com"
# What stands between a certificate's nonce and the rest: the fields of the key it certifies (PROTOCOL.certkeys).
_KEY_FIELDS = {
    "ssh-ed25519": 1,
    "ssh-rsa": 2,
    "ecdsa-sha2-nistp256": 2,
    "ecdsa-sha2-nistp384": 2,
    "ecdsa-sha2-nistp521": 2,
    "sk-ssh-ed25519": 2,
    "sk-ecdsa-sha2-nistp256": 3,
}


@dataclass(frozen=True)
class Credentials:
    """Who logs in, and with what.

    `files` may hold private keys, or the public halves of what the agent has. `agent` is the agent's socket; with
    `only_files` it is asked for keys that a file names and no other. `named` says that a person chose this very file,
    so that it must be of use. `text` is a private key in memory, and then nothing else counts.
    """

    user: str
    files: tuple[Path, ...] = ()
    certificates: tuple[Path, ...] = ()
    agent: str | None = None
    only_files: bool = False
    named: bool = False
    text: str | None = None


@dataclass(frozen=True)
class Offer:
    """A public key or certificate to offer; it is signed for by the agent, or by the private key in a file."""

    label: str
    public: HostKey | None
    path: Path | None = None
    held: HostKey | None = None


class Unusable(Exception):
    """A key file that cannot sign: why, and what would help."""

    def __init__(self, why: str, mend: str) -> None:
        super().__init__(why)
        self.mend = mend


def offers(credentials: Credentials, held: Sequence[Held]) -> tuple[Offer, ...]:
    """Return what is offered: certificates named, the agent's keys that files name, its others, the files' others."""
    files = list(_of_files(credentials))
    own: list[Offer] = []
    others: list[Offer] = []
    for each in held:
        at = next((number for number, offer in enumerate(files) if offer.public == each.public), None)
        if at is not None:
            offer = files.pop(at)
            own.append(Offer(f"{offer.label} (from the agent)", offer.public, offer.path, each.public))
        elif not credentials.only_files:
            others.append(Offer(f"agent key {each.comment or each.public.kind}", each.public, held=each.public))
    certified = [
        Offer(str(path), public) for path in credentials.certificates if is_certificate(public := public_half(path))
    ]
    return tuple(_signed(offer, held, files) for offer in (*certified, *own, *others, *files))


def public_half(path: Path) -> HostKey | None:
    """Return the public key of a file: its own text, what its private key says of it, or the `.pub` beside it."""
    for candidate in (path, path.with_name(path.name + ".pub")):
        try:
            text = candidate.read_text(encoding="utf-8")
            return _inside(text) if _BEGIN in text else HostKey.parse(text)
        except (OSError, ValueError):
            continue
    return None


def is_certificate(key: HostKey | None) -> bool:
    """Return whether it is a certificate, and not a plain key."""
    return key is not None and key.kind.endswith(_CERTIFICATE)


def is_fido(key: HostKey | None) -> bool:
    """Return whether its private half is in a security key, which wants a touch."""
    return key is not None and key.kind.startswith("sk-")


def openssh_text(data: bytes, what: str) -> str:
    """Return a private key of whatever usual format as OpenSSH writes it. Raises Unusable when it cannot be read."""
    for load in (load_ssh_private_key, load_pem_private_key):
        try:
            key = load(data, None)
            return key.private_bytes(Encoding.PEM, PrivateFormat.OpenSSH, NoEncryption()).decode()
        except TypeError:  # a passphrase is wanted
            raise _encrypted(what) from None
        except (ValueError, UnsupportedAlgorithm) as error:
            if "password" in str(error).lower():
                raise _encrypted(what) from None
    raise Unusable(f"{what} is no private key of type ed25519, ecdsa or rsa", "make one: ssh-keygen -t ed25519")


def private_text(path: Path, public: HostKey | None) -> str:
    """Return the text of a private key file. Raises Unusable with the sentence that is true of it."""
    try:
        data = path.read_bytes()
    except OSError as error:
        raise Unusable(f"{path} cannot be read: {error.strerror}", "`key:` names a private key file") from None
    if is_fido(public):
        raise Unusable(f"{path} is a FIDO key, which wants a touch of its device", f"ssh-add {path} lets an agent ask")
    if b"PRIVATE KEY" not in data and public is not None:
        raise Unusable(f"{path} is the public half of a key that no SSH agent holds", "ssh-add its private half")
    return openssh_text(data, str(path))


def certified(certificate: HostKey) -> HostKey | None:
    """Return the plain key inside a certificate; None when it is of no known type."""
    plain = certificate.kind.removesuffix(_CERTIFICATE)
    kind = f"{plain}@openssh.com" if plain.startswith("sk-") else plain
    fields = list(_fields(certificate.blob))[2 : 2 + _KEY_FIELDS.get(plain, 0)]
    return HostKey(kind, b"".join(map(_field, (kind.encode(), *fields)))) if fields else None


def _encrypted(what: str) -> Unusable:
    return Unusable(
        f"{what} is encrypted and no SSH agent holds it", f"ssh-add {what}, or use a key without passphrase"
    )


def _of_files(credentials: Credentials) -> Iterator[Offer]:
    look_beside = not credentials.certificates
    for path in dict.fromkeys(credentials.files):
        public = public_half(path)
        if credentials.named or public is not None or os.path.lexists(path):
            yield Offer(str(path), public, path)
        beside = public_half(path.with_name(path.name + "-cert.pub")) if look_beside else None
        if is_certificate(beside):
            yield Offer(f"{path} with its certificate", beside, path)


def _signed(offer: Offer, held: Sequence[Held], files: Sequence[Offer]) -> Offer:
    """Return the offer with who signs for it: a certificate's key may be in the agent or in another file."""
    if offer.held is not None or offer.public is None or not is_certificate(offer.public):
        return offer
    plain = certified(offer.public)
    in_agent = next((each.public for each in held if each.public == plain), None)
    in_file = offer.path or next((file.path for file in files if file.public == plain), None)
    return Offer(offer.label, offer.public, in_file, in_agent)


def _inside(text: str) -> HostKey:
    """Return the public half, which an OpenSSH private key holds in the clear. Raises ValueError."""
    encoded = text.partition(_BEGIN)[2].partition(_END)[0]
    try:
        data = base64.b64decode("".join(encoded.split()), validate=True)
    except binascii.Error as error:
        raise ValueError("no base64") from error
    if not data.startswith(_MAGIC):
        raise ValueError("no OpenSSH key")
    cipher, kdf, options = list(_fields(data[len(_MAGIC) :]))[:3]
    after = len(_MAGIC) + sum(4 + len(field) for field in (cipher, kdf, options)) + 4
    blob = next(_fields(data[after:]))
    return HostKey(next(_fields(blob)).decode(), blob)


def _fields(data: bytes) -> Iterator[bytes]:
    while len(data) >= 4 and 4 + (size := int.from_bytes(data[:4], "big")) <= len(data):
        yield data[4 : 4 + size]
        data = data[4 + size :]


def _field(data: bytes) -> bytes:
    return len(data).to_bytes(4, "big") + data
