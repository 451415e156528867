"""What OpenSSH itself says of a name: `ssh -G`, asked and read. The only subprocess of an SSH configuration."""

import os
import pwd
import re
import shutil
import subprocess
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from pvbench.errors import InventoryError

ANSWER_S = 60.0  # `Match exec` and the lookups of canonical names are the configuration's own business
_NO_ACCOUNT = "No user exists for uid"
_PLACE = re.compile(r"^(?P<file>.+?):? line (?P<line>\d+): *")
_ABOUT_NOTHING = re.compile(r"terminating, \d+ bad configuration|Pseudo-terminal will not")


@dataclass(frozen=True)
class Question:
    """A name, and what is already settled about it: who logs in, at which port, that the way there is known."""

    name: str
    user: str | None = None
    port: int | None = None
    way_is_known: bool = False


@dataclass(frozen=True)
class Answer:
    """The options that hold for a name, by keyword in lower case; some have several values. `source` said so."""

    options: Mapping[str, tuple[str, ...]]
    source: str

    def one(self, keyword: str) -> str | None:
        """Return the value of a keyword; None where it has none or is `none`."""
        value = next(iter(self.options.get(keyword, ())), None)
        return None if value is None or value.lower() in ("none", "") else value

    def several(self, keyword: str) -> tuple[str, ...]:
        """Return the values of a keyword that may be repeated, `none` left out."""
        return tuple(value for value in self.options.get(keyword, ()) if value.lower() != "none")


Ask = Callable[[Question], Answer]


class NotThere(Exception):
    """There is no OpenSSH client that could be asked."""


def asker(home: Path, environment: Mapping[str, str], *, without_configuration: bool = False) -> Ask:
    """Return how `ssh -G` is asked for the person whose home this is. Raises NotThere without a client.

    OpenSSH takes the home of the password database and not $HOME; where they differ, $HOME's configuration is named
    to it, and then it reads no other, as with `ssh -F`. Asking raises InventoryError, with ssh's own words.
    """
    program = shutil.which("ssh", path=environment.get("PATH"))
    if program is None:
        raise NotThere
    where: tuple[str, ...] = ()
    if without_configuration:
        where = ("-F", "none")
    elif not _is_own(home):
        config = home / ".ssh/config"
        _check_owner(config)
        where = ("-F", str(config) if os.path.lexists(config) else "none")

    def ask(question: Question) -> Answer:
        words = [program, "-T", *where]
        words += ["-l", question.user] if question.user else []
        words += ["-p", str(question.port)] if question.port else []
        words += ["-o", "ProxyJump=none"] if question.way_is_known else []
        words += ["-G", "--", question.name]
        return Answer(read(_run(words, {**environment, "HOME": str(home)})), " ".join(["ssh", *words[2:]]))

    return ask


def read(text: str) -> dict[str, tuple[str, ...]]:
    """Return the keywords and values of `ssh -G`'s answer, each repeated keyword's values in their order."""
    found: dict[str, list[str]] = {}
    for line in text.splitlines():
        keyword, _, value = line.partition(" ")
        found.setdefault(keyword.lower(), []).append(value.strip())
    return {keyword: tuple(values) for keyword, values in found.items()}


def paths(value: str) -> tuple[str, ...]:
    """Return the files of one line; ssh prints no quotes, so a space that does not begin a path belongs to one."""
    return tuple(path for path in re.split(r" (?=[/~])", value) if path and path.lower() != "none")


def _run(words: list[str], environment: Mapping[str, str]) -> str:
    try:
        done = subprocess.run(
            words, env=dict(environment), stdin=subprocess.DEVNULL, capture_output=True, timeout=ANSWER_S, check=False
        )
    except subprocess.TimeoutExpired:
        raise InventoryError(
            f"`{' '.join(words[2:])}` did not answer within {ANSWER_S:g} s",
            hint="a `Match exec` or a canonical name in the SSH configuration may be waiting for something",
        ) from None
    except OSError as error:
        raise NotThere from error
    if done.returncode != 0:
        said = done.stderr.decode(errors="replace")
        if _NO_ACCOUNT in said:
            raise NotThere
        raise InventoryError(
            f"ssh refuses its configuration for {words[-1]}: {_complaint(said) or f'exit code {done.returncode}'}",
            hint=f"`{' '.join(['ssh', *words[2:]])}` shows the same; pvbench asks OpenSSH what holds for a name",
        )
    return done.stdout.decode(errors="surrogateescape")


def _complaint(stderr: str) -> str:
    lines = [line.strip() for line in stderr.splitlines() if line.strip() and not _ABOUT_NOTHING.search(line)]
    return "; ".join(_PLACE.sub(r"\g<file>:\g<line>: ", line) for line in lines)


def _check_owner(config: Path) -> None:
    """Raise InventoryError for a file that could run somebody else's programs as us; `ssh -F` looks at no owner."""
    try:
        owner = config.stat().st_uid
    except OSError:  # ssh says what is wrong with it
        return
    if owner not in (0, os.getuid()):
        raise InventoryError(
            f"the SSH configuration {config} belongs to another user, whose programs it could run as you",
            hint="set HOME to your own home, or take the file over",
        )


def _is_own(home: Path) -> bool:
    try:
        own = pwd.getpwuid(os.getuid()).pw_dir
    except KeyError:
        return False
    return os.path.realpath(own) == os.path.realpath(home)
