"""Which key a machine may show: a pinned one, or what the known_hosts files hold."""

import base64
import binascii
import hashlib
import hmac
import re
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from pvbench.errors import HostKeyMismatch, HostKeyUnknown, InventoryError

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
    by_authority: bool = False

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
        authority = " (its @cert-authority line vouches for certificates, which pvbench does not check)"
        raise HostKeyUnknown(
            f"{name} ({place}) shows the key {shown}, which neither hosts.yaml nor {self.source} has"
            f"{authority if self.by_authority else ''}; nothing was sent",
            hint=f"compare with {check}; if it is the same, add to {name} in hosts.yaml: {pin}",
        )


@dataclass(frozen=True)
class Known:
    """Where a machine's key is looked for: a pinned key alone, else files, under its alias or else its address."""

    pinned: str | None = None
    alias: str | None = None
    files: tuple[Path, ...] = ()
    revoked: tuple[Path, ...] = ()


def expected(name: str, address: str, port: int, known: Known) -> Expected:
    """Return the keys a machine may show: the pinned one alone, else those of the known_hosts files.

    As in OpenSSH, an address at another port than 22 that no line names is looked for without its port. Raises
    InventoryError when the pinned key, or a file of revoked keys, cannot be read.
    """
    revoked = [key for path in known.revoked for key in _revoked(path)]
    if known.pinned is not None:
        try:
            return Expected((HostKey.parse(known.pinned),), "its host_key in the inventory", tuple(revoked))
        except ValueError as error:
            raise InventoryError(
                f"{name}: host_key: {error}", hint=f"ssh-keyscan -t ed25519 {address} shows its form"
            ) from error
    texts = [text for path in known.files if (text := _text(path)) is not None]
    bare = address.lower()
    names = (known.alias.lower(),) if known.alias else (bare,) if port == SSH_PORT else (f"[{bare}]:{port}", bare)
    keys: list[HostKey] = []
    by_authority = False
    for wanted in names:
        for marker, key in (found for text in texts for found in _matching(text, wanted)):
            by_authority |= marker == "@cert-authority"
            if marker == "@revoked":
                revoked.append(key)
            elif not marker:
                keys.append(key)
        if keys:
            break
    source = " or ".join(str(path) for path in known.files if path.is_file()) or "any known_hosts file"
    return Expected(tuple(dict.fromkeys(keys)), source, tuple(revoked), by_authority)


def _text(path: Path) -> str | None:
    try:
        return path.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return None


def _revoked(path: Path) -> Iterator[HostKey]:
    # OpenSSH lets nobody in when it cannot read the file, and so do we.
    text = _text(path)
    if text is None or text.startswith("SSHKRL"):
        what = "cannot be read" if text is None else "is a KRL, which pvbench does not read"
        raise InventoryError(
            f"RevokedHostKeys: {path} {what}", hint="pin the host's key with host_key: and take the line out for it"
        )
    for line in text.splitlines():
        with suppress(ValueError):
            yield HostKey.parse(line)


def _matching(text: str, wanted: str) -> Iterator[tuple[str, HostKey]]:
    for line in text.splitlines():
        words = line.split()
        if not words or words[0].startswith("#"):
            continue
        marker = words.pop(0) if words[0].startswith("@") else ""
        if len(words) < 3 or not _names(words[0], wanted):
            continue
        with suppress(ValueError):
            yield marker, HostKey.parse(" ".join(words[1:3]))


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
