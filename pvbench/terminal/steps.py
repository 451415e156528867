"""What goes on before anything can be measured: a line a step, and a spinner where somebody looks."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from pvbench.terminal.streams import console
from pvbench.terminal.voice import Voice


@contextmanager
def steps(voice: Voice, title: str) -> Iterator[Callable[[str], None]]:
    """Yield a function that is told each step. Nothing is printed until the first; with -q nothing at all."""
    if voice.verbosity < 0:
        yield lambda _step: None
    elif voice.looked_at(sys.stderr):
        with _spinning(title) as tell:
            yield tell
    else:
        yield _timed(voice, title)


def _timed(voice: Voice, title: str) -> Callable[[str], None]:
    began = voice.clock.monotonic()
    begun = False

    def tell(step: str) -> None:
        nonlocal begun
        if not begun:
            voice.timed(title)
            begun = True
        voice.timed(f"{voice.clock.monotonic() - began:4.0f} s  {step}")

    return tell


@contextmanager
def _spinning(title: str) -> Iterator[Callable[[str], None]]:
    from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

    columns = (SpinnerColumn(), TextColumn("{task.description}", markup=False), TimeElapsedColumn())
    with Progress(*columns, console=console(), transient=True) as progress:
        task = progress.add_task(title, total=None, visible=False)

        def tell(step: str) -> None:
            progress.console.print(f"  {step}", markup=False, highlight=False)
            progress.update(task, description=f"{title}: {step}", visible=True)

        yield tell
