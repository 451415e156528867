"""What `pvbench doctor --dry-run` says: how a host would be reached, and where that is from."""

from typing import Any

from pvbench.columns import columns
from pvbench.printable import clean
from pvbench.ssh.contacts import Contact

_NAMES = {
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


def render(contacts: tuple[Contact, ...]) -> str:
    """Return all of it for people."""
    several = len(contacts) > 1
    return "".join(_one(each, place if several else 0) for place, each in enumerate(contacts, 1))


def as_data(contacts: tuple[Contact, ...]) -> dict[str, Any]:
    """Return all of it for programs: the host, and the machines it is reached through, outermost first."""
    return {**_one_as_data(contacts[-1]), "jumps": [_one_as_data(each) for each in contacts[:-1]], "contacted": False}


def _one(contact: Contact, number: int) -> str:
    """Return the lines for people."""
    rows = []
    for keyword, value in contact.used.items():
        values = value if isinstance(value, list) else [] if value in (None, False) else [value]
        for each in values:
            text = "yes" if each is True else clean(str(each))
            rows.append((_NAMES[keyword], text, contact.sources[keyword]))
    rows.append(("agent", clean(contact.agent or "none"), ""))
    rows += [(f"offer {place}", clean(label), "") for place, label in enumerate(contact.offers, 1)]
    head = f"{number}. {contact.name}" if number else contact.name
    return f"{head} ({clean(contact.source)})\n{columns(rows, '  ')}"


def _one_as_data(contact: Contact) -> dict[str, Any]:
    """Return the findings for programs."""
    return {
        "name": contact.name,
        **contact.used,
        "agent": contact.agent,
        "files": list(contact.files),
        "offers": list(contact.offers),
        "from": dict(contact.sources),
        "asked": contact.source,
    }
