"""A site in memory that is made anew when its history grows: what `pvbench serve` shows."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from pvbench.clock import Clock
from pvbench.dashboard import site
from pvbench.dashboard.gather import address, gather, reports_in
from pvbench.errors import StoreError
from pvbench.history.place import Entry
from pvbench.history.store import EVENTS, RUNS, History


@dataclass(frozen=True)
class Made:
    """A site's files by their names, and the number of times it was made."""

    files: Mapping[str, bytes]
    times: int


class KeptFresh:
    """The site of a history. One thread calls `look`; any reads `made`."""

    def __init__(self, history: History, reports: Path, clock: Clock, warn: Callable[[str], None]) -> None:
        """Make the site for the first time. Raises StoreError."""
        self._history, self._reports, self._clock, self._warn = history, reports, clock, warn
        self._stamp = self._look_at()
        self.made = Made(self._make(), 1)

    @property
    def remote(self) -> bool:
        """Whether a look at the history goes over a network."""
        return self._history.place.local is None

    def look(self) -> bool:
        """Make the site anew where the history or a report is another than before; say whether it was."""
        try:
            stamp = self._look_at()
            if stamp == self._stamp:
                return False
            self._history = self._history.fresh()
            files = self._make()
        except (StoreError, OSError) as error:
            self._warn(f"the site stays as it is: {error}")
            return False
        self._stamp, self.made = stamp, Made(files, self.made.times + 1)
        return True

    def report(self, name: str) -> bytes | None:
        """Return a report that lies in the folder of reports; None for any other name."""
        path = reports_in(self._reports).get(name.removesuffix(".html")) if name.endswith(".html") else None
        try:
            return path.read_bytes() if path else None
        except OSError:
            return None

    def _look_at(self) -> tuple[tuple[Entry, ...], ...]:
        place = self._history.place
        reports = tuple(Entry(name, 0, "") for name in reports_in(self._reports))
        return (*(place.entries(folder) for folder in (RUNS, EVENTS)), reports)

    def _make(self) -> dict[str, bytes]:
        shown = gather(self._history)
        reports = {run: address(f"reports/{path.name}") for run, path in reports_in(self._reports).items()}
        settings = site.Settings(self._clock.now(), reports, self._history.problems(), live=True)
        return dict(site.files(shown, settings))
