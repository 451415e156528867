"""A copy of the package with one row more in a table, and what a program says that runs over it."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

PACKAGE = Path(__file__).parents[1] / "pvbench"


def said_with(row: str, table: str, folder: Path, program: str, *argv: str) -> str:
    """Return what a Python program prints over a copy whose `table` (a file) has a row more at the end of _ROWS."""
    shutil.copytree(PACKAGE, folder / "pvbench", ignore=shutil.ignore_patterns("__pycache__"))
    file = folder / "pvbench" / table
    before, end, after = file.read_text().rpartition("\n)\n\n")
    assert "\n_ROWS = (\n" in before
    file.write_text(before + row.rstrip() + end + after)
    done = subprocess.run(
        [sys.executable, "-c", program, *argv],
        cwd=folder,
        env=os.environ | {"PYTHONPATH": str(folder)},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout
