"""gate and baseline: whether a run may pass beside the run that a name stands for."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from pvbench.cli import arguments
from pvbench.cli.app import App, Group, json_option, pass_app, results_option, verb
from pvbench.errors import UsageError
from pvbench.terminal.streams import print_json

if TYPE_CHECKING:
    from pvbench.gate.baselines import Baseline
    from pvbench.gate.limits import Limits
    from pvbench.gate.nouns import Gated, Side

HISTORY = "`--against history` compares with it"
PARTS = ("hypervisor", "kernel", "machine", "guest", "programs", "stack")


@verb(short_help="Say whether a run may pass beside its baseline.")
@click.argument("run")
@click.option(
    "--against", default="default", show_default=True, help="A baseline's name, a run, or `history`: the nights before."
)
@click.option("--history", metavar="WHERE", help="The history; otherwise `history` in --results.")
@click.option(
    "--limits",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="What loss fails, and what loss has to be ruled out (docs/gate.md); left out: 5 % and 25 %.",
)
@click.option("--changed", multiple=True, type=click.Choice(PARTS), help="What was changed on purpose; several times.")
@click.option("--allow-undetermined", "lenient", is_flag=True, help="Pass where too few blocks tell of some cells.")
@click.option("--markdown", metavar="FILE", help="Write a summary for a pull request; `-` for standard output.")
@click.option("--junit", metavar="FILE", help="Write JUnit XML.")
@results_option()
@json_option
@pass_app
def gate(
    app: App,
    *,
    run: str,
    against: str,
    history: str | None,
    limits: Path | None,
    changed: tuple[str, ...],
    lenient: bool,
    markdown: str | None,
    junit: str | None,
    results: Path,
    as_json: bool,
) -> int:
    """Compare each cell of RUN with the same cell of a baseline, or its history, by what is proven and what ruled out.

    Ends with 0 where all pass, 1 where a loss beyond the limit is proven, 5 where hosts differ or were disturbed, 3
    where an expected cell is missing or too few blocks tell. RUN is an id, the beginning of one, a path, or `last`.
    """
    from pvbench.errors import GateFileError
    from pvbench.gate import judgement
    from pvbench.gate.limits import Limits, load
    from pvbench.gate.sides import meant, side, sides
    from pvbench.terminal.input import read
    from pvbench.views.gate import as_data, render

    wanted = Limits() if limits is None else load(read(limits, "gate file", GateFileError), name=str(limits))
    name = arguments.run_name(results, run)
    if against == "history":
        where = str(results / "history") if history is None else history
        gated = _beside_nights(app, where, side(results, name), wanted, changed=changed, lenient=lenient)
    elif history is not None:
        raise UsageError("--history says where a history is, and --against what to compare with", hint=HISTORY)
    else:
        before, now = sides(results, arguments.run_name(results, meant(results, against)), name)
        gated = judgement.gate(before, now, wanted, changed=changed, lenient=lenient)
    on_output = _written(gated, markdown, junit)
    if as_json:
        print_json(as_data(gated))
    elif not on_output:
        print(render(gated), end="")
    return gated.code


def _beside_nights(
    app: App, where: str, now: "Side", limits: "Limits", *, changed: Sequence[str], lenient: bool
) -> "Gated":
    from pvbench.cli.histories import opened
    from pvbench.gate import nights

    with opened(app, where) as kept:
        if not kept.nights():
            raise UsageError(f"no nights in {kept.place.where}", hint="`pvbench history add RUN` adds one")
        for problem in kept.problems():
            app.voice.warn(problem)
        told = kept.nights(), kept.series(), kept.alarms()
    return nights.gate(*told, now, limits, changed=changed, lenient=lenient)


def _written(gated: "Gated", markdown: str | None, junit: str | None) -> bool:
    """Write the files that are asked for; return whether one of them was standard output."""
    from pvbench.gate import junit as xml
    from pvbench.gate import markdown as summary
    from pvbench.terminal.output import write

    pages = [(markdown, summary.render(gated).encode(errors="backslashreplace"))] if markdown is not None else []
    pages += [(junit, xml.encode(gated))] if junit is not None else []
    written = [write(name, page) for name, page in pages]
    return any(written)


@click.group(cls=Group, short_help="Name the run that others are compared with.")
def baseline() -> None:
    """Name the run that others are compared with."""


@baseline.command(name="set", short_help="Have a name stand for a run.")
@click.argument("run")
@click.option("--name", default="default", show_default=True, help="What the baseline is called.")
@click.option("--replace", is_flag=True, help="Have a name that stands for another run stand for this one.")
@results_option()
@pass_app
def set_(app: App, *, run: str, name: str, replace: bool, results: Path) -> None:
    """Have a name stand for RUN from now on; `pvbench gate` compares with it."""
    from pvbench.gate.baselines import Baseline, put
    from pvbench.gate.sides import lasting

    run_id = lasting(results, arguments.run_name(results, run))
    at = app.edges.clock.now().isoformat(timespec="seconds")
    path = put(results, Baseline(name, run_id, at), replace=replace)
    app.note(f"{name} is {run_id} now; {path}")


@baseline.command(short_help="Print what a name stands for.")
@click.argument("name", default="default")
@results_option()
@json_option
def show(*, name: str, results: Path, as_json: bool) -> None:
    """Print the run that NAME (`default` where left out) stands for."""
    from pvbench.gate.baselines import named, unknown

    found = named(results, name)
    if found is None:
        raise unknown(results, name)
    _print([found], as_json)


@baseline.command(name="list", short_help="Print the baselines.")
@results_option()
@json_option
@pass_app
def list_(app: App, *, results: Path, as_json: bool) -> None:
    """Print each baseline with the run that it stands for."""
    from pvbench.gate.baselines import every

    there = every(results)
    _print(there, as_json)
    if not there:
        app.note("no baseline is set; `pvbench baseline set RUN` sets one")


def _print(there: "Sequence[Baseline]", as_json: bool) -> None:
    from pvbench.columns import columns

    if as_json:
        print_json([{"name": each.name, "run": each.run, "set": each.at} for each in there])
    elif there:
        print(columns([("NAME", "RUN", "SET"), *((each.name, each.run, each.at) for each in there)]), end="")
