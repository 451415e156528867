"""fio's --status-interval: several reports of the same jobs in a file, of which only the last has the whole."""

import dataclasses
from collections.abc import Iterable

from pvbench.foreign.nouns import Result
from pvbench.foreign.values import figure

_SHORTEST_SECONDS = 2
"""So long has fio run, as it counts, when its first report after an interval of a second is written."""


def marked(results: Iterable[Result]) -> list[Result]:
    """Return results in which a report that a later one of the same job goes on from says so."""
    done = list(results)
    last: dict[tuple[str, ...], Result] = {}
    for at in reversed(range(len(done))):
        earlier = done[at]
        key = (earlier.tool, earlier.title, earlier.facts.get("groupid", ""), str(_begun(earlier)))
        later = last.setdefault(key, earlier)
        if _goes_on(earlier, later):
            note = f"a report of a job that still ran: the whole is that of line {later.line}"
            facts = {**earlier.facts, "followed_by_line": str(later.line)}
            done[at] = dataclasses.replace(earlier, notes=(note, *earlier.notes), facts=facts)
        elif _may_go_on(earlier, later):
            note = f"line {later.line} is of a job of this name that ran for longer: this may be a report of it"
            done[at] = dataclasses.replace(earlier, notes=(note, *earlier.notes))
    return done


def _goes_on(earlier: Result, later: Result) -> bool:
    """Tell whether the last report of a job begun in the same second has run for longer."""
    ran = figure(earlier.facts.get("elapsed"))
    if later.line == earlier.line or _begun(earlier) is None or ran is None or ran < _SHORTEST_SECONDS:
        return False
    return (earlier.seconds or 0) < (later.seconds or 0)


def _may_go_on(earlier: Result, later: Result) -> bool:
    """Tell whether a terse line, which has no time, may be of a job whose last line is later."""
    return (
        earlier.format.startswith("terse")
        and earlier.line < later.line
        and (earlier.seconds or 0) < (later.seconds or 0)
    )


def _begun(result: Result) -> float | None:
    ended, ran = figure(result.facts.get("timestamp")), figure(result.facts.get("elapsed"))
    return None if ended is None or ran is None else ended - ran
