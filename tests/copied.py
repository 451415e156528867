"""A copy of the package with something more in it, and what programs say that run over it."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]
BESIDE = ("examples", "guestside", "hostside", "tests")
"""What a checkout has beside the package, and the package uses."""


def copy_into(folder: Path) -> Path:
    """Copy the package into a folder, with the rest of a checkout beside it, and return the copy."""
    for name in BESIDE:
        (folder / name).symlink_to(ROOT / name)
    return shutil.copytree(ROOT / "pvbench", folder / "pvbench", ignore=shutil.ignore_patterns("__pycache__"))


def add_row(table: Path, row: str) -> None:
    """Add a row at the end of the _ROWS of a file."""
    before, end, after = table.read_text().rpartition("\n)\n\n")
    assert "\n_ROWS = (\n" in before
    table.write_text(before + row.rstrip() + end + after)


def add_tool(package: Path, file: Path) -> None:
    """Add a file to the workloads, and its row."""
    name = file.stem
    shutil.copy(file, package / "workloads")
    table = package / "workloads/__init__.py"
    text = table.read_text()
    for known, with_it in (
        ("import fio, iperf3, netperf\n", f"import fio, iperf3, netperf, {name}\n"),
        ('        "netperf": netperf.TOOL,\n', f'        "netperf": netperf.TOOL,\n        "{name}": {name}.TOOL,\n'),
    ):
        assert text.count(known) == 1
        text = text.replace(known, with_it)
    table.write_text(text)


def ran(folder: Path, *argv: str, stdin: str = "") -> subprocess.CompletedProcess[str]:
    """Run the Python of this test on the pvbench in a folder."""
    return subprocess.run(
        [sys.executable, *argv],
        input=stdin,
        capture_output=True,
        text=True,
        check=False,
        cwd=folder,
        env=os.environ | {"PYTHONPATH": str(folder), "NO_COLOR": "1"},
    )


def said_with(row: str, table: str, folder: Path, program: str, *argv: str) -> str:
    """Return what a Python program prints over a copy whose `table` (a file) has a row more at the end of _ROWS."""
    add_row(copy_into(folder) / table, row)
    done = ran(folder, "-c", program, *argv)
    assert done.returncode == 0, done.stderr
    return done.stdout
