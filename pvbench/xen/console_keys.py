"""The host key of a guest, learnt from its serial console: its own word, and nobody's on the network. Pure.

cloud-init prints the keys between marks (its module "Keys to Console"); any image can print them by one line of its
own, `cat /etc/ssh/ssh_host_*_key.pub > /dev/ttyS0`, as they stand in those files (sshd(8)).
"""

import re

from pvbench.errors import BootError
from pvbench.ssh.hostkeys import HostKey

KINDS = ("ssh-ed25519", "ecdsa-sha2-nistp256", "ssh-rsa")
"""The types that are pinned, the one that is taken where several are shown first."""
HOW = "cat /etc/ssh/ssh_host_*_key.pub > /dev/ttyS0"
"""What prints them, as root, once sshd has its keys; on whatever its console is."""
_BEGIN, _END = "-----BEGIN SSH HOST KEY KEYS-----", "-----END SSH HOST KEY KEYS-----"
_CONTROL = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]|[\r\0]")
_LINE = re.compile(rf"(?:\S+ login: )?((?:{'|'.join(KINDS)}) AAAA[A-Za-z0-9+/]+={{0,2}})(?: .*)?")
"""A key as in its file; a login prompt may stand before it, which ends with no line."""


def shown(console: str, name: str) -> HostKey | None:
    """Return the host key that a console shows, None where it shows none yet.

    Lines that are not whole, or hold no key of the type that they name, show nothing. Raises BootError where it shows
    two keys of one type: one of them is not the guest's.
    """
    whole = _CONTROL.sub("", console[: console.rfind("\n") + 1])
    marked = "\n".join(re.findall(rf"{_BEGIN}\n(.*?){_END}", whole, re.DOTALL))
    if _BEGIN in whole and not marked:
        return None
    found: dict[str, HostKey] = {}
    for key in map(_key, (marked or whole).split("\n")):
        if key is None:
            continue
        if found.setdefault(key.kind, key) != key:
            raise BootError(
                f"{name}: its console shows two {key.kind} host keys, {found[key.kind].fingerprint} and "
                f"{key.fingerprint}",
                hint="give the right one as `host_key`, or let the image print its keys once they are made",
            )
    return next((found[kind] for kind in KINDS if kind in found), None)


def _key(line: str) -> HostKey | None:
    if not (fits := _LINE.fullmatch(line)):
        return None
    try:
        key = HostKey.parse(fits[1])
    except ValueError:
        return None
    return key if _whole(key.blob) else None


def _whole(blob: bytes) -> bool:
    """Whether a key's blob is two or three fields with their lengths (RFC 4251, section 5), and nothing more."""
    fields = 0
    while blob:
        size = int.from_bytes(blob[:4], "big")
        if len(blob) < 4 + size or not size:
            return False
        blob, fields = blob[4 + size :], fields + 1
    return fields in (2, 3)
