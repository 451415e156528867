"""dashboard, annotate: a history as a site of plain files, and what people say of its nights."""

from pathlib import Path

import click

from pvbench.cli.app import App, history_option, json_option, pass_app, verb
from pvbench.cli.histories import opened, warn
from pvbench.terminal.streams import print_json


@verb(short_help="Write the site of a history.")
@history_option
@click.option(
    "-o",
    "--output",
    type=click.Path(path_type=Path, file_okay=False),
    default=Path("site"),
    show_default=True,
    help="The folder of the site; a page in it that stays as it is is not written anew.",
)
@click.option(
    "--reports",
    type=click.Path(path_type=Path, file_okay=False),
    help="The folder of the runs' reports, RUN.html; left out: reports/ in the site.",
)
@json_option
@pass_app
def dashboard(app: App, history: str, output: Path, reports: Path | None, as_json: bool) -> None:
    """Write a site of plain files: what was measured, what changed with proof, how sure; a page a series.

    A browser shows index.html from a folder or from any web server, and fetches nothing else.
    """
    from pvbench.dashboard import site, zoom
    from pvbench.dashboard.gather import gather, reports_below
    from pvbench.views import dashboard as view

    with opened(app, history) as kept:
        shown = gather(kept)
    settings = site.Settings(app.edges.clock.now(), reports_below(output, reports), kept.problems())
    with view.counting(app.voice, "pages looked at") as tell:
        written = site.write(shown, output, settings, tell)
    warn(app, kept)
    if as_json:
        print_json(view.as_data(shown, output, written))
        return
    print(output / site.FIRST)
    app.note(view.done(shown, written))
    if not zoom.files():
        app.note(zoom.ABSENT)


@verb(short_help="Say something of a night, to stand in the dashboard.")
@click.argument("series")
@click.argument("night")
@click.argument("text")
@history_option
@pass_app
def annotate(app: App, series: str, night: str, text: str, history: str) -> None:
    """Keep TEXT with the history, as said of NIGHT and SERIES; the dashboard shows it in their charts.

    SERIES is an id, the beginning of one, the address of its page, or `all`; NIGHT a date, a run's id, or `last`.
    """
    from pvbench.history import find

    with opened(app, history) as kept:
        said = find.annotation(kept.nights(), kept.series(), find.Saying(series, night, text), app.edges.clock.now())
        kept.annotate(said)
    warn(app, kept)
    print(f"{said.night} {said.series or find.ALL}")
    app.note("`pvbench dashboard` writes the pages that show it")
