"""import-config: what a configuration of xm or xl means today."""

import os
from pathlib import Path

import click

from pvbench.cli.app import App, json_option, pass_app, verb
from pvbench.errors import ConfigError
from pvbench.terminal.streams import print_json

STANDARD_INPUT = Path("-")
MOST_BYTES = 256 << 10
"""So large may a guest's configuration be; the largest that were seen have 15 KiB, most of it comments."""


@verb(name="import-config", short_help="Convert a configuration of xm or xl.")
@click.argument("file", type=click.Path(path_type=Path))
@json_option
@pass_app
def import_config(app: App, file: Path, as_json: bool) -> None:
    """Convert FILE, a guest's configuration for xm or xl, into one for xl of today, and say what changed meaning.

    The file is read and never executed. What is printed is a configuration as it stands: notes, how the guest reaches
    its devices and a matrix to go on with are comments in it. `-` is standard input.
    """
    from pvbench.figures import count
    from pvbench.xen import imports

    name = "standard input" if file == STANDARD_INPUT else str(file)
    imported = imports.import_config(_content(file, name), name, imports.stores_here())
    if as_json:
        print_json(imports.as_data(imported))
        return
    print(imports.render(imported), end="")
    if imported.notes:
        stand = "stands" if len(imported.notes) == 1 else "stand"
        app.note(f"{count(len(imported.notes), 'note')} on what changed meaning {stand} in its first lines")


def _content(file: Path, name: str) -> bytes:
    try:
        with os.fdopen(os.dup(0), "rb") if file == STANDARD_INPUT else file.open("rb") as opened:
            content = opened.read(MOST_BYTES + 1)
    except (OSError, ValueError) as problem:
        reason = getattr(problem, "strerror", None) or problem
        raise ConfigError(f"the configuration {name} cannot be read: {reason}") from None
    if len(content) > MOST_BYTES:
        raise ConfigError(f"the configuration {name} is larger than {MOST_BYTES >> 10} KiB, and none of a guest is")
    return content
