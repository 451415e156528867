"""ls, show, report, compare: what can be said of runs from their folders alone."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from pvbench.cli import arguments
from pvbench.cli.app import App, json_option, pass_app, results_option, verb
from pvbench.exit_codes import ExitCode
from pvbench.terminal.streams import print_json, room

if TYPE_CHECKING:
    from pvbench.store.record import Record

AFTER_WRITING = {
    "html": "open it in a browser, nothing else is needed",
    "json": "docs/report-json.md says what is in it",
    "md": "GitHub and GitLab show it in a pull request",
    "csv": "a row a comparison; docs/reports.md says what its columns are",
}
"""The formats of a report, with what a person is told once one is written."""
run_argument = click.argument("run")


@verb()
@results_option()
@json_option
@pass_app
def ls(app: App, results: Path, as_json: bool) -> None:
    """List the runs, oldest first."""
    from pvbench.store import runs
    from pvbench.views.ls import as_data, render

    there = runs(results)
    if as_json:
        print_json([as_data(info) for info in there])
    elif there:
        print(render(there), end="")
    else:
        app.note(f"no runs under {results / 'runs'}; `pvbench run MATRIX` makes one")


@verb(short_help="Print every reading of a run.")
@run_argument
@click.argument("cell", required=False)
@results_option()
@json_option
@pass_app
def show(app: App, run: str, cell: str | None, results: Path, as_json: bool) -> None:
    """Print every reading of RUN, with CELL or -v its evidence too.

    RUN is an id, the beginning of one, a path, or `last`; CELL the beginning of a cell's id.
    """
    from pvbench.store import cells
    from pvbench.views.show import as_data, render

    with arguments.run(results, run) as store:
        key = cells.cell(store.manifest, cell)[0] if cell else None
        if as_json:
            print_json(as_data(store, key))
        else:
            print(render(store, key, evidence=bool(key) or app.voice.verbosity > 0), end="")


@verb(short_help="Write the report of a run, or of several side by side: HTML, JSON, Markdown or CSV.")
@click.argument("runs", nargs=-1, required=True, metavar="RUN...")
@click.option("-o", "--output", help="The file, `-` for standard output; left out: RUN.html (.json, …) here.")
@click.option(
    "--format",
    "form",
    type=click.Choice(list(AFTER_WRITING)),
    default="html",
    show_default=True,
    help="html needs nothing else, json is for programs, md for a pull request, csv has a row a comparison.",
)
@click.option("--redact", is_flag=True, help="Take out names of hosts and people, addresses, serials, secrets.")
@results_option()
@pass_app
def report(app: App, runs: tuple[str, ...], output: str | None, form: str, redact: bool, results: Path) -> None:
    """Write the report of RUN: one HTML file that needs nothing else, or its figures as JSON, Markdown or CSV.

    Several RUNs stand side by side, cell by cell, with what differs in their hosts, stacks and settings told first.
    """
    from pvbench.reports.comparison import ALTERED
    from pvbench.reports.made import make
    from pvbench.terminal.output import write

    made = make((_record(results, run) for run in runs), form, redacted=redact)
    for problem in made.altered[:ALTERED]:
        app.note(f"altered: {problem}")
    if len(made.altered) > ALTERED:
        app.note(f"altered: {len(made.altered) - ALTERED} more")
    if redact:
        app.note(f"--redact {made.redacted}")
    data = made.text.encode(errors="backslashreplace")
    name = f"{made.name}.{form}" if output is None else output
    if not write(name, data):
        print(name)
        app.note(f"{len(data) / 1000:,.0f} kB; {AFTER_WRITING[form]}")


def _record(results: Path, run: str) -> "Record":
    """Return what a report of a run is made of."""
    from pvbench.store.fields import uncollected
    from pvbench.store.record import Record

    with arguments.run(results, run) as store, uncollected():
        return Record(store.manifest, store.trials(), store.earlier(), store.altered())


@verb(short_help="Print ratios and verdicts.")
@run_argument
@click.argument("what", nargs=-1, metavar="[FACTOR] [A B]")
@results_option()
@json_option
def compare(run: str, what: tuple[str, ...], results: Path, as_json: bool) -> int:
    """Print the ratios of a run with intervals and verdicts: every comparison of its matrix, or a part of them.

    FACTOR (device, queues, ...) alone is that comparison; A B are two devices, or two cells that differ in one factor;
    FACTOR A B are two of its values. The ratio is B ÷ A.
    """
    from pvbench.reports import table
    from pvbench.views.compare import as_data, page_of

    if len(what) > 3:
        raise click.UsageError(
            "compare takes a FACTOR, two devices or cells, or a FACTOR and two of its values",
            click.get_current_context(),
        )
    with arguments.run(results, run) as store:
        page = page_of(store.manifest, store.trials(), what)
    if as_json:
        print_json(as_data(page))
    else:
        print(table.render(page, *room()), end="")
    compared = any(row.point is not None for group in page.groups for row in group.rows)
    return ExitCode.DONE if compared else ExitCode.NOT_MEASURED
