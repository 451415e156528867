"""What `pvbench dashboard` says: how far it is, and how many pages it wrote anew."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from pvbench import figures as fmt
from pvbench.history.analysis import Analysis
from pvbench.terminal.voice import Voice

SILENT_S = 2.0
"""What ends sooner says nothing on its way; what takes longer says so again after as long."""


@contextmanager
def counting(voice: Voice, what: str) -> Iterator[Callable[[int, int], None]]:
    """Yield what is told how many of how many are done; it says so, and the time left, every two seconds."""
    began = spoke = voice.clock.monotonic()

    def tell(done: int, total: int) -> None:
        nonlocal spoke
        now = voice.clock.monotonic()
        if done and now - spoke >= SILENT_S:
            spoke = now
            left = (now - began) / done * (total - done)
            voice.timed(f"{done:,} of {total:,} {what}; about {fmt.duration(round(left))} left")

    yield tell


def done(shown: Analysis, written: Sequence[str]) -> str:
    """Return a line on what was made of what."""
    of = f"{fmt.count(len(shown.nights), 'run')}, {fmt.count(len(shown.series), 'series', 'series')}"
    return f"{of}; {fmt.count(len(written), 'file')} written anew"


def as_data(shown: Analysis, folder: Path, written: Sequence[str]) -> dict[str, Any]:
    """Return the same for programs."""
    return {
        "site": str(folder),
        "runs": len(shown.nights),
        "series": len(shown.series),
        "alarms": len(shown.alarms),
        "written": list(written),
    }
