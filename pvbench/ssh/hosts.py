"""Hosts by the names that people have for them: those of hosts.yaml and those that the SSH configuration speaks of."""

from pathlib import Path

from pvbench.inventory import Host, Inventory
from pvbench.ssh.config import config_text, names, speaks_of
from pvbench.ssh.openssh import Ask
from pvbench.ssh.route import leads_elsewhere


def look_up(name: str, known: Inventory, home: Path, ask: Ask) -> tuple[Host | None, Inventory]:
    """Return the host, if anything knows it, and an inventory of all that is known by name.

    `home` has ~/.ssh/config; `ask` says what holds for a name.
    """
    if name in known.hosts:
        return known.hosts[name], known
    text = config_text(home / ".ssh/config")
    others = known.plus(*(Host(each, address=each) for each in names(text)))
    named = speaks_of(text, name) or leads_elsewhere(name, ask)
    return Host(name, address=name) if named else None, others
