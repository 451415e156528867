"""The text of ~/.ssh/config: the names it knows, and what it says where no OpenSSH client can be asked."""

import fnmatch
import itertools
import shlex
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import paramiko

from pvbench.errors import InventoryError
from pvbench.ssh.openssh import Answer, Ask, NotThere, Question, asker


def configuration(home: Path, environment: Mapping[str, str], tell: Callable[[str], None]) -> Ask:
    """Return how the SSH configuration of a home is asked: OpenSSH, or without it paramiko's parser, which is told."""

    def ask(question: Question) -> Answer:
        try:
            return asker(home, environment)(question)
        except NotThere:
            if text := config_text(home / ".ssh/config"):
                tell(f"~/.ssh/config is read by paramiko's parser, which knows less than OpenSSH; {_MEND}")
            return by_paramiko(text)(question)

    return ask


def config_text(path: Path) -> str:
    """Return the text of an ssh_config file with its `Include` lines followed; "" if there is no such file.

    Raises InventoryError for a file that cannot be read.
    """
    return _included(path, path.parent, ())


def names(text: str) -> tuple[str, ...]:
    """Return the names that a configuration spells out, patterns left aside."""
    found = (word for patterns in _patterns(text) for word in patterns)
    return tuple(dict.fromkeys(word for word in found if not set(word) & set("*?!")))


def speaks_of(text: str, name: str) -> bool:
    """Return whether a Host or Match line names the host, by more than a pattern that fits every name."""
    for patterns in _patterns(text):
        fitting = [word for word in patterns if fnmatch.fnmatchcase(name.lower(), word.lower().removeprefix("!"))]
        if any(word.startswith("!") for word in fitting):
            continue
        if any(word.strip("*") for word in fitting):
            return True
    return False


def by_paramiko(text: str) -> Ask:
    """Return how paramiko's parser is asked instead of OpenSSH: it knows no `Match exec` and fewer odd lines."""

    def ask(question: Question) -> Answer:
        try:
            found = dict(paramiko.SSHConfig.from_text(text).lookup(question.name))
        except (paramiko.ConfigParseError, paramiko.CouldNotCanonicalize) as error:
            raise InventoryError(f"the SSH configuration cannot be read without OpenSSH: {error}", hint=_MEND) from None
        except ImportError:
            raise InventoryError(
                "the SSH configuration has `Match exec`, which needs OpenSSH to be asked", hint=_MEND
            ) from None
        if question.user:
            found["user"] = question.user
        if question.port:
            found["port"] = str(question.port)
        # Whichever comes first counts in OpenSSH; the options are in the order they were met.
        ways = [key for key in found if key in ("proxyjump", "proxycommand")]
        for way in ways[0 if question.way_is_known else 1 :]:
            del found[way]
        options = {key: tuple(value) if isinstance(value, list) else (str(value),) for key, value in found.items()}
        return Answer(options, "paramiko's reading of ~/.ssh/config")

    return ask


_MEND = "apt-get install openssh-client: pvbench then asks `ssh -G` what the configuration says"


def _patterns(text: str) -> Iterator[list[str]]:
    for line in text.splitlines():
        words = _words(line)
        keyword = words[0].lower() if words else ""
        if keyword == "host":
            yield words[1:]
        elif keyword == "match":
            for criterion, argument in itertools.pairwise(words):
                if criterion.lower() in ("host", "originalhost"):
                    yield argument.split(",")


def _words(line: str) -> list[str]:
    """Return the words of a line as OpenSSH splits them: quotes, one `=` after a keyword, a comment at the end."""
    lexer = shlex.shlex(line.strip().replace("=", " ", 1), posix=True)
    lexer.whitespace_split, lexer.commenters, lexer.escape = True, "#", ""
    try:
        return [word for part in lexer for word in ([part] if " " in part else part.replace("=", " ").split())]
    except ValueError:  # a quote that is not closed; OpenSSH says so when it is asked
        return []


def _included(path: Path, folder: Path, inside: tuple[Path, ...]) -> str:
    if path in inside or not path.is_file():
        return ""
    try:
        text = path.read_text(encoding="utf-8", errors="surrogateescape")
    except OSError as error:
        raise InventoryError(
            f"the SSH configuration {path} cannot be read: {error.strerror}", hint=f"chmod u+r {path}"
        ) from None
    lines = []
    for line in text.splitlines():
        words = _words(line)
        if not words or words[0].lower() != "include":
            lines.append(line)
            continue
        for pattern in words[1:]:
            full = folder / Path(pattern).expanduser()
            found = sorted(Path(full.anchor).glob(str(full.relative_to(full.anchor))))
            lines.extend(_included(one, folder, (*inside, path)) for one in found)
    return "\n".join(lines) + "\n"
