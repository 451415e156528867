"""~/.ssh/config: what a host's name stands for there, and through which machines it is reached."""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from pvbench.errors import InventoryError
from pvbench.inventory import Host
from pvbench.ssh.wire import lookup


def config_text(path: Path) -> str:
    """Return the text of an ssh_config file with its `Include` lines followed; "" if there is no such file."""
    return _included(path, path.parent, ())


def resolve(host: Host, config_text: str) -> Host:
    """Return the host with what the configuration says of its address; what the host itself says wins.

    HostName, Port, User, IdentityFile and ProxyJump are read. Raises InventoryError for ProxyCommand and for a
    configuration that cannot be read.
    """
    options = lookup(config_text, host.address)
    jump = host.jump
    if jump is None:
        # Whichever comes first counts in OpenSSH; the options are in the order they were met.
        order = [key for key in options if key in ("proxyjump", "proxycommand")]
        if order[:1] == ["proxycommand"] and options["proxycommand"]:
            raise InventoryError(
                f"{host.name}: the SSH configuration uses ProxyCommand for {host.address}, which pvbench does not run",
                hint=f"use ProxyJump there, or set `jump:` for {host.name} in hosts.yaml",
            )
        jump = options.get("proxyjump")
    port = options.get("port")
    keys = [key for key in options.get("identityfile", []) if key != "none"]
    # OpenSSH passes over IdentityFiles that do not exist; a single one that is missing is worth an error later.
    key = host.key or next((key for key in keys if Path(key).exists()), keys[0] if len(keys) == 1 else None)
    return replace(
        host,
        address=options["hostname"],
        port=host.port or (int(port) if port else None),
        user=host.user or options.get("user"),
        key=key,
        jump=None if jump in (None, "", "none") else jump,
    )


def route(host: Host, hosts: Mapping[str, Host], config_text: str) -> tuple[Host, tuple[Host, ...]]:
    """Return the resolved host and the resolved machines to go through, outermost first.

    A jump may name another host of the inventory, a name of the configuration, or be OpenSSH's user@address:port.
    Raises InventoryError when the jumps form a circle.
    """
    target = resolve(host, config_text)
    return target, _jumps(target, hosts, config_text, (host.name,))


def _jumps(host: Host, hosts: Mapping[str, Host], text: str, seen: tuple[str, ...]) -> tuple[Host, ...]:
    if host.jump is None:
        return ()
    words = [word.strip() for word in host.jump.split(",")]
    if words[0] in seen:
        circle = " → ".join((*seen, words[0]))
        raise InventoryError(f"{seen[0]}: its jump hosts form a circle: {circle}", hint="remove one of the jumps")
    steps = tuple(resolve(hosts.get(word) or _spelled(word), text) for word in words)
    # As in OpenSSH, only the first of a chain is reached by its own jumps; the others follow it.
    return (*_jumps(steps[0], hosts, text, (*seen, words[0])), *steps)


def _spelled(word: str) -> Host:
    user, _, place = word.removeprefix("ssh://").rpartition("@")
    address, port = place, ""
    if place.startswith("["):
        address, _, port = place[1:].partition("]")
        port = port.removeprefix(":")
    elif place.count(":") == 1:
        address, _, port = place.partition(":")
    if not address or (port and not port.isdigit()):
        raise InventoryError(f"jump: {word} is not a host", hint="write [user@]address[:port], or the name of a host")
    return Host(name=word, address=address, port=int(port) if port else None, user=user or None)


def _included(path: Path, folder: Path, inside: tuple[Path, ...]) -> str:
    if path in inside or not path.is_file():
        return ""
    lines = []
    for line in path.read_text(encoding="utf-8", errors="surrogateescape").splitlines():
        keyword, _, rest = line.strip().replace("=", " ", 1).partition(" ")
        if keyword.lower() != "include":
            lines.append(line)
            continue
        for pattern in rest.split():
            full = folder / Path(pattern.strip('"')).expanduser()
            found = sorted(Path(full.anchor).glob(str(full.relative_to(full.anchor))))
            lines.extend(_included(one, folder, (*inside, path)) for one in found)
    return "\n".join(lines) + "\n"
