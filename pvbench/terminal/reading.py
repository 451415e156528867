"""How much of a large file is read: a bar where somebody looks and it takes long."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from pvbench.terminal.streams import console
from pvbench.terminal.voice import Voice

PATIENCE_S = 2.0
"""What takes no longer shows no progress."""


@contextmanager
def reading(voice: Voice, title: str) -> Iterator[Callable[[int, int], None] | None]:
    """Yield a function that is told how many bytes of how many are read; None where nobody looks."""
    if voice.verbosity < 0 or not voice.looked_at(sys.stderr):
        yield None
        return
    from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeRemainingColumn

    began = voice.clock.monotonic()
    columns = (TextColumn("{task.description}", markup=False), BarColumn(), DownloadColumn(), TimeRemainingColumn())
    with Progress(*columns, console=console(), transient=True) as bar:
        task = bar.add_task(title, total=None, visible=False)

        def tell(done: int, size: int) -> None:
            late = voice.clock.monotonic() - began > PATIENCE_S
            bar.update(task, completed=done, total=size, visible=late)

        yield tell
