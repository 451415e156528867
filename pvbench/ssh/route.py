"""The way to a host: what hosts.yaml says of it, else what the SSH configuration says, for every machine on the way."""

import getpass
import os
import pwd
import re
import socket
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from pvbench.errors import InventoryError
from pvbench.inventory import Host
from pvbench.ssh import openssh, tokens
from pvbench.ssh.hostkeys import SSH_PORT, Known
from pvbench.ssh.identities import Credentials
from pvbench.ssh.openssh import Answer, Ask, Question

USUAL_KEYS = ("id_rsa", "id_ecdsa", "id_ecdsa_sk", "id_ed25519", "id_ed25519_sk")
USUAL_KNOWN_HOSTS = ("~/.ssh/known_hosts", "~/.ssh/known_hosts2")
USUAL_GLOBAL = ("/etc/ssh/ssh_known_hosts", "/etc/ssh/ssh_known_hosts2")
_AGENT_VARIABLE = "SSH_AUTH_SOCK"
_PLACE = re.compile(r"(?:\[(?P<six>[^]]+)\]|(?P<bare>[^:\[\]]+|[^\[\]]*:[^\[\]]*:[^\[\]]*?))(?::(?P<port>\d+))?")
_IN_SHELL = re.compile(r"""['`"$\\;&<>|(){}\s]|^-""")  # as valid_hostname of OpenSSH 9.6
_FAMILIES = {"inet": socket.AF_INET, "inet6": socket.AF_INET6}


@dataclass(frozen=True)
class Step:
    """One machine on the way, and all that is used to reach it. `answer` is what the configuration said of it."""

    name: str
    address: str
    port: int
    credentials: Credentials
    known: Known = field(default_factory=Known)
    proxy_command: str | None = None
    family: int = socket.AF_UNSPEC
    source_address: str | None = None
    timeout_s: float | None = None
    host: Host | None = None
    answer: Answer = field(default_factory=lambda: Answer({}, "nothing"))


def local(home: Path, environment: Mapping[str, str]) -> tokens.Local:
    """Return who asks from where."""
    try:
        account = pwd.getpwuid(os.getuid())
        user, own = account.pw_name, Path(account.pw_dir)
    except KeyError:
        user, own = getpass.getuser(), home
    homes = tuple(dict.fromkeys((home, own)))
    return tokens.Local(user, os.getuid(), socket.gethostname(), homes, {**environment, "HOME": str(home)})


def direct(host: Host, *, keys: Path | None = None, known_hosts: Sequence[Path] = (), agent: str | None = None) -> Step:
    """Return the way to a machine that says itself all there is to say of it: no configuration is asked."""
    usual = tuple(keys / name for name in USUAL_KEYS) if keys else ()
    files = (Path(host.key).expanduser(),) if host.key else usual
    credentials = Credentials(
        host.user or getpass.getuser(), files, agent=agent, only_files=host.key is not None, named=host.key is not None
    )
    known = Known(host.host_key, None, tuple(known_hosts))
    return Step(host.name, host.address, host.port or SSH_PORT, credentials, known, host=host)


def resolve(host: Host, ask: Ask, here: tokens.Local, *, way_is_known: bool = False) -> Step:
    """Return the machine with what the configuration says of its address; what the host itself says wins.

    Raises InventoryError for what the configuration wants and pvbench cannot do.
    """
    answer = ask(Question(host.address, host.user, host.port, way_is_known or host.jump is not None))
    address, alias = answer.one("hostname") or host.address, answer.one("hostkeyalias")
    user = host.user or answer.one("user") or here.user
    port = host.port or int(answer.one("port") or SSH_PORT)
    jump = answer.one("proxyjump")
    about = tokens.Remote(host.address, address, port, user, alias, jump.rpartition(",")[2] if jump else "")
    known = Known(
        host.host_key,
        alias,
        known_hosts(answer, here, about),
        tuple(tokens.file(path, here, about) for path in answer.several("revokedhostkeys")),
    )
    proxy = None if host.jump is not None or way_is_known else _proxy(host, answer)
    timeout = answer.one("connecttimeout")
    return Step(
        name=host.name,
        address=address,
        port=port,
        credentials=_credentials(host, answer, here, about),
        known=known,
        proxy_command=tokens.command(proxy, about) if proxy else None,
        family=_FAMILIES.get(answer.one("addressfamily") or "", socket.AF_UNSPEC),
        source_address=answer.one("bindaddress"),
        timeout_s=float(timeout) if timeout and timeout.isdigit() and int(timeout) else None,
        host=host,
        answer=answer,
    )


