"""What the gate says of a row and of all of them, for a terminal, Markdown and JUnit alike. Pure."""

import math
from collections.abc import Iterator

from pvbench import figures
from pvbench.exit_codes import ExitCode
from pvbench.gate.limits import Limit
from pvbench.gate.nouns import NOTHING, Gated, Row, State

COLUMNS = ("State", "What", "Host", "Metric", "Before", "Now", "Ratio", "95 % interval", "Lost below", "Why")
RESTS_ON = (
    "Ratios above 1 are better. An interval is of boots within each run: what the host drifts by between two times is "
    "in a cell's ratio and not in its interval; from a ratio of two arms it cancels."
)
OF_NIGHTS = (
    "Ratios above 1 are better; before is the level that the nights before were at. What is out of its level, and what "
    "is confirmed, is as the history's own pages tell it."
)
_HEADS = {
    ExitCode.DONE: "Passed",
    ExitCode.REGRESSED: "Regressed",
    ExitCode.CONTAMINATED: "Not passed, contaminated",
}


def headline(gated: Gated) -> str:
    """Return what the gate found in a line: "Regressed: 1 regressed, 7 ok of 8; RUN beside BASELINE"."""
    counts = [f"{count} {state.value}" for state in State if (count := gated.count(state))]
    found = f"{', '.join(counts)} of {len(gated.rows)}" if counts else "nothing was compared"
    if gated.ruled_out is not None and gated.code is ExitCode.DONE:
        found += f"; what an ok cell may have lost is below {_percent(gated.ruled_out)}"
    label = f" (under {gated.label})" if gated.label else ""
    simulated = ", simulated" if gated.simulated else ""
    return f"{_head(gated)}: {found}; {gated.run} beside {gated.against}{simulated}{label}"


def _head(gated: Gated) -> str:
    if gated.code is ExitCode.NOT_MEASURED:
        nothing = any(gated.count(state) for state in NOTHING)
        return "Not passed, something was not measured" if nothing else "Not passed, too little to tell"
    if gated.code is ExitCode.DONE and gated.count(State.UNDETERMINED):
        return "Passed as far as could be told"
    return _HEADS[gated.code]


def notes(gated: Gated) -> tuple[str, ...]:
    """Return what is to be known of all rows: what the environments differ in, and what the interval covers."""
    unexpected = [f"differs, and was not said to: {each.words}" for each in gated.unexpected]
    expected = [f"changed on purpose: {each.words}" for each in gated.expected]
    hint = []
    if gated.unexpected:
        parts = " ".join(f"--changed {part}" for part in dict.fromkeys(each.part for each in gated.unexpected))
        hint = [f"if that is what the gate is for: {parts}"]
    drift = list(_alike(gated)) if gated.nights is None else []
    return (*unexpected, *hint, *expected, *drift, *_limits(gated), RESTS_ON if gated.nights is None else OF_NIGHTS)


def _alike(gated: Gated) -> Iterator[str]:
    """Yield a line for each host whose cells all lost, and none of them beside its baseline arm."""
    for host in dict.fromkeys(row.host for row in gated.rows):
        own = [row for row in gated.rows if row.host == host and row.ratio is not None]
        cells, ratios = [row for row in own if not row.against], [row for row in own if row.against]
        lost = any(row.state is State.REGRESSED for row in cells)
        beside = not ratios or any(row.state is State.REGRESSED for row in ratios)
        if lost and not beside and all((row.ratio or 1) < 1 for row in cells):
            yield (
                f"every cell of {host} is worse, and none beside its baseline arm: the host itself is slower, or "
                "all that is measured; the baseline's versions, measured again now, tell which"
            )


def _limits(gated: Gated) -> Iterator[str]:
    limits: dict[Limit, list[str]] = {}
    for row in gated.rows:
        names = limits.setdefault(row.limit, [])
        names += [row.metric.name] if row.metric.name not in names else []
    for limit, names in limits.items():
        of = f" of {', '.join(names)}" if len(limits) > 1 else ""
        fails, has_to = f"{limit.worse * 100:g} %", f"{limit.unseen * 100:g} %"
        yield f"a proven loss{of} beyond {fails} fails, and one beyond {has_to} has to be ruled out"


def cells(row: Row) -> tuple[str, ...]:
    """Return a row's columns; what was not measured says so."""
    interval = row.loss.interval if row.loss else None
    return (
        row.state.value,
        row.title,
        row.host,
        row.metric.title,
        row.metric.text(row.before),
        row.metric.text(row.now),
        figures.ratio(row.ratio) if row.ratio else "–",
        figures.interval(interval.low, interval.high) if interval else "–",
        "–" if row.lost_below is None else _percent(row.lost_below),
        row.why,
    )


def _percent(share: float) -> str:
    """Return a share in per cent, the last of its places rounded up: what is ruled out is not less than it."""
    return f"{math.ceil(round(share * 1000, 6)) / 10:g} %"
