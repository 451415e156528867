"""An analysis → the files of a static site; a file is written only where its text is another than what lies there."""

import os
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined

from pvbench import figures
from pvbench.dashboard import line_chart, series_page, zoom
from pvbench.dashboard.facets import facets, related
from pvbench.dashboard.nights import looks_again, shown, without
from pvbench.dashboard.overview import LATE, Overview, overview
from pvbench.history import analysis
from pvbench.history.analysis import Analysis
from pvbench.history.nouns import Alarm, State
from pvbench.printable import clean
from pvbench.store.disk import writing

FIRST = "index.html"
SECURITY = "default-src 'none'; style-src 'self'; script-src 'self'; base-uri 'none'; form-action 'none'"
OWN = ("style.css", "overview.js", "chart.js")
GROUPS = ("Confirmed", "Suspected, and not looked at again yet")
LIVE = ("live.js",)
SIMULATED = "Some or all of these nights were made by a program; nothing was measured in them."
LABELLED = "Figures of some or all of these nights were made so, and are not those of real hardware."


@dataclass(frozen=True)
class Settings:
    """How a site is written: `now` is when, where that is known, `reports` are addresses of reports by run.

    `problems` are what is wrong with the history's files, which are then not in the analysis. `live` is whether
    `pvbench serve` shows the site: its pages may then ask how things are.
    """

    now: datetime | None = None
    reports: dict[str, str] = field(default_factory=dict)
    problems: tuple[str, ...] = ()
    live: bool = False


DEFAULT = Settings()


def write(
    analysed: Analysis,
    folder: Path,
    settings: Settings = DEFAULT,
    tell: Callable[[int, int], None] = lambda _done, _total: None,
) -> list[str]:
    """Write the site and return the names of the files that were new or other than before.

    `tell` is told how many files of how many are looked at. Raises StoreError where nothing can be written.
    """
    written = []
    for below in ("series", "assets"):
        with writing(folder):
            (folder / below).mkdir(parents=True, exist_ok=True)
    total = len(analysed.series) + len(OWN) + 1
    for number, (name, data) in enumerate(files(analysed, settings), 1):
        path = folder / name
        with writing(path):
            if not _same(path, data):
                _put(path, data)
                written.append(name)
        tell(min(number, total), total)
    return written


def _same(path: Path, data: bytes) -> bool:
    return path.is_file() and path.stat().st_size == len(data) and path.read_bytes() == data


def _put(path: Path, data: bytes) -> None:
    """Write over what is there. To make a thousand files anew each night would take seconds, this takes milliseconds.

    A page that a kill leaves torn differs from what the next build makes, and is written again by it.
    """
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT, 0o666), "wb") as file:
        file.write(data)
        file.truncate()


def files(analysed: Analysis, settings: Settings = DEFAULT) -> Iterator[tuple[str, bytes]]:
    """Yield name and content of each file: what pages share, index.html, and series/ID.html for each series."""
    library = zoom.files()
    for name, data in library.items():
        yield f"assets/{name}", data
    own = Path(__file__).with_name("assets")
    for name in (*OWN, *LIVE) if settings.live else OWN:
        yield f"assets/{name}", (own / name).read_bytes()
    for name, text in pages(analysed, settings, zoomed=bool(library)):
        yield name, text.encode(errors="backslashreplace")


def pages(analysed: Analysis, settings: Settings = DEFAULT, *, zoomed: bool = True) -> Iterator[tuple[str, str]]:
    """Yield name and text of each page."""
    common = {
        "labels": _labels(analysed),
        "letters": series_page.LETTERS,
        "live": settings.live,
        "security": SECURITY + ("; connect-src 'self'" if settings.live else ""),
    }
    yield FIRST, _first_page(common, analysed, settings)
    known = shown(analysed.nights, {run: f"../{address}" for run, address in settings.reports.items()})
    yield from _series_pages({**common, "known": known, "zoom": zoomed}, analysed)


@cache
def _templates() -> Environment:
    return Environment(
        loader=PackageLoader("pvbench.dashboard"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        finalize=lambda value: clean(value, "\n") if type(value) is str else value,
    )


def _labels(analysed: Analysis) -> list[tuple[str, str]]:
    """Return what stands on every page of figures that are not those of real hardware, with what it means."""
    simulated = [("Simulated history", SIMULATED)] if analysed.simulated else []
    return [*simulated, *((label[:1].upper() + label[1:], LABELLED) for label in analysed.labels)]


def _first_page(common: Mapping[str, Any], analysed: Analysis, settings: Settings) -> str:
    known = shown(analysed.nights, settings.reports)
    first = overview(analysed, known)
    now, names = settings.now, ("Host", "Device", "Stack", "Workload", "Metric")
    return (
        _templates()
        .get_template("overview.html.j2")
        .render(
            **common,
            root="",
            problems=settings.problems,
            told=first,
            known=known,
            headline=headline(first),
            groups=[(name, rows) for name, rows in zip(GROUPS, first.groups, strict=True) if rows],
            age=age(first, now) if now else "",
            old=bool(now and first.old(now)),
            choices=[(name, sorted({getattr(row.facets, name.lower()) for row in first.rows})) for name in names],
            strip_length=len(first.strip),
            late=LATE,
        )
    )


def headline(first: Overview) -> str:
    """Return the first page's heading; that nothing was measured is never said as no change."""
    if first.last is None:
        return "No night yet"
    if not first.last.measured:
        return f"Nothing was measured in the night of {first.last.night}"
    changes = [each for each in first.changes if not each.lost]
    confirmed = sum(each.alarm.state is State.CONFIRMED for each in changes)
    suspected, lost = len(changes) - confirmed, len(first.changes) - len(changes)
    words = figures.count(confirmed, "change")
    words += f", {suspected:,} suspected," if suspected else ""
    words += f" of {first.measured:,} series measured"
    return f"{words}; {lost:,} without a figure to trust" if lost else words


def age(first: Overview, now: datetime) -> str:
    """Return how old the last data is, and whether that is older than usual."""
    age = first.age(now)
    if age is None:
        return ""
    if age < timedelta():
        return "in the future, by this clock"
    days, hours = age.days, age.seconds // 3600
    words = figures.count(days, "day") if days else figures.count(hours, "hour")
    return f"{words} ago{': old' if first.old(now) else ''}"


def _series_pages(common: Mapping[str, Any], analysed: Analysis) -> Iterator[tuple[str, str]]:
    alarms: dict[str, list[Alarm]] = {}
    for alarm in analysed.alarms:
        alarms.setdefault(alarm.series, []).append(alarm)
    again = looks_again(analysed.nights)
    families, names = related(analysed.series), [each.key.id for each in analysed.series]
    page = _templates().get_template("series.html.j2")
    for number, (name, series) in enumerate(zip(names, analysed.series, strict=True)):
        notes = [note for note in analysed.annotations if note.series in ("", name)]
        own, family = alarms.get(name, []), families.get(name, ())
        text = page.render(
            **common,
            root="../",
            series=series,
            facets=facets(series.key),
            page=series_page.page(series, common["known"], own, notes, family),
            health=analysis.health(without(series, again), own),
            family=family,
            standing=[alarm for alarm in reversed(own) if alarm.stands],
            past=[alarm for alarm in reversed(own) if not alarm.stands],
            notes=notes,
            before=names[number - 1] if number else None,
            after=names[number + 1] if number + 1 < len(names) else None,
            ratio=bool(series.key.against),
            recent=series_page.RECENT,
            width=line_chart.WIDTH,
            height=line_chart.HEIGHT,
        )
        yield f"series/{name}.html", text
