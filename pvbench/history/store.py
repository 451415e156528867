"""A history: one immutable file a run below a folder or an address, small ones of events, and nothing else to mend.

Writers need no lock: each run has a file of its own name, which appears whole. What a file says of its run is read
without its rows.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Self

from pvbench.errors import Damaged, StoreError
from pvbench.history import events, file
from pvbench.history.events import Events
from pvbench.history.file import KeptRun
from pvbench.history.judged import night_of, points_of
from pvbench.history.nouns import Alarm, Annotation, Night, Point, Role, Series, SeriesKey, State
from pvbench.history.place import Entry, Place
from pvbench.model import Purpose, Trial
from pvbench.store import Manifest
from pvbench.store.fields import FILE_NAME

if TYPE_CHECKING:
    import pandas as pd

RUNS, EVENTS = "runs", "events"
STATES = tuple(State)
Tell = Callable[[int, int], None]


def _silent(_done: int, _of: int) -> None:
    pass


@dataclass(frozen=True)
class Held:
    """What a history holds, readable at once: runs oldest first, and what is wrong with files, a line each."""

    runs: tuple[KeptRun, ...]
    events: Events
    problems: tuple[str, ...]


class History:
    """Years of nights below a folder or an address. Reading is done once; `fresh` looks again."""

    def __init__(self, place: Place, tell: Tell = _silent) -> None:
        """Use `open`."""
        self.place, self._tell = place, tell

    @classmethod
    def open(cls, where: str, tell: Tell | None = None) -> Self:
        """Return the history at a folder or an fsspec address; where there is none it is empty. Raises StoreError.

        `tell` is told how many files of how many are read, whenever some are.
        """
        return cls(Place(where), tell or _silent)

    def fresh(self) -> Self:
        """Return the history as it is now."""
        return type(self)(self.place, self._tell)

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
        for entry in self.place.entries(RUNS):  # a run of that name in another month is another run
            if entry.name.rpartition("/")[2] == name.rpartition("/")[2] and not self._goes_on(entry.name, name, data):
                return False
        self.place.write(name, data)
        self.__dict__.pop("held", None)
        return True

    def _goes_on(self, there: str, name: str, data: bytes) -> bool:
        """Whether a run is the one that is there, damaged or with less. Raises StoreError where it is another."""
        try:
            old, new = file.read_run(there, self.place.read(there)), file.read_run(name, data)
        except Damaged:
            return there == name
        if old.content == new.content and there == name:
            return False
        if old.night.measured > new.night.measured or old.night.started != new.night.started:
            raise StoreError(
                f"{self.place.where}: {there} has {old.night.measured} measured trials of {old.night.started}, and "
                f"this run of the same name {new.night.measured} of {new.night.started}",
                hint="it is another run, or one that lost trials; the history is left as it is",
            )
        return True

    def record(self, alarms: Iterable[Alarm]) -> None:
        """Keep alarms as they now are; those of before stay, as what was said then."""
        new = [alarm for alarm in alarms if alarm not in set(self.alarms())]
        if new:
            self._put_events(*events.encode(alarms=new))

    def annotate(self, annotation: Annotation) -> None:
        """Keep what a person says of a night."""
        self._put_events(*events.encode(annotations=[annotation]))

    def _put_events(self, name: str, data: bytes) -> None:
        self.place.write(f"{EVENTS}/{name}", data)
        self.__dict__.pop("held", None)

    def nights(self) -> tuple[Night, ...]:
        """Return every run, oldest first, those that look again at an earlier one included."""
        return tuple(run.night for run in self.held.runs)

    def series(self) -> tuple[Series, ...]:
        """Return every series with a point for each run that should have measured it, oldest first."""
        points: dict[SeriesKey, list[Point]] = {}
        for run in self.held.runs:
            for key, point in run.points.items():
                points.setdefault(key, []).append(point)
        return tuple(Series(key, tuple(own)) for key, own in points.items())

    def alarms(self) -> tuple[Alarm, ...]:
        """Return every alarm that was recorded, in the order of the nights that told it."""
        return self.held.events.alarms

    def annotations(self) -> tuple[Annotation, ...]:
        """Return what people said, by night."""
        return self.held.events.annotations

    def problems(self) -> tuple[str, ...]:
        """Return what is wrong with the files, a line each; none of them is in nights, series or events."""
        return self.held.problems

    def check(self) -> tuple[str, ...]:
        """Return what is wrong with the files, every byte of every row read; `problems` reads no rows."""
        damaged = list(self.problems())
        nights = self.nights()
        for number, name in enumerate(map(name_of, nights), 1):
            try:
                file.rows_of(name, self.place.read(name))
            except (StoreError, FileNotFoundError) as error:
                damaged.append(str(error))
            self._tell(number, len(nights))
        return tuple(damaged)

    def rows(self) -> "pd.DataFrame":
        """Return a row a trial of every run. Raises StoreError for a file that is damaged."""
        import pyarrow as pa

        tables: list[pa.Table] = [file.rows_of(name, self.place.read(name)) for name in map(name_of, self.nights())]
        frame: pd.DataFrame = pa.concat_tables(
            tables or [file.ROWS.empty_table()], promote_options="default"
        ).to_pandas()
        return frame

    @cached_property
    def held(self) -> Held:
        """What the files say."""
        problems: list[str] = []
        found: list[KeptRun] = []
        entries = self.place.entries(RUNS)
        for number, entry in enumerate(entries, 1):
            run = self._kept(entry, problems)
            found += [run] if run else []
            self._tell(number, len(entries))
        runs = once(found, problems)
        order = {run.night.run_id: number for number, run in enumerate(runs)}
        return Held(runs, self._events(order, problems), tuple(problems))

    def _kept(self, entry: Entry, problems: list[str]) -> KeptRun | None:
        try:
            run = file.read_run(entry.name, self.place.read(entry.name))
        except (StoreError, FileNotFoundError) as error:
            problems.append(str(error))
            return None
        if entry.name != name_of(run.night):
            problems.append(f"{entry.name}: it is of {run.night.run_id}, whose place is {name_of(run.night)}")
            return None
        return run

    def _events(self, order: dict[str, int], problems: list[str]) -> Events:
        alarms: list[Alarm] = []
        annotations: list[Annotation] = []
        for entry in self.place.entries(EVENTS):
            try:
                found = events.decode(entry.name, self.place.read(entry.name))
            except (StoreError, FileNotFoundError) as error:
                problems.append(str(error))
                continue
            alarms += found.alarms
            annotations += found.annotations
        alarms.sort(key=lambda alarm: (order.get(alarm.seen, len(order)), alarm.series, STATES.index(alarm.state)))
        annotations.sort(key=lambda annotation: (annotation.night, annotation.at))
        return Events(tuple(dict.fromkeys(alarms)), tuple(dict.fromkeys(annotations)))


def name_of(night: Night) -> str:
    """Return the name of a run's file."""
    return f"{RUNS}/month={night.night[:7]}/{night.run_id}.parquet"


def once(runs: Iterable[KeptRun], problems: list[str]) -> tuple[KeptRun, ...]:
    """Return each run once, oldest first; one whose name or measurements are there already is told, and left out."""
    kept: dict[str, KeptRun] = {}
    names: dict[str, KeptRun] = {}
    for run in sorted(runs, key=lambda each: (each.night.started, each.night.run_id)):
        same, named = kept.get(run.content), names.get(run.night.run_id)
        if same is not None:
            problems.append(f"{name_of(run.night)}: the same measurements as {same.night.run_id}; it does not count")
        elif named is not None:
            problems.append(f"{name_of(run.night)}: {name_of(named.night)} has its name too; it does not count")
        else:
            kept[run.content] = names[run.night.run_id] = run
    return tuple(kept.values())
