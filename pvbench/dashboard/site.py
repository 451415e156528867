"""An analysis → the files of a static site; a file is written only where its text is another than what lies there."""

import base64
import hashlib
from collections.abc import Callable, Iterator
from pathlib import Path

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from pvbench import figures
from pvbench.dashboard import line_chart
from pvbench.history import analysis
from pvbench.history.analysis import Analysis
from pvbench.history.nouns import Alarm, Series, Side, State
from pvbench.printable import clean
from pvbench.store.disk import writing

SECURITY = "default-src 'none'; style-src 'unsafe-inline'"
FIRST = "index.html"
RECENT = 400
"""Nights in a series' table, newest first."""


def write(shown: Analysis, folder: Path, tell: Callable[[int, int], None] = lambda _done, _total: None) -> list[str]:
    """Write the site and return the names of the files that were new or other than before.

    `tell` is told how many pages of how many are looked at. Raises StoreError where nothing can be written.
    """
    written = []
    with writing(folder):
        (folder / "series").mkdir(parents=True, exist_ok=True)
    for number, (name, text) in enumerate(pages(shown), 1):
        path, data = folder / name, text.encode(errors="backslashreplace")
        with writing(path):
            if not _same(path, data):
                _replace(path, data)
                written.append(name)
        tell(number, len(shown.series) + 1)
    return written


def _same(path: Path, data: bytes) -> bool:
    return path.is_file() and path.stat().st_size == len(data) and path.read_bytes() == data


def _replace(path: Path, data: bytes) -> None:
    """Put a page in its place whole; it is not synced, for the next build would make it again."""
    beside = path.with_name(f".{path.name}.new")
    beside.write_bytes(data)
    beside.replace(path)


def pages(shown: Analysis) -> Iterator[tuple[str, str]]:
    """Yield name and text of each page: index.html, and series/ID.html for each series."""
    environment = Environment(
        loader=PackageLoader("pvbench.dashboard"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        finalize=lambda value: clean(value, "\n") if type(value) is str else value,
    )
    style = Markup(environment.get_template("style.css").render())  # noqa: S704  our own
    script = Markup(environment.get_template("filter.js").render())  # noqa: S704  our own
    allowed = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    common = {"style": style, "security": SECURITY, "shown": shown}
    alarms: dict[str, list[Alarm]] = {each.key.id: [] for each in shown.series}
    for each in shown.alarms:
        alarms.setdefault(each.series, []).append(each)
    first = {**common, "security": f"{SECURITY}; script-src 'sha256-{allowed}'", "script": script}
    yield FIRST, environment.get_template("overview.html.j2").render(**first, **_overview(shown, alarms))
    page = environment.get_template("series.html.j2")
    nights = {each.run_id: each for each in shown.nights}
    for series in shown.series:
        said = [each for each in shown.annotations if each.series in ("", series.key.id)]
        yield (
            f"series/{series.key.id}.html",
            page.render(
                **common,
                series=series,
                nights=nights,
                said=said,
                alarms=alarms[series.key.id],
                line=line_chart.line(series),
                text=lambda value, series=series: _text(series, value),
                recent=series.points[::-1][:RECENT],
            ),
        )


def _overview(shown: Analysis, alarms: dict[str, list[Alarm]]) -> dict[str, object]:
    by_id = {each.key.id: each for each in shown.series}
    return {
        "rows": [(each, analysis.health(each, alarms[each.key.id])) for each in shown.series],
        "changes": [(each, by_id.get(each.series), analysis.score(each)) for each in analysis.ranked(shown.alarms)],
        "overlap": analysis.overlap(shown.alarms),
        "noisy_below": analysis.NOISY_BELOW,
        "confirmed": analysis.share(shown.alarms, State.CONFIRMED),
        "cleared": analysis.share(shown.alarms, State.CLEARED),
        "nights": {each.run_id: each.night for each in shown.nights},
    }


def _text(series: Series, value: float | None) -> str:
    if value is None:
        return figures.NOT_MEASURED
    return f"{value:.3f}x" if series.key.side is Side.RATIO else series.key.of.text(value)
