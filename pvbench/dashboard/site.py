"""An analysis → the files of a static site; a file is written only where its text is another than what lies there."""

import base64
import hashlib
import os
from collections.abc import Iterator
from pathlib import Path

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from pvbench import figures
from pvbench.dashboard import line_chart
from pvbench.history import analysis
from pvbench.history.analysis import Analysis
from pvbench.history.nouns import Alarm, Series, Side, State
from pvbench.printable import clean

SECURITY = "default-src 'none'; style-src 'unsafe-inline'"
RECENT = 400
"""Nights in a series' table, newest first."""


def write(shown: Analysis, folder: Path) -> list[str]:
    """Write the site and return the names of the files that were new or other than before; raises OSError."""
    (folder / "series").mkdir(parents=True, exist_ok=True)
    written = []
    for name, text in pages(shown):
        path, data = folder / name, text.encode(errors="backslashreplace")
        if path.is_file() and path.read_bytes() == data:
            continue
        temporary = path.with_name(f".{path.name}.new")
        temporary.write_bytes(data)
        os.replace(temporary, path)  # noqa: PTH105  what reads the site never sees half a page
        written.append(name)
    return written


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
    yield "index.html", environment.get_template("overview.html.j2").render(**first, **_overview(shown, alarms))
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
