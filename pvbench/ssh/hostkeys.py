"""Which key a machine may show: a pinned one, or what the known_hosts files hold. Pure."""

import base64
import binascii
import hashlib
import hmac
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Self

from pvbench.errors import HostKeyMismatch, HostKeyUnknown, InventoryError
from pvbench.inventory import Host

SSH_PORT = 22
_OUT_OF_BAND = "ssh-keygen -lf /etc/ssh/ssh_host_{kind}_key.pub on its console"


@dataclass(frozen=True)
class HostKey:
    """A public key: its type and its bytes."""

    kind: str
    blob: bytes

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read "ssh-ed25519 AAAA… [comment]". Raises ValueError when it is something else."""
        words = text.split()
        if len(words) < 2:
            raise ValueError("a public key has a type and a base64 text: ssh-ed25519 AAAA…")
        try:
            blob = base64.b64decode(words[1], validate=True)
        except binascii.Error as error:
            raise ValueError(f"the key after {words[0]} is not base64") from error
        # A public key blob repeats its type, so a key cut short or under a false type is noticed here.
        kind = words[0].encode()
        if blob[: 4 + len(kind)] != len(kind).to_bytes(4, "big") + kind:
            raise ValueError(f"the base64 text after {words[0]} is not a key of that type")
        return cls(words[0], blob)

    @property
    def fingerprint(self) -> str:
        """The fingerprint as ssh-keygen -l prints it."""
        return "SHA256:" + base64.b64encode(hashlib.sha256(self.blob).digest()).decode().rstrip("=")

    @property
    def line(self) -> str:
        """The key as hosts.yaml and known_hosts hold it."""
        return f"{self.kind} {base64.b64encode(self.blob).decode()}"

    def __str__(self) -> str:
        return f"{self.fingerprint} ({self.kind})"


@dataclass(frozen=True)
class Expected:
    """The keys one machine may show, and where they are from."""

    keys: tuple[HostKey, ...]
    source: str
    revoked: tuple[HostKey, ...] = ()

    def check(self, shown: HostKey, name: str, place: str) -> None:
        """Return when the key is one of ours. Raises HostKeyUnknown or HostKeyMismatch, which say what to do."""
        if shown in self.revoked:
            raise HostKeyMismatch(
                f"{name} ({place}) shows the key {shown}, which {self.source} marks as revoked",
                hint="do not connect; ask the machine's administrator for its new key",
            )
        if shown in self.keys:
            return
        check = _OUT_OF_BAND.format(kind=shown.kind.removeprefix("ssh-").split("-")[0])
        pin = f'host_key: "{shown.line}"'
        if self.keys:
            known = ", ".join(str(key) for key in self.keys)
            raise HostKeyMismatch(
                f"{name} ({place}) shows the key {shown}, but {self.source} has {known}; nothing was sent",
                hint=f"if the machine was reinstalled, compare with {check}, then replace the old key: {pin}",
            )
        raise HostKeyUnknown(
            f"{name} ({place}) shows the key {shown}, which neither hosts.yaml nor {self.source} has; nothing was sent",
            hint=f"compare with {check}; if it is the same, add to {name} in hosts.yaml: {pin}",
        )


def expected(host: Host, known_hosts: Iterable[tuple[str, str]]) -> Expected:
    """Return the keys the host may show: the pinned one alone, else those of the known_hosts files.

    `known_hosts` are (file name, text) pairs. Raises InventoryError when the pinned key cannot be read.
    """
    if host.host_key is not None:
        try:
            return Expected((HostKey.parse(host.host_key),), "its host_key in the inventory")
        except ValueError as error:
            raise InventoryError(
                f"{host.name}: host_key: {error}", hint=f"ssh-keyscan -t ed25519 {host.address} shows its form"
            ) from error
    wanted = host.address.lower()
    if host.port not in (None, SSH_PORT):
        wanted = f"[{wanted}]:{host.port}"
    keys: list[HostKey] = []
    revoked: list[HostKey] = []
    names = []
    for name, text in known_hosts:
        names.append(name)
        for is_revoked, key in _matching(text, wanted):
            (revoked if is_revoked else keys).append(key)
    return Expected(tuple(dict.fromkeys(keys)), " or ".join(names) or "any known_hosts file", tuple(revoked))


def _matching(text: str, wanted: str) -> Iterator[tuple[bool, HostKey]]:
    for line in text.splitlines():
        words = line.split()
        if not words or words[0].startswith("#"):
            continue
        marker = words.pop(0) if words[0].startswith("@") else ""
        # Certificate authorities are not supported: their lines vouch for nothing here.
        if marker == "@cert-authority" or len(words) < 3 or not _names(words[0], wanted):
            continue
        try:
            yield marker == "@revoked", HostKey.parse(" ".join(words[1:3]))
        except ValueError:
            continue


def _names(field: str, wanted: str) -> bool:
    if field.startswith("|1|"):
        return _hashed(field, wanted)
    found = False
    for pattern in field.lower().split(","):
        if re.fullmatch(re.escape(pattern.removeprefix("!")).replace(r"\*", ".*").replace(r"\?", "."), wanted):
            if pattern.startswith("!"):
                return False
            found = True
    return found


def _hashed(field: str, wanted: str) -> bool:
    # `HashKnownHosts yes`: |1|base64 salt|base64 HMAC-SHA1(salt, name). See sshd(8), SSH_KNOWN_HOSTS FILE FORMAT.
    try:
        salt, digest = (base64.b64decode(part) for part in field.split("|")[2:4])
    except (ValueError, binascii.Error):
        return False
    return hmac.compare_digest(hmac.new(salt, wanted.encode(), hashlib.sha1).digest(), digest)
