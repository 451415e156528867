"""hosts.yaml → the hosts we may use, with pinned host keys."""

import base64
import binascii
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, Self

from pvbench.errors import InventoryError
from pvbench.model import Platform
from pvbench.yaml_schema import Choice, Const, Field, Keyed, Named, Node, Scalar, Text, Whole, at, nearest, parse, shown

DEFAULT_SCRATCH = "/var/tmp/pvbench"  # noqa: S108 — a folder on the measured host, made private there


@dataclass(frozen=True)
class Host:
    """A machine we may use. None means: as OpenSSH would (its config file, its agent, its known_hosts).

    `host_key` is the pinned public key, "ssh-ed25519 AAAA…"; `jump` is what it is reached through, another host's
    name here or as for `ssh -J`; `scratch` is a folder on the host under which everything pvbench creates lies;
    `bridge` is an existing bridge to use (None: pvbench makes its own); `volume_group` puts scratch disks on LVs
    instead of loop devices; `storage` is "disk" or "memory": scratch disks in the host's RAM, so that only the device
    path is measured. `hypervisor` runs its guests (a Platform). `complete` says that nothing else is needed to reach
    it, so that the SSH configuration is not asked: the lab.
    """

    name: str
    address: str
    port: int | None = None
    user: str | None = None
    key: str | None = None
    host_key: str | None = None
    jump: str | None = None
    scratch: str = DEFAULT_SCRATCH
    bridge: str | None = None
    volume_group: str | None = None
    storage: str = "disk"
    hypervisor: str = Platform.XEN
    complete: bool = False


@dataclass(frozen=True)
class Inventory:
    """The hosts by name, and the file they come from for messages."""

    hosts: Mapping[str, Host] = field(default_factory=lambda: MappingProxyType({}))
    name: str = "hosts.yaml"

    def host(self, name: str) -> Host:
        """Return a host; raises InventoryError with the nearest name if it is not here."""
        if name in self.hosts:
            return self.hosts[name]
        raise InventoryError(
            f"{shown(self.name, 200)}: no host '{shown(name)}'{nearest(name, self.hosts)}",
            hint=f"add '{shown(name)}' below `hosts:`, or name one that is there",
        )

    def plus(self, *hosts: Host) -> Self:
        """Return the inventory with further hosts, such as the lab; a host of the same name is replaced."""
        return type(self)(MappingProxyType({**self.hosts, **{host.name: host for host in hosts}}), self.name)


HOST_NAME = Text(
    "host name",
    r"[A-Za-z0-9_][A-Za-z0-9._-]*",
    "letters, digits, '.', '_' and '-', not beginning with '.' or '-'",
    longest=64,
)

# What pvbench removes lies below `scratch`, so it may not be a folder that is somebody else's.
_OTHERS = (
    "home|lost\\+found|media|mnt|opt|root|run|srv|tmp|usr|usr/local|var|home/[^/]*"
    "|var/(?:backups|cache|lib|lib/xen|local|lock|log|mail|opt|run|spool|tmp)"
)
_OTHERS_AND_BELOW = "bin|boot|dev|etc|lib|lib32|lib64|proc|sbin|sys|usr/bin|usr/lib|usr/sbin"
_SCRATCH = Text(
    "scratch folder",
    rf"(?!/(?:{_OTHERS})$)(?!/(?:{_OTHERS_AND_BELOW})(?:/|$))(?:/(?!\.\.?(?:/|$))[A-Za-z0-9._+-]+)+",
    "an absolute path to a folder of its own, such as /var/tmp/pvbench; no system folder, no '..', no '/' at its end",
)

_KEY_TYPES = (
    "ssh-ed25519|ssh-rsa|ecdsa-sha2-nistp256|ecdsa-sha2-nistp384|ecdsa-sha2-nistp521"
    "|sk-ssh-ed25519@openssh.com|sk-ecdsa-sha2-nistp256@openssh.com"
)


_KEY = Text(
    "host key",
    rf"(?:{_KEY_TYPES}) [A-Za-z0-9+/]+=?=?(?: .*)?",
    "a public key as in /etc/ssh/ssh_host_ed25519_key.pub, 'ssh-ed25519 AAAA…' (ssh-keyscan prints it)",
    longest=4000,
)


class _HostKey:
    """An OpenSSH public key: type and base64, whatever comment follows dropped."""

    def read(self, node: Node) -> str:
        """Return "type base64"; the type inside the base64 must be the one before it."""
        kind, encoded = _KEY.read(node).split(" ")[:2]
        try:
            blob = base64.b64decode(encoded, validate=True)
        except binascii.Error as err:
            raise node.problem("the host key is cut short or mistyped: its base64 does not decode") from err
        inner = blob[4 : 4 + int.from_bytes(blob[:4], "big")]
        if inner != kind.encode() or len(blob) <= 4 + len(inner) + 4:
            raise node.problem(f"the host key is cut short or mistyped: it does not hold a key of type {kind}")
        return f"{kind} {encoded}"

    def schema(self) -> dict[str, Any]:
        """Return the schema of the text; whether the base64 holds a key is for `read`."""
        return _KEY.schema()


