"""The history that a person means: opened, with what is damaged in it told."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from pvbench.cli.app import App

if TYPE_CHECKING:
    from pvbench.history.store import History

TOLD = 5
"""So many problems are told beside what was asked for; `history check` tells them all."""


@contextmanager
def opened(app: App, where: str) -> "Iterator[History]":
    """Open a history; what takes long to read says how far it is."""
    from pvbench.history.store import History
    from pvbench.views.dashboard import counting

    with counting(app.voice, "files read") as tell:
        yield History.open(where, tell)


def warn(app: App, kept: "History") -> None:
    """Say which files of a history are damaged, and so left out; the first few of them."""
    problems = kept.problems()
    for problem in problems[:TOLD]:
        app.voice.warn(problem)
    if len(problems) > TOLD:
        app.voice.warn(f"{len(problems) - TOLD} more; `pvbench history check` tells them all")
