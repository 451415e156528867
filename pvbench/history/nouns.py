"""The nouns of a history: nights, series over them, alarms and the states they go through. Pure."""

from dataclasses import dataclass
from enum import StrEnum

from pvbench.metrics import METRICS, Metric
from pvbench.model import digest

IMPLAUSIBLE_FROM = 2.0
"""What is so many times as good as before is told as implausible: what measured nothing is fast."""


class Side(StrEnum):
    """What a series follows: one arm's figure, or the ratio of two arms, from which the host's drift cancels."""

    VALUE = "value"
    RATIO = "ratio"


class State(StrEnum):
    """How far an alarm is: seen once, seen again with fresh boots, or not seen again."""

    SUSPECT = "suspect"
    CONFIRMED = "confirmed"
    CLEARED = "cleared"


class AlarmKind(StrEnum):
    """What an alarm is about; the last three are of a measurement that tells nothing, which is never green."""

    REGRESSION = "regression"
    IMPROVEMENT = "improvement"
    MISSING = "missing"
    CONSTANT = "constant"
    IMPLAUSIBLE = "implausible"


class Role(StrEnum):
    """What a run is in the history: a night of its own, or fresh boots that look again at an earlier one."""

    NIGHT = "night"
    AGAIN = "again"


@dataclass(frozen=True)
class SeriesKey:
    """What a series is of: names only, so that a new version of a part goes on with the series it is measured in.

    `arm` is the arm's name in words, `cell` its identity without digests; `against` and `against_cell` are those of the
    baseline, "" unless the series is a ratio. `workload` is a title, `settings` the parameters' canonical JSON, `kind`
    a DeviceKind's value, `metric` a name in METRICS.
    """

    side: Side
    host: str
    kind: str
    arm: str
    cell: str
    workload: str
    settings: str
    metric: str
    against: str = ""
    against_cell: str = ""
    factor: str = ""

    @property
    def id(self) -> str:
        """Twelve hex digits that name the series in addresses, alarms and annotations."""
        return digest([self.side, self.host, self.cell, self.against_cell, self.factor, self.metric])

    @property
    def title(self) -> str:
        """The series in words, for a heading."""
        compared = f"{self.arm} ÷ {self.against}" if self.against else self.arm
        return f"{compared}, {self.workload}, {self.host}"

    @property
    def of(self) -> Metric:
        """The metric; a ratio's is above 1 where the candidate is better, whichever way its metric is."""
        return METRICS[self.metric]


@dataclass(frozen=True)
class Night:
    """A run as the history holds it. `night` is the UTC date it began on, `started` ISO 8601 UTC.

    `expected` and `measured` count trials. `environments` are (host, digest of what it is and what was deployed on
    it): a change of one starts a new segment of its series. `again` is the run that this one looks at again.
    `simulated` runs were made by a program, never measured, and are labelled wherever they are shown. `rows_kept` says
    whether what each trial gave is still there, and not the judged values alone.
    """

    run_id: str
    night: str
    started: str
    matrix: str
    expected: int
    measured: int
    environments: tuple[tuple[str, str], ...] = ()
    label: str = ""
    role: Role = Role.NIGHT
    again: str | None = None
    simulated: bool = False
    rows_kept: bool = True

    @property
    def part(self) -> str:
        """What it is in the history, in words."""
        return f"a look again at {self.again}" if self.role is Role.AGAIN else "a night"

    @property
    def labels(self) -> tuple[str, ...]:
        """What its figures must be labelled with: what the host ran on, and that no host was measured at all."""
        return tuple(filter(None, (self.label, "simulation" if self.simulated else "")))


@dataclass(frozen=True)
class Point:
    """A series' value of one night, in the metric's base unit, or a ratio; None with the `reason` where there is none.

    `low` and `high` are the interval's ends where there is one; `units` boots or deployments it rests on.
    """

    run_id: str
    value: float | None
    low: float | None = None
    high: float | None = None
    units: int | None = None
    environment: str = ""
    reason: str = ""


@dataclass(frozen=True)
class Series:
    """A series and its points, oldest first: one for each night that should have measured it."""

    key: SeriesKey
    points: tuple[Point, ...]


@dataclass(frozen=True)
class Alarm:
    """Something to look at in a series. `run_id` is the first night of what is new, `seen` the night that told.

    `ratio` is new ÷ old level, above 1 where it is better; `noise` the relative spread of the series' nights, and
    `threshold` the relative change from which one is significant. They are None where the kind has none. `until` is
    the night that ended what was confirmed, "" while it lasts.
    """

    series: str
    kind: AlarmKind
    state: State
    run_id: str
    seen: str
    ratio: float | None = None
    noise: float | None = None
    threshold: float | None = None
    words: str = ""
    until: str = ""

    @property
    def stands(self) -> bool:
        """Whether it is still to be looked at: not cleared, and not ended."""
        return self.state is not State.CLEARED and not self.until


@dataclass(frozen=True)
class Annotation:
    """What a person has said of a series at a night: `series` is an id, or "" for all; `at` when, ISO 8601 UTC."""

    series: str
    night: str
    text: str
    at: str
