"""detect: where anybody's series change their level; JSON lines in and out."""

from pathlib import Path

import click

from pvbench.cli.app import App, pass_app, verb
from pvbench.terminal.streams import print_json_line


@verb(short_help="Find where series, as JSON lines, change their level.")
@click.argument("file", type=click.Path(path_type=Path))
@pass_app
def detect(app: App, file: Path) -> None:
    """Find the change points of each series in FILE, `-` for standard input, as pvbench finds those of nights.

    A line in: {"id": "fio randread", "values": [101.2, null, 99.8]}, oldest first, null where nothing was measured.
    A line out: {"id": …, "change_points": […]}, each the index of the first value of a new level.
    """
    from pvbench.series import read
    from pvbench.stats import changepoint
    from pvbench.terminal.lines import lines

    name, text = lines(file)
    every = read(text, name)
    for series, found in zip(every, changepoint.changes([each.values for each in every]), strict=True):
        print_json_line({"id": series.id, "change_points": [each.index for each in found]})
    app.voice.detail(f"{len(every)} series")
