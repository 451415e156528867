"""run: measure a matrix, or go on with a run that was interrupted."""

from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import click

from pvbench.cli import found
from pvbench.cli.app import App, mirror_option, pass_app, verb
from pvbench.cli.matrices import hosts_option
from pvbench.errors import UsageError
from pvbench.model import Purpose

if TYPE_CHECKING:
    from pvbench.campaign.visits import RunSummary
    from pvbench.inventory import Host, Inventory
    from pvbench.matrix import Matrix
    from pvbench.model import GuestImage, HostFacts
    from pvbench.store import Manifest, Store

INCOMPLETE = 3
NEGATIVE_CONTROL = "--negative-control"
USUAL_RESULTS = Path("results")


@verb(short_help="Measure a matrix, or go on with a run.")
@click.argument("matrix", type=click.Path(path_type=Path), required=False)
@hosts_option
@click.option(
    "-o",
    "--results",
    type=click.Path(path_type=Path, file_okay=False),
    default=USUAL_RESULTS,
    show_default=True,
    help="The folder to put the run under.",
)
@click.option("--resume", metavar="RUN", help="Go on with RUN (an id, the beginning of one, a path, or `last`).")
@click.option(
    NEGATIVE_CONTROL,
    is_flag=True,
    help="Send every flow over another device than the one asked for: every trial must come out INVALID.",
)
@click.option("--dry-run", is_flag=True, help="Check everything, contact nothing, print the plan.")
@mirror_option
@pass_app
def run(
    app: App,
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
    from pvbench.cli.interrupts import orderly

    app.swapped = negative_control
    if matrix is None and resume is None:
        raise click.UsageError("run needs a MATRIX, or --resume RUN", click.get_current_context())
    with ExitStack() as stack:
        store = None
        if resume is not None:
            from pvbench.store import Store

            name = found.run_name(results, resume)
            store = stack.enter_context(Store.open(results, name, write=not dry_run))
            check_purpose(store.manifest, Purpose.CONTROL if negative_control else None)
            app.swapped = store.manifest.purpose is Purpose.CONTROL
        asked = asked_for(app, matrix, hosts_file, results, store)
        if dry_run:
            return _dry(app, asked, store)
        stack.enter_context(orderly(app))
        purpose = Purpose.CONTROL if app.swapped else Purpose.RUN
        store, summary = measure(app, asked, store, stack, purpose)
        return _end(app, store, summary, results)


def check_purpose(manifest: "Manifest", wanted: Purpose | None) -> None:
    """Raise UsageError where a pilot, a control or a run would continue another of them; None takes either of two."""
    if manifest.purpose is Purpose.PILOT:
        becomes = "a negative control" if wanted is Purpose.CONTROL else "a run"
        raise UsageError(
            f"{manifest.run_id} is a pilot, and never becomes {becomes}", hint=f"pvbench pilot --of {manifest.run_id}"
        )
    if wanted is not None and manifest.purpose is not wanted:
        raise UsageError(
            f"{manifest.run_id} is a run, and never becomes a negative control",
            hint=f"pvbench run {manifest.matrix_name} {NEGATIVE_CONTROL}",
        )


@dataclass(frozen=True)
class Asked:
    """What was asked for: the matrix and its name, the hosts we know, where results go."""

    matrix: "Matrix"
    name: str
    known: "Inventory"
    results: Path


def asked_for(app: App, path: Path | None, hosts_file: Path | None, results: Path, store: "Store | None") -> Asked:
    """Return what the command line asks for, all of it read and checked; nothing is contacted."""
    if path is not None:
        matrix, name = found.matrix(path), path.name
    else:
        from pvbench.matrix import load

        assert store is not None  # noqa: S101  without a matrix there is a run to resume
        name = store.manifest.matrix_name
        matrix = load(store.manifest.matrix_text, name=name)
    known = found.inventory(hosts_file, path)
    found.check_guest(matrix)
    found.check_hosts(matrix, name if path is None else str(path), known, app)
    return Asked(matrix, name, known, results)


def _dry(app: App, asked: Asked, store: "Store | None") -> int:
    from pvbench.cli import planned

    print(planned.render(asked.matrix, planned.make(asked.matrix), whole=app.verbosity > 0), end="")
    if store is not None:
        app.note(
            f"{store.manifest.run_id}: {len(store.finished_ids())} of {len(store.manifest.plan)} trials are finished"
        )
    app.note("nothing was contacted, nothing written")
    return 0


def measure(
    app: App, asked: Asked, store: "Store | None", stack: ExitStack, purpose: Purpose
) -> "tuple[Store, RunSummary]":
    """Measure what is not finished of a run, a new one where there is no store, and return both."""
    from pvbench.campaign import visits as controller
    from pvbench.cli import manifests, reach
    from pvbench.cli.pace import Pace
    from pvbench.cli.watch import watching

    matrix = asked.matrix
    guest = reach.guest_image(app)
    hosts, known = reach.resolve(app, matrix.hosts, asked.known)
    facts = _facts(app, hosts, known, guest)
    if store is None:
        import secrets

        from pvbench.store import Store

        salt = secrets.token_hex(8)
        manifest = manifests.begin(
            matrix, asked.name, hosts, facts, guest, app.argv, purpose, app.edges.clock.now(), salt
        )
        store = stack.enter_context(Store.create(asked.results, manifest))
    else:
        manifests.check_resume(store.manifest, matrix, hosts, facts, guest)
        if store.torn_bytes:
            app.note(f"the journal's last line was unfinished ({store.torn_bytes} bytes); its trial is made again")
    manifest = store.manifest
    where = "" if asked.results == USUAL_RESULTS else f" -o {asked.results}"
    app.resume = None if purpose is Purpose.PILOT else f"pvbench run --resume {manifest.run_id}{where}"
    app.note(f"run {manifest.run_id}")
    settings = controller.Settings(
        matrix.placement,
        matrix.guest.memory_bytes,
        matrix.guest.vcpus,
        matrix.scratch_bytes,
        manifest.seed,
        matrix.run.settle_s,
        traced_blocks=0 if purpose is Purpose.PILOT else matrix.run.traces,
    )
    hold = reach.holder(app, hosts, known, guest, f"run {manifest.run_id}")
    with watching(app, Pace(manifest.plan, store.finished_ids(), settings.traced_blocks), manifest.blocks) as progress:
        summary = controller.run(manifest.plan, hold, store, settings, app.edges.clock, progress)
    return store, summary


def _facts(app: App, hosts: "dict[str, Host]", known: "Inventory", guest: "GuestImage") -> "tuple[HostFacts, ...]":
    """Probe every host before anything is measured on any."""
    from pvbench.cli import reach

    probed = []
    for name, host in hosts.items():
        with reach.connect(app, host, known) as transport:
            facts = reach.hypervisor(app, transport, host, guest).facts()
        app.note(f"host {name}: {facts.hypervisor}, {facts.kernel}, {facts.cpu} ({facts.emulation})")
        probed.append(facts)
    return tuple(probed)


def _end(app: App, store: "Store", summary: "RunSummary", results: Path) -> int:
    """Write what is derived, print the table and what to do next."""
    from pvbench.cli.runs import terminal
    from pvbench.reports import comparison, table

    manifest = store.manifest
    store.export_parquet()
    print(table.render(comparison.build(manifest, store.trials(), store.earlier()), *terminal()), end="")
    counts = f"{summary.ok} ok, {summary.invalid} invalid, {summary.not_measured} not measured"
    where = "" if results == USUAL_RESULTS else f" --results {results}"
    app.note("")
    app.note(f"run {manifest.run_id}: {counts}; {store.path}")
    if summary.not_measured:
        app.note(f"try those again: {app.resume}")
    app.note(f"next: pvbench report {manifest.run_id}{where} -o report.html")
    app.resume = None
    return INCOMPLETE if summary.invalid or summary.not_measured else 0
