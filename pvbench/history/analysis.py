"""What is told of a history, whoever tells it: health, ranked changes, the alarm tested by itself. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from pvbench.history.lost import constant, missing
from pvbench.history.nouns import Alarm, AlarmKind, Annotation, Night, Role, Series, State
from pvbench.history.shifts import seen, shifts
from pvbench.history.standing import ended, kept
from pvbench.history.table import table

NOISY_BELOW = 0.5
"""Alarms of adjacent nights that overlap by less than this share do not persist: the detector is noisy."""
MANY_IN_100 = 3
"""Alarms in a hundred nights of a series from which they are many: one bad night in a hundred is usual."""
FEWEST_ALARMS = 5


@dataclass(frozen=True)
class Analysis:
    """A history as page, gate and notification tell of it; `nights` and `alarms` oldest first."""

    nights: tuple[Night, ...]
    series: tuple[Series, ...]
    alarms: tuple[Alarm, ...] = ()
    annotations: tuple[Annotation, ...] = ()

    @property
    def last(self) -> Night | None:
        """The newest night; runs that look again at an earlier one are none."""
        nights = [each for each in self.nights if each.role is Role.NIGHT]
        return nights[-1] if nights else None

    @property
    def order(self) -> tuple[str, ...]:
        """The runs that are nights, oldest first."""
        return tuple(each.run_id for each in self.nights if each.role is Role.NIGHT)

    @property
    def simulated(self) -> bool:
        """Whether any of the nights was made by a program."""
        return any(each.simulated for each in self.nights)

    @property
    def labels(self) -> tuple[str, ...]:
        """What figures of any of the nights must be labelled with, such as "software emulation"."""
        return tuple(dict.fromkeys(each.label for each in self.nights if each.label))


def analyse(
    nights: Sequence[Night],
    series: Sequence[Series],
    recorded: Sequence[Alarm] = (),
    annotations: Sequence[Annotation] = (),
) -> Analysis:
    """Return a history with its alarms as they are after the last night, oldest first.

    `recorded` are the alarms that the history keeps: confirmed ones stay where they are.
    """
    arrays = table(nights, series)
    found = [*shifts(seen(arrays)), *missing(arrays), *constant(arrays)] if arrays.runs else []
    order = {run: number for number, run in enumerate(arrays.runs)}
    alarms = ended(kept(found, recorded, order), arrays)
    return Analysis(tuple(nights), tuple(series), alarms, tuple(annotations))


@dataclass(frozen=True)
class Health:
    """How well a series is measured: `nights` with a value of `expected`, `last` the run that has the newest one."""

    nights: int
    expected: int
    last: str | None
    alarms: int

    @property
    def alarms_per_100(self) -> float | None:
        """Alarms in a hundred nights with a value; None without one."""
        return 100 * self.alarms / self.nights if self.nights else None


def health(series: Series, alarms: Sequence[Alarm]) -> Health:
    """Return a series' health, `alarms` being those of this series."""
    there = [point.run_id for point in series.points if point.value is not None]
    return Health(len(there), len(series.points), there[-1] if there else None, len(alarms))


def share(alarms: Sequence[Alarm], state: State) -> float | None:
    """Return which share of the alarms is in a state; None where there are none."""
    return sum(each.state is state for each in alarms) / len(alarms) if alarms else None


def score(alarm: Alarm) -> float:
    """Return |change| over the series' own spread; what measured nothing comes before any change."""
    if alarm.kind not in (AlarmKind.REGRESSION, AlarmKind.IMPROVEMENT):
        return float("inf")
    if alarm.ratio is None or not alarm.noise:
        return 0.0
    return abs(alarm.ratio - 1) / alarm.noise


def ranked(alarms: Sequence[Alarm]) -> list[Alarm]:
    """Return the alarms that stand, worst first: regressions and lost measurements before improvements."""
    standing = [each for each in alarms if each.stands]
    return sorted(standing, key=lambda each: (each.kind is AlarmKind.IMPROVEMENT, -score(each), each.series))


def overlap(alarms: Sequence[Alarm], order: Sequence[str]) -> float | None:
    """Return how far the next night saw what a night alarmed: the mean overlap (Jaccard) of their alarmed series.

    `order` are the nights' runs. What was confirmed was there the next night too; what the last night alarmed cannot
    have been seen again yet. None with too few alarms.
    """
    raised: dict[str, list[Alarm]] = {}
    for each in alarms:
        raised.setdefault(each.seen, []).append(each)
    shares = []
    for one, following in pairwise(order):
        before = {each.series for each in raised.get(one, ())}
        held = {each.series for each in raised.get(one, ()) if each.state is State.CONFIRMED}
        after = held | {each.series for each in raised.get(following, ())}
        if before:
            shares.append(len(before & after) / len(before | after))
    return sum(shares) / len(shares) if shares and len(alarms) >= FEWEST_ALARMS else None


def noisy(shown: Analysis) -> bool:
    """Whether the alarm is noise by its own test: many alarms, of which the next night sees few again."""
    seen_again = overlap(shown.alarms, shown.order)
    measured = sum(point.value is not None for each in shown.series for point in each.points)
    return seen_again is not None and seen_again < NOISY_BELOW and 100 * len(shown.alarms) >= MANY_IN_100 * measured