_ADDRESS = Text(
    "address",
    r"(?![^:]*:[^:]*$)[A-Za-z0-9_:](?:[A-Za-z0-9._:%-]*)",
    "a name or an IP address; user and port are keys of their own",
)
# As people paste them: [ssh://][user@]address[:port], a numeric address of version 6 in brackets.
_PLACE = (
    r"(?:ssh://)?(?:(?P<user>[A-Za-z0-9_][A-Za-z0-9._@+\\-]*\$?)@)?(?:\[(?P<six>[0-9A-Fa-f:.%a-z]+)\]|(?P<address>[A-Za-z0-9_][A-Za-z0-9._-]*))"
    r"(?::(?P<port>[0-9]{1,5}))?/?"
)
_BARE_PLACE = re.sub(r"\?P<\w+>", "?:", _PLACE)
_JUMP = Text(
    "jump",
    f"(?:{_BARE_PLACE})(?:,(?:{_BARE_PLACE}))*",
    "a host of this file, or as for ssh -J: [user@]address[:port], several with commas between them, outermost first",
    longest=1000,
)


class _Address:
    """A name or an IP address alone: what is pasted with user or port is told apart in the message."""

    def read(self, node: Node) -> str:
        """Return the address."""
        text = node.text if isinstance(node, Scalar) else ""
        found = re.fullmatch(_PLACE, text)
        if found is not None and not re.fullmatch(_ADDRESS.pattern, text):
            keys = [f"address: {found['six'] or found['address']}"]
            keys += [f"{key}: {found[key]}" for key in ("port", "user") if found[key]]
            raise node.problem(
                f"'{shown(text)}' is more than an address; write {shown(', '.join(keys), 200)}, each a key of its own"
            )
        return _ADDRESS.read(node)

    def schema(self) -> dict[str, Any]:
        """Return the schema of the text."""
        return _ADDRESS.schema()


_USER = Text("user name", r"[A-Za-z_][A-Za-z0-9._-]*\$?", "a login name, such as root", longest=32)
_KEY_FILE = Text("path", r"[^\s].*", "the path of a private key on this machine", longest=1000)
_BRIDGE = Text(
    "bridge", r"[A-Za-z0-9_][A-Za-z0-9._-]*", "a network interface's name: letters, digits, '.', '_', '-'", longest=15
)
_GROUP = Text(
    "volume group",
    r"[A-Za-z0-9_+.][A-Za-z0-9_+.-]*",
    "LVM allows letters, digits, '+', '_', '.', '-'",
    longest=127,
    refused=frozenset({".", ".."}),
)

_HOST = Keyed(
    "a host",
    {
        "address": Field(_Address(), "Name or IP address; a name may be one of ~/.ssh/config.", required=True),
        "port": Field(Whole(1, 65535), "SSH port; left out: as OpenSSH would."),
        "user": Field(_USER, "Login; must be root or able to run xl. Left out: as OpenSSH would."),
        "key": Field(_KEY_FILE, "Private key file; left out: as OpenSSH would (its agent, its default files)."),
        "host_key": Field(_HostKey(), "The host's public key, pinned; left out: known_hosts decides."),
        "jump": Field(
            _JUMP, "What it is reached through: a host of this file, a name of ~/.ssh/config, or as for ssh -J."
        ),
        "scratch": Field(_SCRATCH, "Folder on the host for all that pvbench creates there.", default=DEFAULT_SCRATCH),
        "bridge": Field(_BRIDGE, "Existing bridge for the guests; left out: pvbench makes and removes its own."),
        "storage": Field(
            Choice("storage", ("disk", "memory")),
            "Where scratch disks lie: on disk, or in the host's memory, so that only the device path is measured.",
            default="disk",
        ),
        "hypervisor": Field(Choice("hypervisor", (Platform.XEN,)), "What runs its guests.", default=Platform.XEN.value),
        "volume_group": Field(_GROUP, "LVM volume group for scratch disks; left out: files on loop devices."),
    },
)
_FILE = Keyed(
    "an inventory",
    {
        "schema": Field(Const(1), "Version of this format.", required=True),
        "hosts": Field(Named("hosts", HOST_NAME, _HOST), "The hosts, by the names that matrices use.", required=True),
    },
)


def schema() -> dict[str, Any]:
    """Return the JSON Schema (2020-12) of hosts.yaml."""
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", "title": "pvbench hosts", **_FILE.schema()}


def load(text: str, *, name: str) -> Inventory:
    """Return the inventory that a hosts.yaml says; raises InventoryError, located, for the first thing wrong."""
    root = parse(text, name=name, error=InventoryError)
    read = _FILE.read(root)["hosts"]
    hosts = {host: Host(name=host, **settings) for host, settings in read.items()}
    for host in hosts.values():
        _check_jumps(host, hosts, at(root, "hosts", host.name, "jump"))
    return Inventory(MappingProxyType(hosts), name)


def _check_jumps(host: Host, hosts: Mapping[str, Host], node: Node) -> None:
    for word in (host.jump or "").split(","):
        near = nearest(word, hosts) if re.fullmatch(HOST_NAME.pattern, word) and word not in (*hosts, "none") else ""
        if near.startswith("; did"):  # else it may be a name of the SSH configuration
            elsewhere = f"another machine of that name is root@{word}, with its user"
            raise node.problem(f"jump: no host '{word}' in this file{near} ({elsewhere})")
    way = [host.name]
    while (chain := hosts[way[-1]].jump) is not None:
        # As in OpenSSH, only the first of a chain is reached by its own jumps.
        jump = chain.partition(",")[0]
        if jump not in hosts:
            return
        if jump in way:
            raise node.problem(f"jump: the hosts form a circle: {' → '.join([*way, jump])}")
        way.append(jump)
