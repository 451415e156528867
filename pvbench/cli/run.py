"""run: measure a matrix, or go on with a run that was interrupted."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import click

from pvbench.cli import arguments
from pvbench.cli.app import USUAL_RESULTS, App, mirror_option, pass_app, results_option, verb
from pvbench.cli.matrices import hosts_option
from pvbench.errors import ImageError
from pvbench.exit_codes import ExitCode
from pvbench.model import Purpose

if TYPE_CHECKING:
    from pvbench.campaign.campaign import Campaign
    from pvbench.campaign.visits import RunSummary
    from pvbench.inventory import Inventory
    from pvbench.matrix import Matrix
    from pvbench.store import Store


@verb(short_help="Measure a matrix, or go on with a run.")
@click.argument("matrix", type=click.Path(path_type=Path), required=False)
@hosts_option
@results_option(writing="the run")
@click.option("--resume", metavar="RUN", help="Go on with RUN (an id, the beginning of one, a path, or `last`).")
@click.option(
    "--negative-control",
    is_flag=True,
    help="Send every flow over another device than the one asked for: every trial must come out INVALID.",
)
@click.option("--dry-run", is_flag=True, help="Check everything, contact nothing, print the plan.")
@mirror_option
@pass_app
def run(
    app: App,
    *,
    matrix: Path | None,
    hosts_file: Path | None,
    results: Path,
    resume: str | None,
    negative_control: bool,
    dry_run: bool,
) -> int:
    """Measure MATRIX and print the table. Every trial is on disk before the next begins.

    With --resume the matrix is the run's own; naming it too checks that it has not changed.
    """
    if matrix is None and resume is None:
        raise click.UsageError("run needs a MATRIX, or --resume RUN", click.get_current_context())
    with ExitStack() as stack:
        store = None
        if resume is not None:
            from pvbench.campaign.resume import check_purpose
            from pvbench.store import Store

            store = stack.enter_context(Store.open(results, arguments.run_name(results, resume), write=not dry_run))
            check_purpose(store.manifest, Purpose.CONTROL if negative_control else None)
            negative_control = store.manifest.purpose is Purpose.CONTROL
        app.swapped = negative_control
        purpose = Purpose.CONTROL if negative_control else Purpose.RUN
        campaign, known = requested(app, matrix, hosts_file, purpose, store)
        if dry_run:
            return dry(app, campaign, store)
        store, summary = stack.enter_context(measured(app, campaign, known, results, store))
        return _end(app, store, summary, results)


def requested(
    app: App, path: Path | None, hosts_file: Path | None, purpose: Purpose, store: "Store | None" = None
) -> "tuple[Campaign, Inventory]":
    """Return what the command line asks for and the hosts it knows, all of it read and checked; contacts nothing.

    Without a path the matrix is that of the run.
    """
    from pvbench.campaign.campaign import Campaign
    from pvbench.campaign.control import check_control

    if path is not None:
        matrix, name = arguments.matrix(path), path.name
    else:
        assert store is not None  # noqa: S101  without a matrix there is a run to resume
        name = store.manifest.matrix_name
        matrix = _stored(store)
    known = arguments.inventory(hosts_file, path)
    arguments.check_hosts(matrix, name if path is None else str(path), known, app)
    if purpose is Purpose.CONTROL:
        check_control(matrix)
    return Campaign(matrix, name, purpose, ("pvbench", *app.argv)), known


def _stored(store: "Store") -> "Matrix":
    """Return the matrix of a run; files that it names are looked for from here. Raises MatrixError."""
    from pvbench.errors import MatrixError
    from pvbench.matrix import load

    manifest = store.manifest
    try:
        return load(manifest.matrix_text, name=manifest.matrix_name)
    except MatrixError as error:
        again = f"pvbench run FOLDER/{manifest.matrix_name} --resume {manifest.run_id}"
        raise MatrixError(str(error), hint=f"files that the matrix names may lie elsewhere: {again}") from None


def dry(app: App, campaign: "Campaign", store: "Store | None" = None) -> int:
    """Print the plan of a campaign, and of a run what is finished; nothing is contacted or written."""
    from pvbench.views import plan as plans

    print(plans.render(campaign.matrix, campaign.plan, whole=app.voice.verbosity > 0), end="")
    if store is not None:
        app.note(
            f"{store.manifest.run_id}: {len(store.finished_ids())} of {len(store.manifest.plan)} trials are finished"
        )
    app.note("nothing was contacted, nothing written")
    return ExitCode.DONE


@contextmanager
def measured(
    app: App, campaign: "Campaign", known: "Inventory", results: Path, store: "Store | None" = None
) -> "Iterator[tuple[Store, RunSummary]]":
    """Measure what is not finished of a run, a new one where there is no store; give the run and what came of it."""
    from pvbench.campaign import resume
    from pvbench.campaign import run as runs
    from pvbench.campaign.facts import unlike_images
    from pvbench.cli.world import World
    from pvbench.terminal.interrupts import orderly
    from pvbench.views.plan import reboots

    world = World(app, known)
    with orderly(app.voice):
        site = runs.survey(campaign, world)
        campaign = campaign.on(site)
        for line in (*reboots(campaign.plan).splitlines(), *unlike_images(site.own_guests)):
            app.note(line)
        if store is None:
            store = runs.begin(campaign, site, results, world.clock)
        else:
            resume.check(store.manifest, campaign, site)
            if store.torn_bytes:
                app.note(f"the journal's last line was unfinished ({store.torn_bytes} bytes); its trial is made again")
        with store:
            where = "" if results == USUAL_RESULTS else f" -o {results}"
            again = f"pvbench run --resume {store.manifest.run_id}{where}"
            app.resume = None if campaign.purpose is Purpose.PILOT else again
            app.note(f"run {store.manifest.run_id}")
            yield store, runs.measure(campaign, site, store, world)


def _end(app: App, store: "Store", summary: "RunSummary", results: Path) -> int:
    """Write what is derived, print the table and what to do next."""
    from pvbench.reports import comparison, table
    from pvbench.terminal.streams import room

    manifest = store.manifest
    store.export_parquet()
    print(table.render(comparison.build(manifest, store.trials(), store.earlier()), *room()), end="")
    counts = f"{summary.ok} ok, {summary.invalid} invalid, {summary.not_measured} not measured"
    where = "" if results == USUAL_RESULTS else f" --results {results}"
    app.note("")
    app.note(f"run {manifest.run_id}: {counts}; {store.path}")
    if summary.not_measured:
        app.note(f"try those again: {app.resume}")
    app.note(f"next: pvbench report {manifest.run_id}{where} -o report.html")
    app.resume = None
    if summary.altered:
        raise ImageError(
            "; ".join(summary.altered), hint="compare its SHA-256 there with the report's; find out what writes to it"
        )
    return ExitCode.NOT_MEASURED if summary.invalid or summary.not_measured else ExitCode.DONE
