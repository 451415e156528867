"""A history's runs as a page writes them, made once for all its series."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date

from markupsafe import Markup, escape

from pvbench.history.nouns import Night, Role
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


def labels(night: Night) -> tuple[str, ...]:
    """Return what the figures of a night must be labelled with."""
    return tuple(filter(None, ("simulated" if night.simulated else "", clean(night.label))))


def ordinal(night: str) -> int:
    """Return a date as a number of days; 1 for what is none, which a history should not have."""
    try:
        return date.fromisoformat(night).toordinal()
    except ValueError:
        return 1
