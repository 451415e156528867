"""A history's runs as a page writes them, made once for all its series."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date

from markupsafe import Markup, escape

from pvbench.history.nouns import Night, Role, Series
from pvbench.printable import clean


@dataclass(frozen=True)
class Shown:
    """A run: its day as an ordinal, what heads its row in a table, and what is to be said of it there."""

    night: str
    day: int
    head: str
    note: str
    again: bool
    label: str


def shown(nights: Iterable[Night], reports: Mapping[str, str]) -> dict[str, Shown]:
    """Return each run by its id; `reports` are the addresses of their reports, of those that have one."""
    return {each.run_id: _shown(each, reports.get(each.run_id)) for each in nights}


def _shown(night: Night, report: str | None) -> Shown:
    text = escape(clean(night.night))
    head = Markup('<a href="{}">{}</a>').format(report, text) if report else text
    again = night.role is Role.AGAIN
    return Shown(
        night=clean(night.night),
        day=ordinal(night.night),
        head=str(head),
        note="fresh boots looked again" if again else "",
        again=again,
        label=", ".join(labels(night)),
    )


def looks_again(nights: Iterable[Night]) -> frozenset[str]:
    """Return the runs that look again at a night, and are none that was to be measured."""
    return frozenset(each.run_id for each in nights if each.role is Role.AGAIN)


def without(series: Series, runs: frozenset[str]) -> Series:
    """Return a series without its points of some runs."""
    return Series(series.key, tuple(each for each in series.points if each.run_id not in runs)) if runs else series


def labels(night: Night) -> tuple[str, ...]:
    """Return what the figures of a night must be labelled with."""
    return tuple(filter(None, ("simulated" if night.simulated else "", clean(night.label))))


def ordinal(night: str) -> int:
    """Return a date as a number of days; 1 for what is none, which a history should not have."""
    try:
        return date.fromisoformat(night).toordinal()
    except ValueError:
        return 1
