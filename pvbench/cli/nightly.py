"""nightly: a night from its first boot to its last message."""

import shlex
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from pvbench.cli import arguments, timers, wiring
from pvbench.cli.app import App, mirror_option, pass_app, results_option, verb
from pvbench.cli.matrices import hosts_option, matrix_argument

if TYPE_CHECKING:
    from pvbench.campaign.campaign import Campaign
    from pvbench.inventory import Inventory
    from pvbench.nightly.settings import Settings
    from pvbench.nightly.tonight import Tonight


@dataclass(frozen=True)
class Places:
    """What a night reads and where it puts what it makes, as the command line names it."""

    matrix: Path
    hosts_file: Path | None
    config: Path | None
    results: Path
    history: str | None
    site: Path | None

    @property
    def words(self) -> tuple[str, ...]:
        """The options that name the same from whatever folder the night is called in."""
        here = Path(arguments.HOSTS_FILE)
        beside = (self.matrix.parent / arguments.HOSTS_FILE).is_file()
        hosts = self.hosts_file or (here if here.is_file() and not beside else None)
        named = {"--hosts": hosts, "--config": self.config, "--results": self.results, "--site": self.site}
        words = [(option, str(path.absolute())) for option, path in named.items() if path is not None]
        if self.history is not None:
            words.append(("--history", self.history if "://" in self.history else str(Path(self.history).absolute())))
        return tuple(word for pair in words for word in pair)

    def settings(self) -> "Settings":
        """Return what --config says, else nightly.yaml beside the matrix, else what is usual."""
        from pvbench.errors import NightlyFileError
        from pvbench.nightly.settings import FILE, Settings, load
        from pvbench.terminal.input import read

        path = self.config or self.matrix.parent / FILE
        if self.config is None and not path.is_file():
            return Settings()
        return load(read(path, "settings of a night", NightlyFileError), name=str(path), folder=path.parent)


@verb(short_help="Measure a night: run, keep, judge, look again, publish, tell.")
@matrix_argument
@hosts_option
@click.option(
    "--config",
    type=click.Path(path_type=Path),
    help="Whom to tell and what to keep; otherwise nightly.yaml beside the matrix, else nobody and all.",
)
@results_option(writing="runs, history and site")
@click.option("--history", metavar="WHERE", help="The history, a folder or an address; otherwise one in --results.")
@click.option(
    "--site",
    type=click.Path(path_type=Path),
    help="Where the pages go; otherwise as --config says, else `site` in --results.",
)
@click.option("--anew", is_flag=True, help="Measure another night though tonight's is done.")
@click.option(
    "--install", is_flag=True, help="Write systemd units that call it every night, and print a line for cron."
)
@click.option("--uninstall", is_flag=True, help="Remove those units.")
@click.option(
    "--at",
    metavar="HH:MM",
    callback=timers.time_of_day,
    default=timers.USUAL_AT,
    show_default=True,
    help="When, by the machine's clock, with --install.",
)
@click.option("--user", is_flag=True, help="Units of your own systemd, not of the machine's.")
@click.option("--dry-run", is_flag=True, help="Show the plan, or the units; nothing is contacted or written.")
@mirror_option
@pass_app
def nightly(
    app: App, /, *, anew: bool, install: bool, uninstall: bool, at: str, user: bool, dry_run: bool, **named: Any
) -> int:
    """Measure MATRIX as tonight's night, add it to the history, say what changed, and look at that again.

    A night that was cut off, by whatever, goes on where it was when this is called again; the exit code is the night's.
    """
    places = Places(**named)
    if uninstall:
        return timers.uninstall(app, places.matrix, user=user, dry_run=dry_run)
    from pvbench.cli.run import dry, requested
    from pvbench.model import Purpose

    campaign, known = requested(app, places.matrix, places.hosts_file, Purpose.RUN)
    settings = places.settings()
    if install:
        made = timers.timed(places.matrix, at, places.words, user=user)
        return timers.install(app, made, user=user, dry_run=dry_run)
    if dry_run:
        return dry(app, campaign)
    return _measured(app, _tonight(app, places, campaign, known, settings), anew=anew)


def _tonight(app: App, places: Places, campaign: "Campaign", known: "Inventory", settings: "Settings") -> "Tonight":
    from pvbench.cli.world import World
    from pvbench.history.store import History
    from pvbench.nightly.tonight import Tonight

    return Tonight(
        campaign=campaign,
        world=World(app, known),
        results=places.results,
        folder=places.results / "nightly" / arguments.slug(places.matrix),
        history=History.open(places.history or str(places.results / "history")),
        settings=settings,
        site=places.site or settings.site or places.results / "site",
        environment=app.edges.environment,
        tell=app.note,
        say=print,
    )


def _measured(app: App, tonight: "Tonight", *, anew: bool) -> int:
    from pvbench.nightly.alone import alone
    from pvbench.nightly.night import go_on
    from pvbench.terminal.interrupts import orderly

    app.resume = f"the same call goes on with the night: pvbench {shlex.join(app.argv)}"
    who = wiring.owner(f"since {app.edges.clock.now():%Y-%m-%d %H:%M} UTC")
    with orderly(app.voice), alone(tonight.folder, who):
        code = go_on(tonight, anew=anew)
    app.resume = None
    return code
