"""A night on a timer: the text of a systemd service, its timer and a line for cron, with any path in it. Pure.

Words are quoted as systemd.syntax(7), systemd.service(5) and systemd.unit(5) have it, and as sh(1) and crontab(5).
"""

import shlex
from collections.abc import Mapping
from dataclasses import dataclass

from pvbench.errors import UsageError

MARK = "# Written by `pvbench nightly --install`; `pvbench nightly --uninstall` removes it. Of: "
"""The first line of each file that is ours, with the matrix that it is of."""
_AT_ONCE_S = 300
"""A program that was killed is started again after so long: by then no host is held for it any more."""


@dataclass(frozen=True)
class Timed:
    """What is to be called every night: the words of a command with whole paths, its matrix, when, and for whom.

    `at` is HH:MM, local time. `user` is the login of a system service; None for a service of the user's own manager.
    """

    name: str
    matrix: str
    argv: tuple[str, ...]
    at: str
    user: str | None = None

    def __post_init__(self) -> None:
        for word in (*self.argv, self.matrix):
            if "\n" in word or "\r" in word or "\0" in word:
                raise UsageError(f"{word!r} cannot stand in a unit of systemd or a line of cron", hint="rename it")

    @property
    def files(self) -> Mapping[str, str]:
        """The text of each file by its name."""
        return {f"{self.name}.service": self._service(), f"{self.name}.timer": self._timer()}

    @property
    def cron(self) -> str:
        """The line of a crontab that does the same."""
        hour, minute = (int(part) for part in self.at.split(":"))
        return f"{minute} {hour} * * * {shlex.join(self.argv)}".replace("%", r"\%")

    def _service(self) -> str:
        system = "Wants=network-online.target\nAfter=network-online.target\n" if self.user else ""
        user = f"User={specifiers(self.user)}\n" if self.user else ""
        # The colon keeps systemd from putting variables in; it is there where it is needed, for older ones know none.
        plain = ":" if any("$" in word for word in self.argv) else ""
        return (
            f"{mark(self.matrix)}\n"
            f"# It is `failed` where the night's exit code is not 0; docs/nightly.md says what each means.\n"
            f"[Unit]\n"
            f"Description=pvbench night\n"
            f"{system}"
            f"StartLimitIntervalSec=12h\n"
            f"StartLimitBurst=5\n\n"
            f"[Service]\n"
            f"Type=oneshot\n"
            f"{user}"
            f"ExecStart={plain}{' '.join(map(word, self.argv))}\n"
            f"# A night that was killed goes on where it was; one that ended by itself is not started again.\n"
            f"Restart=on-abnormal\n"
            f"RestartSec={_AT_ONCE_S}\n"
            f"TimeoutStopSec=300\n"
        )

    def _timer(self) -> str:
        return (
            f"{mark(self.matrix)}\n"
            f"[Unit]\n"
            f"Description=pvbench night at {self.at}\n\n"
            f"[Timer]\n"
            f"OnCalendar=*-*-* {self.at}:00\n"
            f"Persistent=true\n\n"
            f"[Install]\n"
            f"WantedBy=timers.target\n"
        )


def mark(matrix: str) -> str:
    """Return the line that says of a file that it is ours, and of which matrix."""
    return f"{MARK}{shlex.quote(matrix)}"


def word(text: str) -> str:
    r"""Return a word of ExecStart=, in quotes where it needs them: C-style escapes inside, `%` doubled."""
    plain = all((char.isalnum() and char.isascii()) or char in "/._-+=:,@" for char in text)
    if plain and text:
        return text
    escaped = "".join(_ESCAPED.get(char) or (char if char.isprintable() else _hex(char)) for char in text)
    return f'"{specifiers(escaped)}"'


def specifiers(text: str) -> str:
    """Return text in which a `%` is one: systemd.unit(5), "Specifiers"."""
    return text.replace("%", "%%")


_ESCAPED: Mapping[str, str] = {"\\": "\\\\", '"': '\\"', "\t": "\\t"}


def _hex(char: str) -> str:
    return "".join(f"\\x{byte:02x}" for byte in char.encode(errors="surrogateescape"))
