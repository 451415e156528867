"""A history: one immutable file a run below a folder or an address, small ones of events, and nothing else to mend.

Writers need no lock: each run has a file of its own name, which appears whole. What a file says of its run is read
without its rows.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Self

from pvbench.errors import StoreError
from pvbench.history import events, file
from pvbench.history.cache import Cache, usual_folder
from pvbench.history.events import Events
from pvbench.history.gathered import Gathered, Run
from pvbench.history.judged import night_of, points_of
from pvbench.history.nouns import Alarm, Annotation, Night, Role, Series
from pvbench.history.place import Entry, Place
from pvbench.history.record import RunColumns
from pvbench.history.same_run import goes_on
from pvbench.model import Purpose, Trial
from pvbench.store import Manifest
from pvbench.store.fields import FILE_NAME, uncollected

if TYPE_CHECKING:
    import pandas as pd

RUNS, EVENTS = "runs", "events"
ATTEMPTS = 20
Tell = Callable[[int, int], None]


def _silent(_done: int, _of: int) -> None:
    pass


@dataclass(frozen=True)
class Held:
    """What the files of runs say, readable at once: `order` numbers the runs that count, oldest first."""

    gathered: Gathered
    order: tuple[int, ...]
    problems: tuple[str, ...]


class History:
    """Years of nights below a folder or an address. Reading is done once; `fresh` looks again."""

    def __init__(self, place: Place, tell: Tell, cache: Cache | None) -> None:
        """Use `open`."""
        self.place, self._tell, self._cache = place, tell, cache

    @classmethod
    def open(cls, where: str, tell: Tell | None = None, cache: Path | None = None) -> Self:
        """Return the history at a folder or an fsspec address; where there is none it is empty. Raises StoreError.

        `tell` is told how many files of how many are read, whenever some are; `cache` is the folder where what was read
        is kept, the usual one where none is given.
        """
        place, folder = Place(where), cache or usual_folder()
        return cls(place, tell or _silent, Cache(folder, place.whole) if folder else None)

    def fresh(self) -> Self:
        """Return the history as it is now."""
        return type(self)(self.place, self._tell, self._cache)

    def append(
        self,
        manifest: Manifest,
        trials: Sequence[Trial],
        *,
        role: Role = Role.NIGHT,
        again: str | None = None,
        simulated: bool = False,
    ) -> bool:
        """Add a run; False where it is there already, as it is. One that went on since is there anew, whole.

        Raises StoreError where the history has trials of the run that these do not have: nothing is lost silently.
        """
        if manifest.purpose is not Purpose.RUN:
            raise StoreError(f"{manifest.run_id} is a {manifest.purpose.words}: its figures are no results")
        night = night_of(manifest, trials, role=role, again=again, simulated=simulated)
        if not FILE_NAME.fullmatch(night.run_id):
            raise StoreError(f"{night.run_id!r} is not fit for the name of a file")
        return self.put(night, file.encode(night, points_of(manifest, trials), manifest, trials))

    def put(self, night: Night, data: bytes) -> bool:
        """Add a run's file, as `append` does."""
        name = name_of(night)
        for _ in range(ATTEMPTS):
            there = self._there(name)
            with suppress(FileNotFoundError):  # it was dropped meanwhile
                if there and not goes_on(there.name, self.place.read(there.name), name, data):
                    return False
                if self.place.swap(name, data, there):
                    break
        else:
            raise StoreError(f"{self.place.where}: {name}: others write it again and again")
        self._forget("held", "_series", "_events")
        return True

    def _there(self, name: str) -> Entry | None:
        """Return the run's file; one of that name in another month is of another run."""
        own = name.rpartition("/")[2]
        return next((each for each in self.place.entries(RUNS) if each.name.rpartition("/")[2] == own), None)

    def drop(self, run_id: str) -> Night:
        """Remove a run and return it; what was said of it stays. Raises StoreError where it is not there."""
        night = next((each for each in self.nights() if each.run_id == run_id), None)
        if night is None:
            raise StoreError(f"{self.place.where}: there is no run {run_id!r}")
        self.place.remove(name_of(night))
        self._forget("held", "_series", "_events")
        return night

    def thin(self, before: str) -> tuple[Night, ...]:
        """Drop the rows of nights before a date, YYYY-MM-DD, and return those nights; their judged values stay."""
        thinned = []
        old = [night for night in self.nights() if night.rows_kept and night.night < before]
        for number, night in enumerate(old, 1):
            entry = self.place.entry(name_of(night))
            if entry is not None:
                run = file.read_run(entry.name, self.place.read(entry.name))
                without = replace(run, night=replace(run.night, rows_kept=False))
                if self.place.swap(entry.name, file.encode_rows(without, file.ROWS.empty_table()), entry):
                    thinned.append(without.night)
            self._tell(number, len(old))
        self._forget("held", "_series", "_events")
        return tuple(thinned)

    def record(self, alarms: Iterable[Alarm]) -> None:
        """Keep alarms as they now are; those of before stay, as what was said then."""
        known = set(self.alarms())
        new = [alarm for alarm in alarms if alarm not in known]
        if new:
            self._put_events(*events.encode(alarms=new))

    def annotate(self, annotation: Annotation) -> None:
        """Keep what a person says of a night."""
        self._put_events(*events.encode(annotations=[annotation]))

    def _put_events(self, name: str, data: bytes) -> None:
        self.place.write(f"{EVENTS}/{name}", data)
        self._forget("_events")

    def _forget(self, *names: str) -> None:
        for name in names:
            self.__dict__.pop(name, None)

    def nights(self) -> tuple[Night, ...]:
        """Return every run, oldest first, those that look again at an earlier one included."""
        return tuple(self.held.gathered.runs[number].night for number in self.held.order)

    def series(self) -> tuple[Series, ...]:
        """Return every series with a point for each run that should have measured it, oldest first."""
        return self._series

    @cached_property
    def _series(self) -> tuple[Series, ...]:
        with uncollected():
            return self.held.gathered.series(self.held.order)

    def alarms(self) -> tuple[Alarm, ...]:
        """Return every alarm that was recorded, in the order of the nights that told it."""
        return self._events[0].alarms

    def annotations(self) -> tuple[Annotation, ...]:
        """Return what people said, by night."""
        return self._events[0].annotations

    def problems(self) -> tuple[str, ...]:
        """Return what is wrong with the files, a line each; none of them is in nights, series or events."""
        return (*self.held.problems, *self._events[1])

    def check(self) -> tuple[str, ...]:
        """Return what is wrong with the files, every byte of them read now."""
        return type(self)(self.place, self._tell, None).problems()

    def rows(self) -> "pd.DataFrame":
        """Return a row a trial of every run whose rows are kept. Raises StoreError for a file that is damaged."""
        import pyarrow as pa

        names = [name_of(night) for night in self.nights()]
        tables: list[pa.Table] = [file.rows_of(name, data) for name, data in self.place.read_each(names)]
        frame: pd.DataFrame = pa.concat_tables(
            tables or [file.ROWS.empty_table()], promote_options="default"
        ).to_pandas()
        return frame

    @cached_property
    def held(self) -> Held:
        """What the files of runs say; those that the cache has are not read again."""
        entries = dict.fromkeys(self.place.entries(RUNS))
        kept = self._cache.read() if self._cache else Gathered()
        known = kept.only(entries)
        missing = entries.keys() - {run.entry for run in known.runs}
        problems: list[str] = []
        gathered = known.plus(self._read([entry for entry in entries if entry in missing], problems))
        if self._cache and gathered is not kept:
            self._cache.write(gathered)
        return Held(gathered, once(gathered.runs, problems), tuple(problems))

    def _read(self, entries: Sequence[Entry], problems: list[str]) -> Iterator[tuple[Entry, RunColumns]]:
        known = {entry.name: entry for entry in entries}
        for number, (name, data) in enumerate(self.place.read_each(list(known)), 1):
            try:
                run = file.read_columns(name, data)
            except StoreError as error:
                problems.append(str(error))
            else:
                if name == name_of(run.night):
                    yield known[name], run
                else:
                    problems.append(f"{name}: it is of {run.night.run_id}, whose place is {name_of(run.night)}")
            self._tell(number, len(entries))

    @cached_property
    def _events(self) -> tuple[Events, tuple[str, ...]]:
        """What the files of events say, in the order of the nights, and what is wrong with them."""
        found: list[Events] = []
        problems: list[str] = []
        for name, data in self.place.read_each([entry.name for entry in self.place.entries(EVENTS)]):
            try:
                found.append(events.decode(name, data))
            except StoreError as error:
                problems.append(str(error))
        return events.ordered(found, [night.run_id for night in self.nights()]), tuple(problems)


def name_of(night: Night) -> str:
    """Return the name of a run's file."""
    return f"{RUNS}/month={night.night[:7]}/{night.run_id}.parquet"


def once(runs: Sequence[Run], problems: list[str]) -> tuple[int, ...]:
    """Return the runs' numbers, oldest first; one whose name or measurements are there already is told, not counted."""
    kept: dict[int, Run] = {}
    contents: dict[str, Run] = {}
    names: dict[str, Run] = {}
    for number, run in sorted(enumerate(runs), key=lambda each: (each[1].night.started, each[1].night.run_id)):
        same, named = contents.get(run.content), names.get(run.night.run_id)
        if same is not None:
            problems.append(f"{run.entry.name}: the same measurements as {same.night.run_id}; it does not count")
        elif named is not None:
            problems.append(f"{run.entry.name}: {named.entry.name} has its name too; it does not count")
        else:
            kept[number] = contents[run.content] = names[run.night.run_id] = run
    return tuple(kept)
