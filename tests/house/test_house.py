"""Rules of the house that no linter knows."""

import ast
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from pvbench.domain import MODULES
from pvbench.drivers import DRIVERS
from pvbench.metrics import METRICS
from pvbench.reports import format as formats
from pvbench.workloads import WORKLOADS

ROOT = Path(__file__).parents[2]
HOSTSIDE = sorted(path for path in (ROOT / "hostside").glob("pvb[-_]*") if path.is_file() and path.suffix != ".json")
SIBLINGS = {path.stem for path in HOSTSIDE if path.suffix == ".py"}
PYTHON = [path for path in HOSTSIDE if path.read_text().startswith("#!/usr/bin/env python3")]
SHELL = [
    *(path for path in HOSTSIDE if path not in PYTHON),
    ROOT / "guestside/init", ROOT / "guestside/pvb-run", *sorted((ROOT / "pvbench/lab/recipe").glob("*.sh")),
]  # fmt: skip
SOURCES = [*sorted((ROOT / "pvbench").rglob("*.py")), *HOSTSIDE, *SHELL]
STANDARD = {
    "ctypes", "fcntl", "glob", "json", "os", "re", "shutil", "signal", "socket", "struct", "subprocess", "sys",
    "threading", "time",
}  # fmt: skip
BINDINGS = {"xen"}  # of the host's own Xen


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: str(path.relative_to(ROOT)))
def test_nothing_switches_a_check_off_or_builds_a_shell_string(path: Path) -> None:
    forbidden = r"AutoAddPolicy|WarningPolicy|shell=True|os\.system|StrictHostKeyChecking|verify=False|verify[ _]off"

    assert re.findall(forbidden, path.read_text()) == []


@pytest.mark.parametrize("path", PYTHON, ids=lambda path: path.name)
def test_programs_of_the_host_need_only_an_old_python(path: Path) -> None:
    tree = ast.parse(path.read_text(), feature_version=(3, 9))

    imported = {
        name.split(".")[0]
        for node in ast.walk(tree)
        if isinstance(node, ast.Import | ast.ImportFrom)
        for name in ([alias.name for alias in node.names] if isinstance(node, ast.Import) else [str(node.module)])
    }
    assert imported <= STANDARD | SIBLINGS | BINDINGS


@pytest.mark.parametrize(
    "path", [*HOSTSIDE, ROOT / "guestside/init", ROOT / "guestside/pvb-run"], ids=lambda path: path.name
)
def test_what_runs_elsewhere_says_what_it_changes_and_how_that_is_undone(path: Path) -> None:
    head = path.read_text()[:1600]

    assert [word for word in ("CHANGES", "REQUIREMENTS", "OVERHEAD", "UNDONE") if word not in head] == []
    assert path.stat().st_mode & 0o111


@pytest.mark.parametrize("path", SHELL, ids=lambda path: path.name)
def test_shell_scripts_pass_shellcheck(path: Path) -> None:
    assert shutil.which("shellcheck"), "apt-get install shellcheck"

    done = subprocess.run(["shellcheck", str(path)], capture_output=True, text=True, check=False)
    assert done.stdout == ""


def test_every_metric_reads_well() -> None:
    for metric in METRICS.values():
        assert formats.value(metric, 1234.5)


def test_every_workload_has_goldens() -> None:
    assert set(WORKLOADS) == {path.name for path in (ROOT / "tests/golden/workloads").iterdir() if path.is_dir()}


def test_every_driver_has_modules_that_the_guest_carries() -> None:
    recipe = (ROOT / "pvbench/lab/recipe/guest.sh").read_text()

    assert set(MODULES) == set(DRIVERS)
    assert [module for modules in MODULES.values() for module in modules if f"/{module}" not in recipe] == []


def test_the_changelog_has_a_place_for_what_is_new() -> None:
    assert "## Unreleased" in (ROOT / "CHANGELOG.md").read_text()


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: str(path.relative_to(ROOT)))
def test_no_module_is_too_long_to_read(path: Path) -> None:
    assert len(path.read_text().splitlines()) <= 400
