"""What is told of a night: a sentence for a subject, the whole as Markdown, the same as data for programs. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from pvbench import figures
from pvbench.exit_codes import ExitCode
from pvbench.history.analysis import Analysis, ranked
from pvbench.history.nouns import Alarm, AlarmKind, Night, Series, State
from pvbench.printable import clean
from pvbench.reports.markdown import escaped

SCHEMA_VERSION = 1
MOST_ALARMS = 50
"""So many are told; how many more there are is told too."""


@dataclass(frozen=True)
class Message:
    """A night as it is told. `alarms` are those that it told itself, worst first; `site` where its pages are.

    `measured` counts trials, with those of a look again left out; `night` is None where no run came of it.
    """

    matrix: str
    began: str
    code: ExitCode
    night: Night | None
    alarms: tuple[Alarm, ...] = ()
    series: tuple[Series, ...] = ()
    labels: tuple[str, ...] = ()
    closed: str = ""
    contaminated: str = ""
    problems: tuple[str, ...] = ()
    site: str = ""

    @property
    def has_news(self) -> bool:
        """Whether there is something to say: an alarm that stands, something that lacks, something amiss."""
        standing = any(each.stands for each in self.alarms)
        return self.code is not ExitCode.DONE or standing or bool(self.problems)

    @property
    def headline(self) -> str:
        """The night in one sentence."""
        return f"{self.matrix}: {', '.join(self._findings())}"

    def _findings(self) -> list[str]:
        if self.night is None or not self.night.measured:
            return ["nothing was measured"]
        words = [_counted(self.alarms, *kinds) for kinds in _SAID]
        changes = [each for each in words if each] or ["no change"]
        changes += ["contaminated"] if self.contaminated else []
        return [*changes, f"{self.night.measured} of {self.night.expected} trials measured"]

    def titles(self) -> Mapping[str, str]:
        """Return what each series is of, by its id."""
        return {each.key.id: f"{each.key.title}, {each.key.of.title}" for each in self.series}


_SAID = (
    (AlarmKind.REGRESSION, State.CONFIRMED, "regression confirmed", "regressions confirmed"),
    (AlarmKind.REGRESSION, State.SUSPECT, "regression suspected", "regressions suspected"),
    (AlarmKind.MISSING, None, "series without a figure", "series without a figure"),
    (AlarmKind.CONSTANT, None, "series that stands still", "series that stand still"),
    (AlarmKind.IMPLAUSIBLE, None, "series that is implausible", "series that are implausible"),
    (AlarmKind.IMPROVEMENT, State.CONFIRMED, "improvement confirmed", "improvements confirmed"),
    (AlarmKind.IMPROVEMENT, State.SUSPECT, "improvement suspected", "improvements suspected"),
)
"""What a headline counts, in this order; None: whatever stands."""


def _counted(alarms: Sequence[Alarm], kind: AlarmKind, state: State | None, one: str, more: str) -> str:
    states = {state} if state else {State.SUSPECT, State.CONFIRMED}
    count = len({each.series for each in alarms if each.kind is kind and each.state in states})
    return f"{count} {one if count == 1 else more}" if count else ""


def tonights(analysis: Analysis, runs: Sequence[str | None]) -> tuple[Alarm, ...]:
    """Return what runs told, worst first: the last state of each alarm; those that were cleared come last."""
    last = {(each.series, each.kind, each.run_id): each for each in analysis.alarms if each.seen in runs}
    own = list(last.values())
    return (*ranked(own), *(each for each in own if each.state is State.CLEARED))


def markdown(message: Message) -> str:
    """Return the night as Markdown of GitHub's dialect; all names in it are escaped."""
    parts = [f"### {escaped(message.headline)}"]
    parts += [f"**{escaped(label)}**" for label in _labels(message)]
    parts += [_table(message), "\n".join(f"- {escaped(name)}: {escaped(fact)}" for name, fact in _facts(message))]
    return "\n\n".join(part for part in parts if part) + "\n"


