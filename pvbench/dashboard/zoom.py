"""uPlot, the library that lets charts be zoomed: files of its package from the registry, where it was fetched.

`package-lock.json` pins it, `make setup` fetches it where npm is, a wheel carries it. Without it charts stand still.
"""

from pathlib import Path

from pvbench import shipped

NAMES = ("dist/uPlot.iife.min.js", "dist/uPlot.min.css", "LICENSE")
ABSENT = "charts stand still, for uPlot is not here: `make setup` fetches it where npm is installed"


def files(folder: Path | None = None) -> dict[str, bytes]:
    """Return the library's files as a site names them; none where it was not fetched."""
    package = (shipped.folder("node_modules") if folder is None else folder) / "uplot"
    paths = [package / name for name in NAMES]
    if not all(path.is_file() for path in paths):
        return {}
    return {path.name if path.suffix else f"uPlot.{path.name}.txt": path.read_bytes() for path in paths}
