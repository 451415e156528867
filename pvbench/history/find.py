"""Which night and which series of a history a person means. Pure."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime

from pvbench.errors import UsageError
from pvbench.history.nouns import Annotation, Night, Series, SeriesKey
from pvbench.yaml_schema import nearest, shown

LAST, ALL = "last", "all"
LONGEST_TEXT = 1000
_ADDRESS = re.compile(r"([0-9a-f]{12})\.html")
LONGEST = 200
"""A list of what there is instead is no help when it is longer."""


@dataclass(frozen=True)
class Wanted:
    """What a series must be of: each text is a part of the name that it is of, in any case; None is anything."""

    host: str | None = None
    device: str | None = None
    workload: str | None = None
    metric: str | None = None

    def fits(self, key: SeriesKey) -> bool:
        """Whether a series is of all that is wanted."""
        return all(text is None or _within(text, _names(key)[what]) for what, text in self._texts())

    def refuse(self, series: Sequence[Series]) -> None:
        """Raise UsageError for the first text that no series is of, with the nearest that one is."""
        for what, text in self._texts():
            known = dict.fromkeys(name for each in series for name in _names(each.key)[what])
            if text is not None and not _within(text, known):
                raise UsageError(f"no series of {what} '{shown(text)}'{nearest(text, known)}")

    def _texts(self) -> Iterable[tuple[str, str | None]]:
        return vars(self).items()


def chosen(every: Sequence[Series], wanted: Wanted, nights: Mapping[str, Night]) -> tuple[Series, ...]:
    """Return the series that are wanted, with their points of these nights alone. Raises UsageError."""
    if every:
        wanted.refuse(every)
    fitting = (each for each in every if wanted.fits(each.key))
    cut = (replace(each, points=tuple(point for point in each.points if point.run_id in nights)) for each in fitting)
    return tuple(each for each in cut if each.points)


def between(nights: Iterable[Night], since: date | None, until: date | None) -> dict[str, Night]:
    """Return the nights from one date to another, both included, by their runs; None is without an end."""
    return {
        night.run_id: night
        for night in nights
        if (since is None or f"{since:%Y-%m-%d}" <= night.night)
        and (until is None or night.night <= f"{until:%Y-%m-%d}")
    }


def series(every: Iterable[Series], name: str) -> Series:
    """Return the series with an id, or the beginning of one. Raises UsageError with the nearest."""
    known = {each.key.id: each for each in every}
    return known[_one(name, known, "series", "series")]


def night(nights: Sequence[Night], name: str) -> Night:
    """Return the night with a run's id, the beginning of one, or `last`. Raises UsageError with the nearest."""
    known = {each.run_id: each for each in nights}
    if name == LAST and nights:
        return nights[-1]
    return known[_one(name, known, "run", "list")]


@dataclass(frozen=True)
class Saying:
    """What a person says of a series, or of ALL, at a night, each as the person names it."""

    series: str
    night: str
    text: str


def annotation(nights: Sequence[Night], every: Sequence[Series], saying: Saying, now: datetime) -> Annotation:
    """Return what is said of a series and a night that there are. Raises UsageError with the nearest that is there."""
    if not saying.text.strip() or len(saying.text) > LONGEST_TEXT:
        raise UsageError(f"an annotation has 1 to {LONGEST_TEXT:,} characters, and this one {len(saying.text):,}")
    address = _ADDRESS.search(saying.series)
    name = address[1] if address else saying.series
    id_ = "" if name == ALL else series(every, name).key.id
    return Annotation(id_, _date(nights, saying.night), saying.text, f"{now:%Y-%m-%dT%H:%M:%SZ}")


def _date(nights: Sequence[Night], name: str) -> str:
    """Return the date of a night, given by itself or by a run; of dates the nearest is the one fewest days away."""
    dates = [each.night for each in nights]
    if name in dates:
        return name
    try:
        wanted = date.fromisoformat(name)
        near = min(dates, key=lambda each: abs(date.fromisoformat(each) - wanted))
    except ValueError:
        return night(nights, name).night
    raise UsageError(f"the history has no night of {shown(name)}; the nearest is {near}")


def _one(name: str, known: Iterable[str], what: str, verb: str) -> str:
    names = list(known)
    fitting = [name] if name in names else [each for each in names if name and each.startswith(name)]
    if len(fitting) == 1:
        return fitting[0]
    if fitting:
        raise UsageError(f"'{shown(name)}' begins {len(fitting)} of them: {', '.join(map(shown, fitting[:3]))}, …")
    near = nearest(name, names)
    raise UsageError(
        f"the history has no {what} '{shown(name)}'{near if len(near) < LONGEST else ''}",
        hint=f"`pvbench history {verb}` lists what it has",
    )


def _names(key: SeriesKey) -> dict[str, tuple[str, ...]]:
    return {
        "host": (key.host,),
        "device": tuple(filter(None, (key.arm, key.against))),
        "workload": (key.workload,),
        "metric": (key.metric, key.of.title),
    }


def _within(text: str, names: Iterable[str]) -> bool:
    return any(text.casefold() in name.casefold() for name in names)
