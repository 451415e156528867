"""init, check, plan: what can be said of a matrix before any host is contacted."""

import os
from pathlib import Path

import click

from pvbench.cli import arguments, wiring
from pvbench.cli.app import App, json_option, pass_app, verb
from pvbench.errors import UsageError
from pvbench.terminal.streams import print_json

STARTERS = {"starter.yaml": "matrix.yaml", "hosts.yaml": "hosts.yaml"}
matrix_argument = click.argument("matrix", type=click.Path(path_type=Path))
hosts_option = click.option(
    "--hosts",
    "hosts_file",
    type=click.Path(path_type=Path),
    help="The hosts file; otherwise hosts.yaml beside the matrix, then here.",
)


@verb(short_help="Write a commented matrix.yaml and hosts.yaml.")
@click.argument("folder", type=click.Path(path_type=Path, file_okay=False), default=Path())
@pass_app
def init(app: App, folder: Path) -> None:
    """Write a commented matrix.yaml and hosts.yaml to begin with, into FOLDER or here. Nothing is overwritten."""
    from pvbench import shipped
    from pvbench.terminal.output import new

    taken = [str(folder / name) for name in STARTERS.values() if os.path.lexists(folder / name)]
    if taken:
        raise UsageError(
            f"{' and '.join(taken)} exist{'s' if len(taken) == 1 else ''} already; nothing was written",
            hint="name another folder: pvbench init FOLDER",
        )
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for source, name in STARTERS.items():
            new(folder / name, (shipped.folder("examples") / source).read_bytes())
    except OSError as error:
        raise UsageError(f"{folder} cannot be written to: {error.strerror}") from None
    for name in STARTERS.values():
        print(folder / name)
    app.note(f"next: pvbench check {folder / 'matrix.yaml'}")


@verb(short_help="Say what is wrong with a matrix and its hosts.")
@click.argument("matrix", type=click.Path(path_type=Path), required=False)
@hosts_option
@click.option("--schema", is_flag=True, help="Print the JSON Schema of a matrix instead.")
@click.option("--hosts-schema", is_flag=True, help="Print the JSON Schema of a hosts file instead.")
@click.option("--nightly-schema", is_flag=True, help="Print the JSON Schema of a nightly.yaml instead.")
@pass_app
def check(
    app: App, matrix: Path | None, hosts_file: Path | None, schema: bool, hosts_schema: bool, nightly_schema: bool
) -> None:
    """Say what is wrong with MATRIX and its hosts file. No host is contacted."""
    if schema or hosts_schema or nightly_schema:
        from pvbench import inventory
        from pvbench import matrix as matrices
        from pvbench.nightly import settings

        print_json((matrices if schema else inventory if hosts_schema else settings).schema())
        return
    if matrix is None:
        raise click.UsageError("check needs a MATRIX, or --schema", click.get_current_context())
    from pvbench.campaign.cost import plan_of
    from pvbench.matrix import expand
    from pvbench.wording import listed

    read, known = arguments.matrix(matrix), arguments.inventory(hosts_file, matrix)
    arguments.check_hosts(read, str(matrix), known, app)
    wiring.check_devices(read, str(matrix))
    trials = f"{len(expand(read))} cells in {read.run.blocks} blocks, {len(plan_of(read).trials)} trials"
    print(f"{matrix}: ok, {trials} on {listed(read.hosts)}")
    app.note(f"next: pvbench plan {matrix}")


@verb(short_help="Print cells, order and cost of a matrix.")
@matrix_argument
@hosts_option
@json_option
@pass_app
def plan(app: App, matrix: Path, hosts_file: Path | None, as_json: bool) -> None:
    """Print the cells of MATRIX, the order of their trials, and what they will cost. No host is contacted."""
    from pvbench.campaign.cost import plan_of
    from pvbench.views.plan import as_data, render

    read = arguments.matrix(matrix)
    arguments.check_hosts(read, str(matrix), arguments.inventory(hosts_file, matrix), app)
    planned = plan_of(read)
    if as_json:
        print_json(as_data(read, planned))
        return
    print(render(read, planned, whole=app.voice.verbosity > 0), end="")
    app.note(f"next: pvbench run {matrix}")
