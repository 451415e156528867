"""doctor --dry-run: which machines would be contacted, with what, and where each part comes from. Contacts none."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pvbench import figures as fmt
from pvbench.cli import found, wiring
from pvbench.cli.app import App
from pvbench.columns import columns
from pvbench.errors import InventoryError

if TYPE_CHECKING:
    from pvbench.inventory import Inventory
    from pvbench.ssh import Ask, Step

# "default" is what ssh says without any configuration, so also a line that says the same.
HOSTS, JUMP, SSH, DEFAULT, NAME = "hosts.yaml", "the jump", "ssh -G", "default", "the name itself"
_OWN = {"user": "user", "port": "port", "identityfile": "key", "proxyjump": "jump", "pinned": "host_key"}
_SEVERAL = ("identityfile", "certificatefile")
_ONE = ("hostkeyalias", "identityagent", "proxycommand", "proxyjump", "addressfamily", "bindaddress", "connecttimeout")
_FILES = ("userknownhostsfile", "globalknownhostsfile", "revokedhostkeys")
_TOLD = {
    "hostname": "host name",
    "port": "port",
    "user": "user",
    "identityfile": "identity file",
    "certificatefile": "certificate",
    "identitiesonly": "identities only",
    "identityagent": "identity agent",
    "proxyjump": "jump",
    "proxycommand": "proxy command",
    "hostkeyalias": "host key alias",
    "pinned": "pinned key",
    "userknownhostsfile": "known hosts",
    "globalknownhostsfile": "known hosts, all users",
    "revokedhostkeys": "revoked keys",
    "addressfamily": "address family",
    "bindaddress": "from address",
    "connecttimeout": "connect timeout",
}


@dataclass(frozen=True)
class Contact:
    """One machine: what is used for it, by OpenSSH's keywords, where each comes from, and what is offered to it.

    Values are as the configuration has them; `files` are the identity files they stand for, `offers` what would be
    offered now, in order, and `agent` the socket that is asked.
    """

    name: str
    used: Mapping[str, Any]
    sources: Mapping[str, str]
    files: tuple[str, ...]
    offers: tuple[str, ...]
    agent: str | None
    asked: str

    def render(self, number: int) -> str:
        """Return the lines for people."""
        rows = []
        for keyword, value in self.used.items():
            values = value if isinstance(value, list) else [] if value in (None, False) else [value]
            for each in values:
                told = "yes" if each is True else fmt.clean(str(each))
                rows.append((_TOLD[keyword], told, self.sources[keyword]))
        rows.append(("agent", fmt.clean(self.agent or "none"), ""))
        rows += [(f"offer {place}", fmt.clean(label), "") for place, label in enumerate(self.offers, 1)]
        head = f"{number}. {self.name}" if number else self.name
        return f"{head} ({fmt.clean(self.asked)})\n{columns(rows, '  ')}"

    def as_data(self) -> dict[str, Any]:
        """Return the findings for programs."""
        return {
            "name": self.name,
            **self.used,
            "agent": self.agent,
            "files": list(self.files),
            "offers": list(self.offers),
            "from": dict(self.sources),
            "asked": self.asked,
        }


def of_host(app: App, name: str, known: "Inventory") -> tuple[Contact, ...]:
    """Return the machines on the way to a host, outermost first, the host last. Raises InventoryError."""
    from pvbench.inventory import Host

    try:
        host, known = wiring.resolve_running(app, name, known)
    except InventoryError:
        host = Host(name, address=name)  # no line names it, but as for ssh itself a name may be an address
    defaults = _defaults(app)
    return tuple(_contact(step, known, defaults) for step in wiring.way(app, host, known))


def render(contacts: tuple[Contact, ...]) -> str:
    """Return all of it for people."""
    several = len(contacts) > 1
    return "".join(each.render(place if several else 0) for place, each in enumerate(contacts, 1))


def as_data(contacts: tuple[Contact, ...]) -> dict[str, Any]:
    """Return all of it for programs: the host, and the machines it is reached through, outermost first."""
    return {**contacts[-1].as_data(), "jumps": [each.as_data() for each in contacts[:-1]], "contacted": False}


def _contact(step: "Step", known: "Inventory", defaults: "Ask | None") -> Contact:
    from pvbench import ssh
    from pvbench.ssh.openssh import paths

    host, options = step.host, step.answer.options
    credentials = step.credentials
    used: dict[str, Any] = {"hostname": step.address, "port": step.port, "user": credentials.user}
    used |= {keyword: list(step.answer.several(keyword)) for keyword in _SEVERAL}
    used |= {"identitiesonly": credentials.only_files}
    used |= {keyword: step.answer.one(keyword) for keyword in _ONE}
    used |= {keyword: [path for line in options.get(keyword, ()) for path in paths(line)] for keyword in _FILES}
    used["pinned"] = step.known.pinned
    if host is not None:
        used |= {"identityfile": [host.key]} if host.key else {}
        used |= {"proxyjump": host.jump, "proxycommand": None} if host.jump is not None else {}
    return Contact(
        step.name,
        used,
        _sources(step, used, known, defaults),
        tuple(map(str, credentials.files)),
        tuple(offer.label for offer in ssh.offered(credentials)),
        credentials.agent,
        "complete in itself" if host is not None and host.complete else step.answer.source,
    )


def _sources(step: "Step", used: Mapping[str, Any], known: "Inventory", defaults: "Ask | None") -> dict[str, str]:
    from pvbench import ssh

    host = step.host
    own = HOSTS if host is not None and known.hosts.get(host.name) == host else JUMP
    usual: Mapping[str, tuple[str, ...]] = {}
    if defaults is not None and host is not None and not host.complete:
        usual = defaults(ssh.Question(host.address, host.user, host.port)).options
    sources = {}
    for keyword in used:
        if host is not None and (host.complete or getattr(host, _OWN.get(keyword, ""), None) is not None):
            sources[keyword] = found.LAB if host.complete else own
        elif step.answer.options.get(keyword) == usual.get(keyword):
            sources[keyword] = DEFAULT if keyword != "hostname" else own if own == HOSTS else NAME
        else:
            sources[keyword] = SSH
    return sources


def _defaults(app: App) -> "Ask | None":
    from pvbench import ssh

    try:
        return ssh.asker(app.edges.home, app.edges.environment, without_configuration=True)
    except ssh.NotThere:
        return None
