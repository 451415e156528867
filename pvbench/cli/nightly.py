"""nightly: a night from its first boot to its last message."""

from pathlib import Path

import click

from pvbench.cli import arguments, wiring
from pvbench.cli.app import USUAL_RESULTS, App, mirror_option, pass_app, results_option, verb
from pvbench.cli.matrices import hosts_option, matrix_argument


@verb(short_help="Measure a night: run, keep, judge, look again, tell.")
@matrix_argument
@hosts_option
@results_option(writing="runs and history")
@click.option("--anew", is_flag=True, help="Measure another night though tonight's is done.")
@mirror_option
@pass_app
def nightly(app: App, *, matrix: Path, hosts_file: Path | None, results: Path, anew: bool) -> int:
    """Measure MATRIX as tonight's night and add it to the history below the results.

    A night that was cut off, by whatever, goes on where it was when this is called again; the exit code is the night's.
    """
    from pvbench.cli.run import requested
    from pvbench.cli.world import World
    from pvbench.history.store import History
    from pvbench.model import Purpose
    from pvbench.nightly.alone import alone
    from pvbench.nightly.night import Nightly
    from pvbench.terminal.interrupts import orderly

    campaign, known = requested(app, matrix, hosts_file, Purpose.RUN)
    folder = results / "nightly" / arguments.slug(matrix)
    where = "" if results == USUAL_RESULTS else f" -o {results}"
    app.resume = f"pvbench nightly {matrix}{where} goes on with the night"
    night = Nightly(campaign, World(app, known), results, folder, History.open(str(results / "history")), app.note)
    with orderly(app.voice), alone(folder, wiring.owner(f"since {app.edges.clock.now():%Y-%m-%d %H:%M} UTC")):
        code = night.go_on(anew=anew)
    app.resume = None
    return code
