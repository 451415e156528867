"""Rules of the house that no linter knows."""

import ast
import itertools
import re
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest
from packaging.version import Version

from pvbench import __version__
from pvbench.exit_codes import ExitCode
from pvbench.metrics import METRICS
from pvbench.model import FlagKind, Phase

ROOT = Path(__file__).parents[2]
HOSTSIDE = sorted(path for path in (ROOT / "hostside").glob("pvb[-_]*") if path.is_file() and path.suffix != ".json")
SIBLINGS = {path.stem for path in HOSTSIDE if path.suffix == ".py"}
PYTHON = [path for path in HOSTSIDE if path.read_text().startswith("#!/usr/bin/env python3")]
SHELL = [
    *(path for path in HOSTSIDE if path not in PYTHON),
    ROOT / "guestside/init",
    ROOT / "guestside/pvb-in",
    ROOT / "guestside/pvb-run",
    ROOT / "guestside/mkbuildtree",
    *sorted((ROOT / "pvbench").glob("*/recipe/*.sh")),
]
SOURCES = [*sorted((ROOT / "pvbench").rglob("*.py")), *HOSTSIDE, *SHELL]
STANDARD = {
    "base64",
    "contextlib",
    "ctypes",
    "fcntl",
    "fnmatch",
    "glob",
    "hashlib",
    "ipaddress",
    "itertools",
    "json",
    "mmap",
    "os",
    "re",
    "select",
    "shlex",
    "shutil",
    "signal",
    "socket",
    "stat",
    "struct",
    "subprocess",
    "sys",
    "threading",
    "time",
}
BINDINGS = {"xen"}  # of the host's own Xen


def test_nothing_switches_a_check_off_or_builds_a_shell_string() -> None:
    forbidden = r"AutoAddPolicy|WarningPolicy|shell=True|os\.system|StrictHostKeyChecking|verify=False|verify[ _]off"

    assert sources_with(forbidden) == {}


@pytest.mark.parametrize("path", PYTHON, ids=lambda path: path.name)
def test_programs_of_the_host_need_only_an_old_python(path: Path) -> None:
    tree = ast.parse(path.read_text(), feature_version=(3, 6))

    assert set(imported(tree)) <= STANDARD | SIBLINGS | BINDINGS


def test_programs_of_the_host_use_nothing_that_came_after_python_3_6() -> None:
    vermin = Path(sys.executable).with_name("vermin")
    argv = [vermin, "--target=3.6-", "--violations", "--no-tips", "--no-parse-comments", *PYTHON]
    done = subprocess.run(argv, capture_output=True, text=True, check=False)

    assert "Minimum required versions" in done.stdout, done.stderr
    assert re.findall(r"^  .*", done.stdout, re.MULTILINE) == [], done.stdout
    assert done.returncode == 0, done.stdout


def imported(tree: ast.Module) -> Iterator[str]:
    """Yield the packages that a module imports, wherever in it."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name.split(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield str(node.module).split(".")[0]


def test_what_the_package_imports_is_what_it_declares() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    modules = {name for path in (ROOT / "pvbench").rglob("*.py") for name in imported(ast.parse(path.read_text()))}
    makers = packages_distributions()

    needed = {distribution(makers[name][0]) for name in modules - sys.stdlib_module_names - {"pvbench"}}
    assert needed == {distribution(requirement) for requirement in project["dependencies"]}


def test_whatever_travels_with_the_wheel_is_there_and_found_where_it_lies() -> None:
    wheel = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["hatch"]["build"]["targets"]["wheel"]

    included = wheel["force-include"]
    assert [path for path in included if not (ROOT / path).exists()] == []
    assert {f"pvbench/_shipped/{path}" for path in included} == set(included.values())


def test_every_requirement_has_a_version_that_the_tests_were_run_with() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    pinned = {distribution(line) for line in (ROOT / "constraints.txt").read_text().splitlines() if "==" in line}

    required = {*project["dependencies"], *project["optional-dependencies"]["dev"]}
    assert {distribution(requirement) for requirement in required} - pinned == set()


def distribution(requirement: str) -> str:
    """Return the name in a requirement as package indexes compare it."""
    name = re.match(r"[A-Za-z0-9._-]+", requirement)
    assert name is not None
    return re.sub(r"[-_.]+", "-", name[0]).lower()


@pytest.mark.parametrize(
    "path",
    [*HOSTSIDE, *(ROOT / "guestside" / name for name in ("init", "pvb-run", "mkbuildtree"))],
    ids=lambda path: path.name,
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


def test_no_mirror_is_named() -> None:
    assert sources_with(r"(?:debian|ubuntu)\.(?:org|com|net)") == {}


def sources_with(pattern: str) -> dict[str, list[str]]:
    """Return what of a source fits a pattern, by its path."""
    fitting = {str(path.relative_to(ROOT)): re.findall(pattern, path.read_text()) for path in SOURCES}
    return {path: texts for path, texts in fitting.items() if texts}


def test_every_metric_reads_well() -> None:
    for metric in METRICS.values():
        assert metric.text(1234.5)


def test_every_kind_of_flag_is_documented_in_its_own_words() -> None:
    documented = (ROOT / "results/README.md").read_text()

    for kind in FlagKind:
        assert f"| {kind} | {kind.meaning} | {kind.remedy} |" in documented


def test_every_exit_code_is_documented_in_its_own_words() -> None:
    documented = (ROOT / "README.md").read_text()

    for code in ExitCode:
        assert f"| {code} | {code.meaning} |" in documented


def test_every_phase_is_documented() -> None:
    (row,) = [
        line for line in (ROOT / "results/README.md").read_text().splitlines() if line.startswith("| `seconds` |")
    ]

    assert [phase for phase in Phase if f"`{phase}` (" not in row] == []


def test_every_fault_names_tests_that_there_are() -> None:
    text = (ROOT / "docs/faults.md").read_text()
    rows = [line for line in text.splitlines() if line.startswith("| ") and not line.startswith("| fault")]

    named = [re.findall(r"\[([^\]]+)\]\(\.\./(tests/[^)]+)\)", row) for row in rows]
    assert all(named)
    missing = [
        (words, path)
        for words, path in itertools.chain(*named)
        if f"def test_{re.sub('[^a-z0-9]', '_', words)}(" not in (ROOT / path).read_text()
    ]
    assert missing == []


def test_every_test_of_the_long_suite_is_in_the_table_of_faults() -> None:
    tests = re.findall(r"^def test_(\w+)", (ROOT / "tests/lab/test_soak.py").read_text(), re.MULTILINE)
    table = (ROOT / "docs/faults.md").read_text()

    assert [name for name in tests if f"[{name.replace('_', ' ')}](../tests/lab/test_soak.py)" not in table] == []


def test_the_changelog_has_a_place_for_what_is_new() -> None:
    assert "## Unreleased" in (ROOT / "CHANGELOG.md").read_text()


def test_no_schema_is_said_to_be_of_a_version_to_come() -> None:
    history = (ROOT / "results/README.md").read_text().partition("## History of the schema")[2]

    since = re.findall(r"^\| \d+ \| (\d+\.\d+\.\d+)", history, re.MULTILINE)
    assert since
    assert max(map(Version, since)) <= Version(__version__)
