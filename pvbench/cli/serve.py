"""serve: the dashboard on loopback, with what is measured now."""

from pathlib import Path

import click

from pvbench.cli.app import App, history_option, pass_app, results_option, verb
from pvbench.cli.histories import opened, warn

USUAL_PORT = 8765


@verb(short_help="Show the dashboard on loopback, with what is measured now.")
@history_option
@results_option()
@click.option(
    "--port", type=click.IntRange(0, 65535), default=USUAL_PORT, show_default=True, help="Where; 0 takes any port."
)
@click.option(
    "--reports",
    type=click.Path(path_type=Path, file_okay=False),
    help="The folder of the runs' reports, RUN.html; left out: site/reports.",
)
@pass_app
def serve(app: App, history: str, results: Path, port: int, reports: Path | None) -> None:
    """Show the dashboard to browsers on this machine until Ctrl-C, made anew whenever the history grows.

    Above it stands how far the runs under --results are that are under way. Nothing is written.
    """
    from pvbench.dashboard.kept_fresh import KeptFresh
    from pvbench.dashboard.running import running
    from pvbench.dashboard.server import LOOPBACK, serving
    from pvbench.views.serve import under_way

    with opened(app, history) as kept:
        fresh = KeptFresh(kept, reports or Path("site", "reports"), app.edges.clock, app.voice.warn)
    warn(app, kept)

    def told() -> list[str]:
        return [under_way(run) for run in running(results, app.edges.clock.now())]

    with serving(fresh, told, port) as taken:
        print(f"http://{LOOPBACK}:{taken}/", flush=True)
        app.note("Ctrl-C ends it")
        app.edges.wait()