def _credentials(host: Host, answer: Answer, here: tokens.Local, about: tokens.Remote) -> Credentials:
    """Return who logs in, and with what: the host's own key alone, else the configuration's or the usual ones."""
    files = [tokens.file(written, here, about) for written in answer.several("identityfile")]
    if "identityfile" not in answer.options:
        files = [tokens.file(f"~/.ssh/{name}", here, about) for name in USUAL_KEYS]
    return Credentials(
        about.user,
        (tokens.file(host.key, here, about),) if host.key else tuple(files),
        () if host.key else tuple(tokens.file(each, here, about) for each in answer.several("certificatefile")),
        _agent(answer, here, about),
        only_files=host.key is not None or answer.one("identitiesonly") == "yes",
        named=host.key is not None,
    )


def _proxy(host: Host, answer: Answer) -> str | None:
    """Return the command that is the way to the host, if any. Raises InventoryError for one that cannot be run."""
    proxy = answer.one("proxycommand")
    if proxy is not None and answer.one("proxyusefdpass") == "yes":
        raise InventoryError(
            f"{host.name}: the SSH configuration passes a descriptor (ProxyUseFdpass), which pvbench does not take",
            hint=f"set `jump:` for {host.name} in hosts.yaml, or a ProxyCommand that carries the bytes itself",
        )
    if proxy is not None and _IN_SHELL.search(f"{host.address}{host.user or ''}"):
        raise InventoryError(
            f"{host.name}: a ProxyCommand is run by a shell, to which neither '{host.address}' nor a login may speak",
            hint="name the host by letters, digits, '.', '-' and '_'",
        )
    return proxy


def known_hosts(answer: Answer, here: tokens.Local, about: tokens.Remote) -> tuple[Path, ...]:
    """Return the files of known hosts, the person's own first.

    ssh has the home of the password database in their names; those of $HOME, where that differs, count as well.
    """
    found: list[Path] = []
    for keyword, usual in (("userknownhostsfile", USUAL_KNOWN_HOSTS), ("globalknownhostsfile", USUAL_GLOBAL)):
        said = answer.options.get(keyword)
        written = usual if said is None else tuple(path for value in said for path in openssh.paths(value))
        for path in (tokens.file(path, here, about) for path in written):
            home, *own = here.homes
            found += [home / path.relative_to(each) for each in own if path.is_relative_to(each)]
            found.append(path)
    return tuple(found)


def leads_elsewhere(name: str, ask: Ask) -> bool:
    """Return whether the configuration has another host name for a name, so that it knows it, by whatever line."""
    return (ask(Question(name)).one("hostname") or name).lower() != name.lower()


def route(host: Host, hosts: Mapping[str, Host], ask: Ask, here: tokens.Local) -> tuple[Step, ...]:
    """Return the machines on the way to a host, outermost first, the host itself last.

    A jump may name another host of the inventory, a name of the configuration, or be OpenSSH's user@address:port.
    Raises InventoryError when the jumps form a circle, and as `resolve` does.
    """
    return _way(host, hosts, ask, here, (host.name,))


def _way(
    host: Host, hosts: Mapping[str, Host], ask: Ask, here: tokens.Local, seen: tuple[str, ...]
) -> tuple[Step, ...]:
    step = resolve(host, ask, here)
    about = tokens.Remote(host.address, step.address, step.port, step.credentials.user, step.known.alias)
    jump = host.jump if host.jump is not None else tokens.command(step.answer.one("proxyjump") or "", about)
    words = [word.strip() for word in jump.strip('"').split(",")]
    if words[0] in ("", "none"):
        return (step,)
    if words[0] in seen:
        raise InventoryError(
            f"{seen[0]}: its jump hosts form a circle: {' → '.join((*seen, words[0]))}", hint="remove one of the jumps"
        )
    # As in OpenSSH, only the first of a chain is reached by its own jumps; the others follow it.
    first, *others = (hosts.get(word) or spelled(word) for word in words)
    following = tuple(resolve(each, ask, here, way_is_known=True) for each in others)
    return (*_way(first, hosts, ask, here, (*seen, words[0])), *following, step)


def spelled(word: str) -> Host:
    """Return the machine that a jump spells: [user@]address[:port], or ssh://…. Raises InventoryError."""
    user, _, place = word.removeprefix("ssh://").removesuffix("/").rpartition("@")
    found = _PLACE.fullmatch(place)
    address, port = (found["six"] or found["bare"], int(found["port"] or 0) or None) if found else ("", None)
    if not address or address.startswith("-") or (port or 1) > 65535:
        raise InventoryError(f"jump: {word} is not a host", hint="write [user@]address[:port], or the name of a host")
    return Host(name=word, address=address, port=port, user=user or None)


def _agent(answer: Answer, here: tokens.Local, about: tokens.Remote) -> str | None:
    """Return the socket of the agent to ask: the configuration's, else the environment's."""
    if "identityagent" not in answer.options:
        return here.environment.get(_AGENT_VARIABLE)
    said = answer.one("identityagent")
    if said is None:
        return None
    if said == _AGENT_VARIABLE or (said.startswith("$") and not said.startswith("${")):
        return here.environment.get(said.removeprefix("$"))
    return str(tokens.file(said, here, about))
