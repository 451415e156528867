"""How far long work on files has come: nothing for two seconds, then a bar where somebody looks, lines where not."""

import sys
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager

from pvbench import figures as fmt
from pvbench.progress import Update, Watch
from pvbench.terminal.streams import Cleaned, console
from pvbench.terminal.voice import Voice

QUIET_S = 2.0
"""What takes less is not told."""
LEAST_S, GROWTH = 10.0, 0.25
"""Between two lines at least, in seconds and as a share of the time so far: an hour has twenty."""


def watch(voice: Voice) -> Watch:
    """Return what shows progress on standard error; below another bar it is lines."""

    def watched(title: str) -> AbstractContextManager[Update]:
        if voice.verbosity >= 0 and voice.looked_at(sys.stderr) and isinstance(sys.stderr, Cleaned):
            return _bar(voice, title)
        return _lines(voice, title)

    return watched


@contextmanager
def _lines(voice: Voice, title: str) -> Iterator[Update]:
    began = voice.clock.monotonic()
    due = began + QUIET_S
    last: tuple[int, int] | None = None

    def update(done: int, total: int) -> None:
        nonlocal due, last
        now = voice.clock.monotonic()
        if now >= due and done < total:
            voice.timed(f"{title}: {so_far(done, total, now - began)}")
            due = now + max(LEAST_S, GROWTH * (now - began))
            last = done, total

    yield update
    if last is not None:
        voice.timed(f"{title}: done, {fmt.size(last[1])} in {fmt.duration(voice.clock.monotonic() - began)}")


@contextmanager
def _bar(voice: Voice, title: str) -> Iterator[Update]:
    from rich.progress import BarColumn, Progress, TextColumn
    from rich.table import Column

    columns = (
        TextColumn("{task.description}", markup=False, table_column=Column(ratio=1, no_wrap=True, overflow="ellipsis")),
        BarColumn(bar_width=20),
        TextColumn("{task.fields[told]}", markup=False, table_column=Column(no_wrap=True)),
    )
    began = voice.clock.monotonic()
    with Progress(*columns, console=console(), expand=True, transient=True) as bar:
        task = bar.add_task(title, total=None, visible=False, told="")

        def update(done: int, total: int) -> None:
            elapsed = voice.clock.monotonic() - began
            told = so_far(done, total, elapsed)
            bar.update(task, completed=done, total=total, visible=elapsed >= QUIET_S, told=told)

        yield update


def so_far(done: int, total: int, elapsed_s: float) -> str:
    """Return how much of the bytes is done, how fast, and how long the rest takes at that rate."""
    share = f"{100 * done // total if total else 100} % of {fmt.size(total)}"
    if not done or elapsed_s <= 0:
        return share
    rate = done / elapsed_s
    return f"{share}, {fmt.scaled(rate, fmt.BYTES, '/s')}, about {fmt.duration(round((total - done) / rate))} left"
