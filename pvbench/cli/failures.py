"""The one place where an exception becomes a line on the terminal and an exit code."""

import errno
import sys
from collections.abc import Mapping
from typing import Any

import click

from pvbench.cli.app import App
from pvbench.errors import PvbenchError
from pvbench.exit_codes import ExitCode
from pvbench.terminal.streams import writer

EVERYTHING = 2  # -vv
ERROR: Mapping[str, Any] = {"fg": "red", "bold": True}


def report(error: BaseException, app: App) -> int:
    """Say what went wrong, in a line and a hint, and return the exit code."""
    if app.voice.verbosity >= EVERYTHING and not isinstance(error, click.ClickException | KeyboardInterrupt):
        from pvbench.terminal import crash

        print(crash.trace(error), file=sys.stderr, end="")
    match error:
        case PvbenchError():
            _say(app, error.message, error.hint, app.resume)
            return error.exit_code
        case click.exceptions.NoArgsIsHelpError():
            print(error.format_message(), file=sys.stderr)
            return error.exit_code
        case click.ClickException():
            context = error.ctx if isinstance(error, click.UsageError) else None
            _say(app, _sentence(error), f"{context.command_path} --help" if context else None)
            return error.exit_code if error.exit_code != 1 else ExitCode.USAGE
        case KeyboardInterrupt() | click.Abort():
            _say(app, "interrupted", app.resume)
            return ExitCode.INTERRUPTED
        case SystemExit():
            return error.code if isinstance(error.code, int) else ExitCode.INFRASTRUCTURE
        case OSError() if error.errno in (errno.ENOSPC, errno.EDQUOT):
            _say(
                app, f"no room left on the disk: {error}", "make room, then go on" if app.resume is None else app.resume
            )
            return ExitCode.INFRASTRUCTURE
    from pvbench.terminal import crash

    where = crash.log(error, app.edges.state_folder, app.edges.clock.now(), app.argv)
    _say(app, f"an error in pvbench itself, {type(error).__name__}: {error}; {where}", app.resume)
    return ExitCode.INFRASTRUCTURE


def line(text: str) -> str:
    """Return text from wherever as one line that cannot move the cursor or hide."""
    from pvbench.printable import clean

    return clean(" / ".join(part.strip() for part in text.splitlines() if part.strip()))


def _say(app: App, message: str, *hints: str | None) -> None:
    writer(sys.stderr).styled("pvbench:", **(ERROR if app.voice.coloured(sys.stderr) else {}))
    print(f" {line(message)}", file=sys.stderr)
    for hint in filter(None, hints):
        print(f"hint: {line(hint)}", file=sys.stderr, flush=True)


def _sentence(error: click.ClickException) -> str:
    text = error.format_message().strip()
    return text[:1].lower() + text[1:].rstrip(".")
