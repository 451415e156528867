"""history export: the nights of a history in the format of another program."""

from pathlib import Path

import click

from pvbench.cli.app import App, history_option, pass_app, verb
from pvbench.cli.export import write_files
from pvbench.cli.histories import opened, warn
from pvbench.errors import UsageError
from pvbench.exit_codes import ExitCode


@verb(short_help="Write the nights in the format of another program.")
@click.option(
    "--format", "_form", type=click.Choice(["otava"]), required=True, help="docs/export.md says what is in it."
)
@click.option(
    "-o", "--output", default="history.otava.csv", show_default=True, help="The file; others are put beside it."
)
@history_option
@pass_app
def export(app: App, output: str, history: str, _form: str) -> int:
    """Write a row a night and a column a series, with the configuration that Apache Otava reads them by beside it."""
    from pvbench.exports import otava_nights
    from pvbench.terminal.output import STANDARD_OUTPUT

    if output == STANDARD_OUTPUT:
        raise UsageError("--format otava is more than one file", hint="name the first with -o FILE")
    with opened(app, history) as kept:
        series = kept.series()
        write_files(app, otava_nights.files(kept.nights(), series, Path(output)), output)
        warn(app, kept)
    if any(point.value is not None for each in series for point in each.points):
        return ExitCode.DONE
    app.note("no night gave a figure")
    return ExitCode.NOT_MEASURED
