"""pilot: find out how many blocks and runs a matrix needs, before its real run."""

from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path

import click

from pvbench.cli import arguments
from pvbench.cli.app import App, json_option, mirror_option, pass_app, results_option, verb
from pvbench.cli.matrices import hosts_option
from pvbench.cli.run import measured, requested
from pvbench.errors import UsageError
from pvbench.exit_codes import ExitCode
from pvbench.model import Purpose
from pvbench.terminal.streams import print_json


class Quantity(click.ParamType):  # type: ignore[type-arg]  # generic for checkers of click 8.3 alone
    """A share such as 10% or a time such as 6h, as in a matrix."""

    def __init__(self, name: str) -> None:
        self.name = name

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> float:
        """Return the value in base units."""
        if isinstance(value, float):
            return value
        from pvbench.errors import MatrixError
        from pvbench.yaml_schema import DURATION, PERCENT, parse

        shape = (
            PERCENT.between("0.1%", "1000%")
            if self.name == "percent"
            else replace(DURATION, most=DURATION.most * 365).between("1s", "8760h")
        )
        try:
            return float(shape.read(parse(str(value), name=self.name, error=MatrixError)))
        except MatrixError as error:
            self.fail(error.reason, param, ctx)


@verb(short_help="Find out how many blocks a matrix needs.")
@click.argument("matrix", type=click.Path(path_type=Path), required=False)
@hosts_option
@results_option(writing="the pilot")
@click.option(
    "--width",
    type=Quantity("percent"),
    default="10%",
    show_default=True,
    help="The wanted full width of the intervals, relative to their ratios.",
)
@click.option("--fit", type=Quantity("time"), help="Say too what can be had in a time such as 6h.")
@click.option("--boots", type=click.IntRange(2, 100), default=5, show_default=True, help="Blocks of the pilot.")
@click.option("--runs", type=click.IntRange(1, 20), default=5, show_default=True, help="Runs in each boot.")
@click.option("--of", "finished", metavar="RUN", help="Read a pilot that is there, and measure nothing.")
@mirror_option
@json_option
@pass_app
def pilot(
    app: App,
    *,
    matrix: Path | None,
    hosts_file: Path | None,
    results: Path,
    width: float,
    fit: float | None,
    boots: int,
    runs: int,
    finished: str | None,
    as_json: bool,
) -> int:
    """Measure MATRIX as a pilot and recommend blocks and runs for its real run.

    The pilot's figures say how much boots, runs and blocks differ, and are never those of a result.
    """
    if (matrix is None) == (finished is None):
        raise click.UsageError("pilot needs either a MATRIX or --of RUN", click.get_current_context())
    with ExitStack() as stack:
        code = ExitCode.DONE
        if matrix is None:
            store = stack.enter_context(arguments.run(results, str(finished)))
        else:
            campaign, known = requested(app, matrix, hosts_file, Purpose.PILOT)
            store, summary = stack.enter_context(measured(app, campaign.as_pilot(boots, runs), known, results))
            if summary.invalid or summary.not_measured:
                flaws = f"{summary.invalid} invalid, {summary.not_measured} not measured"
                app.note(f"{flaws}: pvbench show {store.manifest.run_id}")
                code = ExitCode.NOT_MEASURED
        from pvbench.campaign.pilot import findings
        from pvbench.samples import gather
        from pvbench.views.pilot import as_data, render

        if store.manifest.purpose is not Purpose.PILOT:
            raise UsageError(
                f"{store.manifest.run_id} is no pilot but a {store.manifest.purpose.words}",
                hint="pvbench report says what it found",
            )
        cells = gather(store.manifest, store.trials())
        there = findings(store.manifest, cells, width, fit)
    if as_json:
        print_json(as_data(there))
    else:
        print(render(there), end="")
    return code
