"""What goes on before anything can be measured: a line a step, and a spinner where somebody looks."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from pvbench.cli.app import App
from pvbench.terminal.streams import console


@contextmanager
def steps(app: App, title: str) -> Iterator[Callable[[str], None]]:
    """Yield a function that is told each step. Nothing is printed until the first; with -q nothing at all."""
    if app.verbosity < 0:
        yield lambda _step: None
    elif app.looked_at(sys.stderr):
        with _spinning(title) as tell:
            yield tell
    else:
        yield _timed(app, title)


def _timed(app: App, title: str) -> Callable[[str], None]:
    began = app.edges.clock.monotonic()
    told = False

    def tell(step: str) -> None:
        nonlocal told
        if not told:
            app.note(f"{app.now()} {title}")
            told = True
        app.note(f"{app.now()} {app.edges.clock.monotonic() - began:4.0f} s  {step}")

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
