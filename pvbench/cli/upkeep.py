"""history drop, history thin: what goes from a history, by name."""

from datetime import timedelta

import click

from pvbench import figures as fmt
from pvbench.cli.app import App, history_option, pass_app, verb
from pvbench.cli.histories import opened


@verb(short_help="Remove runs.")
@click.argument("runs", nargs=-1, required=True, metavar="RUN...")
@history_option
@pass_app
def drop(app: App, runs: tuple[str, ...], history: str) -> None:
    """Remove RUN..., and nothing else, from a history. What was said of them, alarms and annotations, stays.

    RUN is an id, the beginning of one, or `last`. Its folder under the results stays, and can be added again.
    """
    from pvbench.history import find

    with opened(app, history) as kept:
        named = [find.night(kept.nights(), name).run_id for name in runs]
        for run_id in dict.fromkeys(named):
            gone = kept.drop(run_id)
            print(f"dropped  {run_id}  {gone.part} of {gone.night}, {fmt.count(gone.measured, 'measured trial')}")


@verb(short_help="Drop the rows of old nights.")
@click.option("--keep-rows", "days", type=click.IntRange(1, 36500), metavar="DAYS", required=True, help="So long.")
@history_option
@pass_app
def thin(app: App, days: int, history: str) -> None:
    """Drop what each trial gave in nights more than DAYS ago. Their judged values stay, and so does every series."""
    before = f"{app.edges.clock.now() - timedelta(days=days):%Y-%m-%d}"
    with opened(app, history) as kept:
        thinned = kept.thin(before)
    for night in thinned:
        print(f"rows dropped  {night.run_id}  {night.part} of {night.night}, {fmt.count(night.expected, 'trial')}")
    if not thinned:
        app.note(f"{kept.place.where}: no night before {before} has rows")
