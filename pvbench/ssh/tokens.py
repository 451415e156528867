"""What `~`, `%h` and `${NAME}` in an SSH configuration stand for, where `ssh -G` leaves them as written. Pure."""

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Local:
    """Who asks, and from where. `homes` are $HOME and, where it differs, the home OpenSSH takes."""

    user: str
    uid: int
    machine: str
    homes: tuple[Path, ...]
    environment: Mapping[str, str]


@dataclass(frozen=True)
class Remote:
    """What is asked about: the name as given, the host name, port, login, alias and jump it stands for."""

    name: str
    address: str
    port: int
    user: str
    alias: str | None = None
    jump: str = ""


def file(written: str, local: Local, remote: Remote) -> Path:
    """Return the file a configuration means; a token or variable that is not there stays as it is written.

    `~` and `%d` are $HOME; what is not there is looked for in the home of the password database, as OpenSSH does.
    """
    found = [Path(_expanded(written, local, remote, home)) for home in local.homes]
    return next((path for path in found if path.exists()), found[0])


def command(written: str, remote: Remote) -> str:
    """Return a ProxyCommand or ProxyJump with its tokens replaced."""
    return _tokens(written, _of_command(remote))


def _expanded(written: str, local: Local, remote: Remote, home: Path) -> str:
    text = f"{home}{written[1:]}" if written == "~" or written.startswith("~/") else written
    if text.startswith("~"):
        text = str(Path(text).expanduser()) if "/" in text else text
    text = _tokens(text, _of_file(local, remote, home))
    return re.sub(r"\$\{(\w+)\}", lambda match: local.environment.get(match.group(1), match.group()), text)


def _of_command(remote: Remote) -> dict[str, str]:
    return {
        "%": "%",
        "h": remote.address,
        "n": remote.name,
        "p": str(remote.port),
        "r": remote.user,
        "k": remote.alias or remote.name,
    }


def _of_file(local: Local, remote: Remote, home: Path) -> dict[str, str]:
    connection = f"{local.machine}{remote.address}{remote.port}{remote.user}{remote.jump}"
    return _of_command(remote) | {
        "C": hashlib.sha1(connection.encode(), usedforsecurity=False).hexdigest(),
        "d": str(home),
        "i": str(local.uid),
        "j": remote.jump,
        "L": local.machine.partition(".")[0],
        "l": local.machine,
        "u": local.user,
    }


def _tokens(text: str, known: Mapping[str, str]) -> str:
    return re.sub(r"%(.?)", lambda match: known.get(match.group(1), match.group()), text)
