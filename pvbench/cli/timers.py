"""nightly --install, --uninstall: the units of systemd that call a night."""

import getpass
import os
import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from pvbench.cli import arguments
from pvbench.cli.app import App
from pvbench.errors import UsageError
from pvbench.exit_codes import ExitCode

if TYPE_CHECKING:
    from pvbench.nightly.units import Timed

USUAL_AT = "02:00"


def time_of_day(_context: click.Context, _option: click.Parameter, text: str) -> str:
    """Return HH:MM with two digits each."""
    found = re.fullmatch(r"([01]?[0-9]|2[0-3]):([0-5][0-9])", text, re.ASCII)
    if found is None:
        raise click.BadParameter(f"{text!r} is no time of day such as {USUAL_AT}")
    return f"{int(found[1]):02d}:{found[2]}"


def name(matrix: Path) -> str:
    """Return what the units of a matrix are called, without their suffix."""
    return f"pvbench-nightly-{arguments.slug(matrix)}"


def timed(matrix: Path, at: str, words: tuple[str, ...], *, user: bool) -> "Timed":
    """Return what a timer of a matrix calls: this program, with `words` beside the matrix. Raises UsageError."""
    from pvbench.nightly.units import Timed

    whole = str(matrix.absolute())
    argv = (sys.executable, "-m", "pvbench", "nightly", whole, *words)
    return Timed(name(matrix), whole, argv, at, user=None if user else getpass.getuser())


def install(app: App, made: "Timed", *, user: bool, dry_run: bool) -> int:
    """Write the units, or show them, and say what else is to be done."""
    from pvbench.nightly import installed
    from pvbench.views.timers import written

    folder = _folder(app, user=user)
    if dry_run:
        for file, text in made.files.items():
            print(f"# {folder / file}\n{text}")
        app.note("nothing was written")
    else:
        _as_root(user=user)
        for path in installed.install(made, folder):
            print(path)
    for line in written(made):
        app.note(line)
    print(made.cron)
    return ExitCode.DONE


def uninstall(app: App, matrix: Path, *, user: bool, dry_run: bool) -> int:
    """Remove the units of a matrix, or show what would be removed."""
    from pvbench.nightly import installed
    from pvbench.views.timers import removed

    folder, files = _folder(app, user=user), [f"{name(matrix)}.timer", f"{name(matrix)}.service"]
    whole = str(matrix.absolute())
    if not dry_run:
        _as_root(user=user)
    paths = (installed.there if dry_run else installed.uninstall)(files, whole, folder)
    for path in paths:
        print(path)
    done = "these would be removed" if dry_run else removed(files[0], user=user)
    app.note(done if paths else f"no units of {matrix} are in {folder}")
    return ExitCode.DONE


def _folder(app: App, *, user: bool) -> Path:
    from pvbench.nightly import installed

    return installed.user_folder(app.edges.home, app.edges.environment.get("XDG_CONFIG_HOME")) if user else SYSTEM


SYSTEM = Path("/etc/systemd/system")
"""Where an administrator's units lie: systemd.unit(5), "System Unit Search Path"."""


def _as_root(*, user: bool) -> None:
    if not user and not os.access(SYSTEM, os.W_OK):
        raise UsageError(f"{SYSTEM} cannot be written to", hint="as root, or with --user for a service of your own")
