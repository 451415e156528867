"""import: what other people's fio, iperf3 and netperf measured, as figures in base units."""

import os
from pathlib import Path
from typing import TYPE_CHECKING

import click

from pvbench.cli.app import App, json_option, pass_app, verb
from pvbench.errors import ForeignError, UsageError
from pvbench.exit_codes import ExitCode
from pvbench.terminal.streams import print_json

if TYPE_CHECKING:
    from pvbench.views.imported import File

STANDARD_INPUT = Path("-")


@verb(name="import", short_help="Read results of fio, iperf3 and netperf.")
@click.argument("files", type=click.Path(path_type=Path), nargs=-1, required=True, metavar="FILE...")
@click.option("--side-by-side", is_flag=True, help="One table: a column a result, a row a figure.")
@click.option("--markdown", is_flag=True, help="That table in Markdown.")
@json_option
@pass_app
def import_results(app: App, files: tuple[Path, ...], side_by_side: bool, markdown: bool, as_json: bool) -> int:
    """Read each FILE that fio, iperf3 or netperf wrote, and print its figures; `-` is standard input.

    fio: json, json+, terse; iperf3: -J; netperf: -k, -o, -O, classic tables. Packed with gzip is as good. Which device
    carried the traffic is not known of any of them. Ends with 2 where a file is refused, 3 where a tool says that
    its test failed.
    """
    from pvbench.cli.failures import line
    from pvbench.views import imported, imported_table

    if side_by_side + markdown + as_json > 1:
        raise UsageError("--side-by-side, --markdown and --json are three forms of one thing: choose one")
    read = [_read(file) for file in files]
    render = imported_table.as_markdown if markdown else imported_table.as_text if side_by_side else imported.render
    if as_json:
        print_json(imported.as_data(read))
    elif any(file.results for file in read):
        print(render(read))
    refused = [file.refused for file in read if file.refused is not None]
    for error in refused[:-1]:
        app.note(line(error.message))
    if refused:
        raise refused[-1]
    failed = any(result.problem for file in read for result in file.results)
    return ExitCode.NOT_MEASURED if failed else ExitCode.DONE


def _read(file: Path) -> "File":
    from pvbench import foreign
    from pvbench.views.imported import File

    name = "standard input" if file == STANDARD_INPUT else str(file)
    try:
        content = _content(file, name)
    except ForeignError as error:
        return File(name, refused=error)
    imported = foreign.read(content, name)
    return File(name, imported.results, imported.refused)


def _content(file: Path, name: str) -> bytes:
    from pvbench.foreign import MOST_BYTES

    try:
        with os.fdopen(os.dup(0), "rb") if file == STANDARD_INPUT else file.open("rb") as opened:
            content = opened.read(MOST_BYTES + 1)
    except (OSError, ValueError) as problem:
        reason = getattr(problem, "strerror", None) or problem
        raise ForeignError(f"{name} cannot be read: {reason}") from None
    if len(content) > MOST_BYTES:
        raise ForeignError(f"{name} is larger than {MOST_BYTES >> 20} MiB")
    return content
