"""history: years of nights: add, list, series, check, export, drop, thin."""

from collections.abc import Callable
from datetime import datetime
from pathlib import Path

import click

from pvbench import figures as fmt
from pvbench.cli import arguments
from pvbench.cli.app import App, Group, history_option, json_option, pass_app, results_option
from pvbench.cli.histories import opened, warn
from pvbench.cli.history_export import export
from pvbench.cli.upkeep import drop, thin
from pvbench.errors import StoreError, UsageError
from pvbench.exit_codes import ExitCode
from pvbench.terminal.streams import print_json


@click.group("history", cls=Group, short_help="Years of nights: add, list, series, check, export, drop, thin.")
def history_verbs() -> None:
    """Keep runs as the nights of a history, and ask it what it has."""


history_verbs.add_command(export)
history_verbs.add_command(drop)
history_verbs.add_command(thin)


@history_verbs.command(short_help="Add runs.")
@click.argument("runs", nargs=-1, required=True, metavar="RUN...")
@click.option("--again", metavar="NIGHT", help="RUN looks with fresh boots at this night again, and is none itself.")
@results_option()
@click.option(
    "--history", metavar="WHERE", help="The history, a folder or an address; otherwise `history` in --results."
)
@pass_app
def add(app: App, runs: tuple[str, ...], again: str | None, results: Path, history: str | None) -> None:
    """Add RUN... to a history. One that is there already stays; one that went on since is there as it is now.

    RUN is an id, the beginning of one, a path, or `last`; NIGHT a run that the history has, or `last`.
    """
    from pvbench.history import find
    from pvbench.history.nouns import Role

    with opened(app, str(results / "history") if history is None else history) as kept:
        nights = [night for night in kept.nights() if night.role is Role.NIGHT] if again is not None else []
        night = find.night(nights, again) if again is not None else None
        role = Role.AGAIN if night else Role.NIGHT
        for name in runs:
            with arguments.run(results, name) as store:
                new = kept.append(store.manifest, store.trials(), role=role, again=night.run_id if night else None)
                print(f"{'added' if new else 'there already'}  {store.manifest.run_id}")
    app.note(f"the history is in {kept.place.where}; `pvbench history list` shows its nights")


def _dated(name: str, words: str) -> Callable[[Callable[..., int | None]], Callable[..., int | None]]:
    return click.option(
        f"--{name}", type=click.DateTime(["%Y-%m-%d"]), metavar="DATE", help=f"Only nights {words} DATE."
    )


since_option, until_option = _dated("since", "on or after"), _dated("until", "on or before")


@history_verbs.command("list", short_help="List the nights.")
@since_option
@until_option
@history_option
@json_option
@pass_app
def list_nights(app: App, since: datetime | None, until: datetime | None, history: str, as_json: bool) -> None:
    """List the nights, oldest first, with the trials that were measured of those expected."""
    from pvbench.history import find
    from pvbench.views import history as views

    with opened(app, history) as kept:
        nights = list(find.between(kept.nights(), since, until).values())
        warn(app, kept)
    if as_json:
        print_json([views.night_data(night) for night in nights])
    elif nights:
        print(views.nights(nights), end="")
    elif kept.nights():
        app.note(f"none of the {fmt.count(len(kept.nights()), 'night')} in {kept.place.where} is of these dates")
    else:
        app.note(f"no nights in {kept.place.where}; `pvbench history add RUN` adds one")


def _chosen(name: str) -> Callable[[Callable[..., int | None]], Callable[..., int | None]]:
    return click.option(f"--{name}", metavar="TEXT", help=f"Only those whose {name} has this in its name.")


@history_verbs.command(short_help="List the series, or the values of one.")
@click.argument("name", metavar="[SERIES]", required=False)
@_chosen("host")
@_chosen("device")
@_chosen("workload")
@_chosen("metric")
@since_option
@until_option
@history_option
@json_option
@click.option("--csv", "as_csv", is_flag=True, help="Print a row a value, for spreadsheets.")
@pass_app
def series(
    app: App,
    /,
    *,
    name: str | None,
    since: datetime | None,
    until: datetime | None,
    history: str,
    as_json: bool,
    as_csv: bool,
    **texts: str | None,
) -> None:
    """List the series: each cell, and each cell beside its baseline. With SERIES, an id, its values, oldest first."""
    from pvbench.history import find
    from pvbench.views import history as views

    if as_json and as_csv:
        raise UsageError("--json and --csv are two formats", hint="ask for one of them")
    with opened(app, history) as kept:
        nights = find.between(kept.nights(), since, until)
        chosen = find.chosen(kept.series(), find.Wanted(**texts), nights)
        warn(app, kept)
    one = find.series(chosen, name) if name is not None else None
    if as_csv:
        print(views.as_csv([one] if one else chosen, nights), end="")
    elif as_json:
        made = [views.series_data(each, nights, points=each is one) for each in ([one] if one else chosen)]
        print_json(made[0] if one else made)
    elif one:
        print(views.values(one, nights), end="")
    elif chosen:
        print(views.series(chosen, nights), end="")
    elif kept.nights():
        app.note(f"none of the {len(kept.series())} series in {kept.place.where} is of all of that")
    else:
        app.note(f"no series in {kept.place.where}; `pvbench history add RUN` begins them")


@history_verbs.command(short_help="Read every byte, and say what is wrong.")
@history_option
@pass_app
def check(app: App, history: str) -> int:
    """Read every byte of a history. What is torn, altered or there twice is told, a line each, and does not count."""
    with opened(app, history) as kept:
        problems = kept.check()
        nights = len(kept.nights())
    for problem in problems:
        app.voice.warn(problem)
    if problems:
        raise StoreError(
            f"{kept.place.where}: {fmt.count(len(problems), 'problem')}, and {fmt.count(nights, 'night')} without one",
            hint="`pvbench history add RUN` mends the file of a run that is still there; move any other away",
        )
    print(f"{kept.place.where}: ok, {fmt.count(nights, 'night')}, {len(kept.series())} series")
    return ExitCode.DONE
