"""nightly: a night from its first boot to its last message."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from pvbench.cli import arguments, wiring
from pvbench.cli.app import USUAL_RESULTS, App, mirror_option, pass_app, results_option, verb
from pvbench.cli.matrices import hosts_option, matrix_argument

if TYPE_CHECKING:
    from pvbench.history.analysis import Analysis
    from pvbench.history.store import History
    from pvbench.nightly.settings import Settings


@verb(short_help="Measure a night: run, keep, judge, look again, publish, tell.")
@matrix_argument
@hosts_option
@click.option(
    "--config",
    type=click.Path(path_type=Path),
    help="Whom to tell and what to keep; otherwise nightly.yaml beside the matrix, else nobody and all.",
)
@results_option(writing="runs, history and site")
@click.option(
    "--history", metavar="WHERE", help="The history: a folder or an address; otherwise `history` in --results."
)
@click.option(
    "--site",
    type=click.Path(path_type=Path, file_okay=False),
    help="The folder of dashboard and reports; otherwise that of --config, else `site` in --results.",
)
@click.option("--anew", is_flag=True, help="Measure another night though tonight's is done.")
@mirror_option
@pass_app
def nightly(
    app: App,
    *,
    matrix: Path,
    hosts_file: Path | None,
    config: Path | None,
    results: Path,
    history: str | None,
    site: Path | None,
    anew: bool,
) -> int:
    """Measure MATRIX as tonight's night, add it to the history, say what changed, and look at that again.

    A night that was cut off, by whatever, goes on where it was when this is called again; the exit code is the night's.
    """
    from pvbench.cli.run import requested
    from pvbench.cli.world import World
    from pvbench.history.store import History
    from pvbench.model import Purpose
    from pvbench.nightly.alone import alone
    from pvbench.nightly.night import go_on
    from pvbench.nightly.steps import Tonight
    from pvbench.terminal.interrupts import orderly

    campaign, known = requested(app, matrix, hosts_file, Purpose.RUN)
    settings = settings_of(config, matrix)
    tonight = Tonight(
        campaign=campaign,
        world=World(app, known),
        results=results,
        folder=results / "nightly" / arguments.slug(matrix),
        history=History.open(str(results / "history") if history is None else history),
        settings=settings,
        site=site or settings.site or results / "site",
        environment=app.edges.environment,
        analyse=_analysed,
        tell=app.note,
    )
    where = "" if results == USUAL_RESULTS else f" -o {results}"
    app.resume = f"pvbench nightly {matrix}{where} goes on with the night"
    who = wiring.owner(f"since {app.edges.clock.now():%Y-%m-%d %H:%M} UTC")
    with orderly(app.voice), alone(tonight.folder, who):
        code = go_on(tonight, anew=anew)
    app.resume = None
    return code


def settings_of(config: Path | None, matrix: Path) -> "Settings":
    """Return what --config says, else nightly.yaml beside the matrix, else what is usual. Raises NightlyFileError."""
    from pvbench.errors import NightlyFileError
    from pvbench.nightly.settings import FILE, Settings, load
    from pvbench.terminal.input import read

    path = config or matrix.parent / FILE
    if config is None and not path.is_file():
        return Settings()
    return load(read(path, "settings of a night", NightlyFileError), name=str(path), folder=path.parent)


def _analysed(history: "History") -> "Analysis":
    from pvbench.history.analysis import analyse

    return analyse(history.nights(), history.series(), history.alarms(), history.annotations())
