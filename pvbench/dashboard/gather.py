"""Places → what a site is made of: a history's analysis, where reports lie."""

import os
from pathlib import Path
from urllib.parse import quote

from pvbench.history.analysis import Analysis, analyse
from pvbench.history.store import History

REPORT = ".html"


def gather(kept: History) -> Analysis:
    """Return what a history comes to. Raises StoreError."""
    return analyse(kept.nights(), kept.series(), kept.alarms(), kept.annotations())


def reports_below(site: Path, folder: Path | None) -> dict[str, str]:
    """Return the addresses of the runs' reports, as the site's first page links to them, by run.

    They lie in a folder, each as RUN.html; without one, in reports/ of the site.
    """
    where = site / "reports" if folder is None else folder
    way = "reports" if folder is None else os.path.relpath(folder, site)
    return {run: address(f"{way}/{path.name}") for run, path in reports_in(where).items()}


def reports_in(folder: Path) -> dict[str, Path]:
    """Return the reports that lie in a folder, by run; most sites have none."""
    try:
        return {path.stem: path for path in sorted(folder.iterdir()) if path.suffix == REPORT}
    except (OSError, ValueError):
        return {}


def address(path: str) -> str:
    """Return a path as a page links to it."""
    return quote(path, errors="surrogateescape")
