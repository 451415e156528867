"""The command line itself: how fast it starts, what it says of a slip of the finger, what no user ever sees."""

import os
import re
import resource
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from pvbench import __version__

ROOT = Path(__file__).parents[3]
BROKEN = ROOT / "tests/golden/broken"
EXPECT = re.compile(rb"# expect (\d+:\d+) \w+: (.*)\n")
HEAVY = {"pyarrow", "scipy", "jinja2", "paramiko", "numpy", "yaml", "rich"}
Call = Callable[..., Any]


def pvbench(*argv: str, **settings: Any) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, "-m", "pvbench", *argv], capture_output=True, text=True, **settings)


def test_help_takes_less_than_a_quarter_of_a_second() -> None:
    took = []
    for _ in range(3):
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        assert pvbench("--help").returncode == 0
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        took.append(after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime)
    assert min(took) < 0.25, took  # of a CPU: how long one waits for that is the machine's affair


def test_help_imports_nothing_heavy() -> None:
    code = "import sys; from pvbench import cli; cli.main(['--help']); print(*sys.modules, file=sys.stderr)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert set() == HEAVY & set(done.stderr.split())


def test_every_verb_has_help(call: Call) -> None:
    verbs = (
        "init",
        "check",
        "plan",
        "run",
        "ls",
        "show",
        "report",
        "compare",
        "doctor",
        "clean",
        "shell",
        "trace",
        "lab",
    )
    for verb in verbs:
        said = call(verb, "--help")
        assert (0, "") == (said.code, said.err)
        assert said.out.startswith(f"Usage: pvbench {verb}")
    for verb in ("build", "up", "down", "status", "ssh", "rm"):
        assert call("lab", verb, "--help").code == 0


def test_it_says_its_version(call: Call) -> None:
    assert call("--version").out == f"pvbench {__version__}\n"


@pytest.mark.parametrize(
    ("argv", "expected"),
    [
        (("chek", "m.yaml"), "did you mean 'check'"),
        (("lab", "stat"), "did you mean 'status'"),
        (("run", "--resum", "x"), "--resume"),
        (("plan",), "missing argument 'MATRIX'"),
        (("run",), "run needs a MATRIX"),
        (("lab", "up", "--accelerator", "tgc"), "'auto', 'kvm', 'tcg'"),
        (("lab", "up", "--memory", "4"), "--memory:1:1: '4' has no unit; did you mean '4GiB'?"),
        (("shell", "lab", "--devices", "blkfrot"), "did you mean 'blkfront'"),
        (("shell", "lab", "--placement", "isolated"), "an isolated guest has one device"),
    ],
)
def test_a_slip_of_the_finger_gives_one_line_and_exit_code_2(call: Call, argv: tuple[str, ...], expected: str) -> None:
    said = call(*argv)
    assert (2, "") == (said.code, said.out)
    assert said.err.startswith("pvbench: ")
    assert expected in said.err.splitlines()[0]
    assert len(said.err.splitlines()) <= 2


def test_no_verb_at_all_prints_help_on_stderr(call: Call) -> None:
    said = call()
    assert (2, "") == (said.code, said.out)
    assert said.err.startswith("Usage: pvbench")


@pytest.mark.parametrize("path", sorted(BROKEN.glob("*/*.yaml")), ids=lambda path: f"{path.parent.name}-{path.stem}")
def test_a_broken_file_gives_one_located_line_and_exit_code_2(call: Call, path: Path, matrix: Path) -> None:
    expected = EXPECT.match(path.read_bytes())
    assert expected is not None
    place, words = (group.decode() for group in expected.groups())
    said = call("check", path) if path.parent.name == "matrix" else call("check", matrix, "--hosts", path)
    lines = said.err.splitlines()
    assert (2, "") == (said.code, said.out)
    assert f"pvbench: {path}:{place}: {words}" == lines[0]
    assert [] == [line for line in lines[1:] if not line.startswith("hint: ")]


def test_an_error_of_ours_is_one_line_naming_a_log(call: Call, world: Any, matrix: Path) -> None:
    world.connect = lambda *_: 1 / 0
    said = call("clean", "xen1")
    lines = said.err.splitlines()
    assert (4, 1) == (said.code, len(lines))
    assert "ZeroDivisionError" in lines[0]
    log = min((world.home / "state").iterdir())
    assert str(log) in lines[0]
    assert "Traceback" in log.read_text()
    assert "Traceback" in call("-vv", "clean", "xen1").err


def test_text_from_outside_cannot_move_the_cursor(call: Call, here: Path) -> None:
    said = call("check", "no\x1b[2J\nsuch.yaml")
    assert said.err.splitlines()[0] == "pvbench: no matrix no\\x1b[2J / such.yaml"


def test_a_reader_that_goes_away_is_no_error() -> None:
    read, write = os.pipe()
    os.close(read)
    environment = {**os.environ, "PYTHONUNBUFFERED": ""}
    done = subprocess.run(
        [sys.executable, "-m", "pvbench", "check", "--schema"], stdout=write, stderr=subprocess.PIPE, env=environment
    )
    os.close(write)
    assert (141, b"") == (done.returncode, done.stderr)
