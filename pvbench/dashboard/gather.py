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
    try:
        names = sorted(path.name for path in where.iterdir() if path.suffix == REPORT)
    except (OSError, ValueError):  # most sites have none
        return {}
    return {name.removesuffix(REPORT): quote(f"{way}/{name}", errors="surrogateescape") for name in names}
