"""dashboard: a history as a site of plain files."""

from pathlib import Path

import click

from pvbench.cli.app import App, history_option, json_option, pass_app, verb
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

    with view.counting(app.voice, "nights read") as tell:
        shown, problems = gather(history, tell)
    settings = site.Settings(app.edges.clock.now(), reports_below(output, reports))
    with view.counting(app.voice, "pages looked at") as tell:
        written = site.write(shown, output, settings, tell)
    for problem in problems:
        app.voice.warn(f"left out: {problem}")
    if as_json:
        print_json(view.as_data(shown, output, written))
    else:
        print(output / site.FIRST)
        app.note(view.done(shown, written))
        if not zoom.files():
            app.note(zoom.ABSENT)
