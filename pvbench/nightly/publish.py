"""A night's pages: the site of its history, and the report of each of its runs beside it."""

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

from pvbench.dashboard import site
from pvbench.dashboard.gather import reports_below
from pvbench.history.analysis import Analysis
from pvbench.reports import comparison, html
from pvbench.store import Store
from pvbench.store.disk import read_bytes, write_whole, writing

REPORTS = "reports"
"""The folder of the reports within the site, each by its run's id."""


def publish(
    shown: Analysis, results: Path, runs: Sequence[str], folder: Path, now: datetime, problems: tuple[str, ...]
) -> list[str]:
    """Write what is new of the site, and return the names of the files that were. Raises StoreError."""
    written = [name for run in runs if (name := _report(results, run, folder))]
    settings = site.Settings(now, reports_below(folder, None), problems)
    return [*written, *site.write(shown, folder, settings)]


def _report(results: Path, run: str, folder: Path) -> str | None:
    name = f"{REPORTS}/{run}.html"
    path = folder / name
    with Store.open(results, run) as store:
        page = comparison.build(store.manifest, store.trials(), store.earlier(), store.altered())
    data = html.render(page).encode(errors="backslashreplace")
    with writing(path):
        path.parent.mkdir(parents=True, exist_ok=True)
    if path.is_file() and read_bytes(path) == data:
        return None
    write_whole(path, data)
    return name
