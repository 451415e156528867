"""Serial consoles of guests read: where one stopped, and whether it waits for somebody. Pure."""

import re

from pvbench.xen.console_rows import LOADERS, ROWS, Row

STARTED = re.compile(
    r"^\[ *\d+\.\d{6}\]|Linux version \d|^Begin: |systemd\[1\]|^Welcome to |^ *\[ {0,2}OK {0,2}\] |OpenRC \d|login: *$",
    re.MULTILINE,
)
"""Words that a kernel, or what it started, prints: no boot loader stops behind them."""

PRINTS_NOTHING = re.compile(
    r"Loading initial ramdisk|Booting (?:the kernel|`[^\n]{1,80}')|\.{3} ?ok|Decompressing Linux"
)
"""A boot loader's last words for a kernel that prints nothing here."""
_PROMPTS = re.compile(r"(?:login:|to activate this console\.|[\w~/\])] ?[#$]) *$")
_KERNEL_LINE = re.compile(r" *\[ *\d+\.\d+\]")
_BEHIND = re.compile(r"(?<=login:) *\[ *\d+\.\d+\].*")
WAITS_FOR_NETWORK = re.compile(
    r"start job is running for [^\n]{0,40}(?:[Nn]etwork|wait-online)|Failed to start [^\n]{0,60}wait-online"
    r"|Not all expected physical devices present|[Ww]aiting (?:up to \d+ more seconds )?for network"
    r"|no network devices? (?:found|available)"
)

_CONTROL = re.compile(
    r"\x1b\][^\x07\x1b]*(?:\x07|\x1b\\)?|\x1b[PX^_][^\x1b]*(?:\x1b\\)?|\x1b\[[0-?]*[ -/]*[@-~]|\x1b[ -/]*[0-~]?"
    r"|[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]"
)
"""ECMA-48: control strings, sequences and functions; terminals are asked where the cursor is, and told titles."""
_ECHOED = re.compile(r"(?:\^\[)?\[?\d{1,3};\d{1,3}R")
"""Answers of a terminal that a console echoes: where the cursor is."""


def plain(console: str) -> str:
    """Return a console's text as lines, without what moves a cursor, colours or asks."""
    return _CONTROL.sub("", console.replace("\r\n", "\n")).replace("\r", "\n")


def found(console: str) -> tuple[Row, str] | None:
    """Return the first row that a plain console's text fits, and what it means; None where none does."""
    started = [match.end() for match in STARTED.finditer(console)]
    loaders = console[started[-1] :].rstrip() if started else console.rstrip()
    for rows, text in ((LOADERS, loaders), (ROWS, console)):
        for row in rows:
            if seen := row.seen_in(text):
                return row, row.meaning.format(*(group.strip() for group in seen.groups("")))
    return None


def at_rest(console: str) -> bool:
    """Whether a plain console's text ends with a prompt, lines of the kernel's behind it aside."""
    lines = [line for line in _ECHOED.sub("", console).splitlines() if line.strip()]
    while lines and _KERNEL_LINE.match(lines[-1]):
        lines.pop()
    # A line of the kernel's may stand right behind the prompt.
    return bool(lines and _PROMPTS.search(_BEHIND.sub("", lines[-1]).rstrip()))
