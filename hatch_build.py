"""What a wheel carries of the npm registry: uPlot, fetched as package-lock.json pins it, where npm is installed."""

import shutil
import subprocess
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

FETCH = ("npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--silent", "--fetch-retries=1")
CARRIED = ("dist/uPlot.iife.min.js", "dist/uPlot.min.css", "LICENSE")


class Bundle(BuildHookInterface):
    """Puts uPlot beside the other files that travel with a wheel; a wheel without it draws charts that stand still."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Fetch what is not there yet, and name what is; from a checkout it is read in its place."""
        if version == "editable":
            return
        folder = Path(self.root, "node_modules", "uplot")
        if not folder.is_dir() and shutil.which("npm"):
            subprocess.run(FETCH, cwd=self.root, check=False)
        for name in CARRIED:
            if (folder / name).is_file():
                build_data["force_include"][str(folder / name)] = f"pvbench/_shipped/node_modules/uplot/{name}"
            else:
                self.app.display_warning(f"uPlot's {name} is not here: charts of dashboards will stand still")
