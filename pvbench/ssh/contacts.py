"""Which machines would be contacted on the way to a host, with what, and where each part comes from. Contacts none."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pvbench.inventory import Inventory
from pvbench.ssh.login import offered
from pvbench.ssh.openssh import Ask, Question, paths
from pvbench.ssh.route import Step

# "default" is what ssh says without any configuration, so also a line that says the same.
LAB, HOSTS, JUMP, SSH, DEFAULT, NAME = "lab", "hosts.yaml", "the jump", "ssh -G", "default", "the name itself"
_OWN = {"user": "user", "port": "port", "identityfile": "key", "proxyjump": "jump", "pinned": "host_key"}
_SEVERAL = ("identityfile", "certificatefile")
_ONE = ("hostkeyalias", "identityagent", "proxycommand", "proxyjump", "addressfamily", "bindaddress", "connecttimeout")
_FILES = ("userknownhostsfile", "globalknownhostsfile", "revokedhostkeys")


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
    source: str


def contacts(way: Sequence[Step], known: Inventory, defaults: Ask | None) -> tuple[Contact, ...]:
    """Return the machines of a way, outermost first, the host last.

    `defaults` tells what ssh says without any configuration; None where there is no ssh to ask.
    """
    return tuple(_contact(step, known, defaults) for step in way)


def _contact(step: Step, known: Inventory, defaults: Ask | None) -> Contact:
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
        name=step.name,
        used=used,
        sources=_sources(step, used, known, defaults),
        files=tuple(map(str, credentials.files)),
        offers=tuple(offer.label for offer in offered(credentials)),
        agent=credentials.agent,
        source="complete in itself" if host is not None and host.complete else step.answer.source,
    )


def _sources(step: Step, used: Mapping[str, Any], known: Inventory, defaults: Ask | None) -> dict[str, str]:
    host = step.host
    own = HOSTS if host is not None and known.hosts.get(host.name) == host else JUMP
    usual: Mapping[str, tuple[str, ...]] = {}
    if defaults is not None and host is not None and not host.complete:
        usual = defaults(Question(host.address, host.user, host.port)).options
    sources = {}
    for keyword in used:
        if host is not None and (host.complete or getattr(host, _OWN.get(keyword, ""), None) is not None):
            sources[keyword] = LAB if host.complete else own
        elif step.answer.options.get(keyword) == usual.get(keyword):
            sources[keyword] = DEFAULT if keyword != "hostname" else own if own == HOSTS else NAME
        else:
            sources[keyword] = SSH
    return sources