def plain(message: Message) -> str:
    """Return the night as plain text."""
    parts = [message.headline, *_labels(message)]
    for cells in _rows(message):
        parts.append("\n    ".join(f"{head}: {cell}" for head, cell in zip(_HEADS, cells, strict=True) if cell))
    parts += [_more(message), "\n".join(f"{name}: {fact}" for name, fact in _facts(message))]
    return clean("\n\n".join(part for part in parts if part) + "\n", "\n")


def as_data(message: Message) -> dict[str, Any]:
    """Return the night as JSON for a webhook; `text` is what chat programs show."""
    titles = message.titles()
    return {
        "schema": SCHEMA_VERSION,
        "text": clean(message.headline),
        "matrix": message.matrix,
        "began": message.began,
        "exit_code": int(message.code),
        "meaning": message.code.meaning,
        "run": message.night.run_id if message.night else None,
        "night": message.night.night if message.night else None,
        "measured": message.night.measured if message.night else 0,
        "expected": message.night.expected if message.night else None,
        "simulated": message.night.simulated if message.night else False,
        "labels": list(message.labels),
        "closed": message.closed or None,
        "contaminated": message.contaminated or None,
        "alarms": [_alarm_as_data(each, titles) for each in message.alarms],
        "problems": list(message.problems),
        "site": message.site or None,
    }


def _alarm_as_data(alarm: Alarm, titles: Mapping[str, str]) -> dict[str, Any]:
    return {
        "series": alarm.series,
        "title": titles.get(alarm.series),
        "kind": str(alarm.kind),
        "state": str(alarm.state),
        "from_run": alarm.run_id,
        "seen_by": alarm.seen,
        "ratio": alarm.ratio,
        "noise": alarm.noise,
        "threshold": alarm.threshold,
        "words": alarm.words,
    }


def _labels(message: Message) -> list[str]:
    simulated = ["simulated, never measured"] if message.night and message.night.simulated else []
    labels = ", ".join([*simulated, *message.labels])
    return [labels] if labels else []


_HEADS = ("Series", "What", "State", "Change", "Threshold", "Why")


def _rows(message: Message) -> list[tuple[str, ...]]:
    titles = message.titles()
    return [
        (
            titles.get(each.series, each.series),
            str(each.kind),
            str(each.state),
            "" if each.ratio is None else f"{100 * (each.ratio - 1):+.1f} %",
            "" if each.threshold is None else f"{100 * each.threshold:.1f} %",
            each.words,
        )
        for each in message.alarms[:MOST_ALARMS]
    ]


def _table(message: Message) -> str:
    rows = [f"| {' | '.join(escaped(cell) for cell in cells)} |" for cells in _rows(message)]
    if not rows:
        return ""
    head = [f"| {' | '.join(_HEADS)} |", f"|{' --- |' * len(_HEADS)}"]
    return "\n".join([*head, *rows, *([f"\n{more}"] if (more := _more(message)) else [])])


def _more(message: Message) -> str:
    more = len(message.alarms) - MOST_ALARMS
    return f"and {more} more" if more > 0 else ""


def _minute(moment: str) -> str:
    return f"{datetime.fromisoformat(moment).astimezone(UTC):%Y-%m-%d %H:%M} UTC"


def _facts(message: Message) -> list[tuple[str, str]]:
    night = message.night
    measured = f"{night.measured} of {night.expected} trials" if night else figures.NOT_MEASURED
    facts = [("Run", night.run_id if night else "none"), ("Began", _minute(message.began)), ("Measured", measured)]
    facts += [("Exit code", f"{int(message.code)}, {message.code.meaning}")]
    facts += [("Closed before its end", message.closed)] if message.closed else []
    facts += [("Contaminated", message.contaminated)] if message.contaminated else []
    facts += [("Pages", message.site)] if message.site else []
    return facts + [("Problem", each) for each in message.problems]
