"""Places → what a site is made of: a history's analysis, what is wrong with its files, where reports lie."""

import os
from collections.abc import Callable
from pathlib import Path
from urllib.parse import quote

from pvbench.history.analysis import Analysis, analyse
from pvbench.history.store import History


def gather(where: str, tell: Callable[[int, int], None] | None = None) -> tuple[Analysis, tuple[str, ...]]:
    """Return the analysis of the history at a folder or an address, and its files' problems. Raises StoreError.

    `tell` is told how many files of how many are read.
    """
    history = History.open(where, tell)
    shown = analyse(history.nights(), history.series(), history.alarms(), history.annotations())
    return shown, history.problems()


def reports_below(site: Path, folder: Path | None) -> dict[str, str]:
    """Return the addresses of the runs' reports, as the site's first page links to them, by run.

    They lie in a folder, each as RUN.html; without one, in reports/ of the site.
    """
    where = site / "reports" if folder is None else folder
    way = "reports" if folder is None else os.path.relpath(folder, site)
    there = sorted(where.glob("*.html")) if where.is_dir() else ()
    return {path.stem: quote(f"{way}/{path.name}", errors="surrogateescape") for path in there}
