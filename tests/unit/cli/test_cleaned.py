"""Whatever comes from outside, by any verb: nothing in it moves the cursor, rings, hides or reorders."""

import ast
import io
import json
import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from pvbench.cli.main import main
from pvbench.errors import BootError
from pvbench.guest import Programs
from pvbench.terminal.streams import printable

ROOT = Path(__file__).parents[3]
EXAMPLE = ROOT / "results/example/quickstart"
EVIL = "a\x1b[2J\x1b]0;t\x07\x9b31m\rb\x85\x7f\u202ec\u2028\u200b\u2066\U000e0041\ud800\nd"
Call = Callable[..., Any]


def unsafe(text: str) -> str:
    """Return what of a text a terminal would obey or hide."""
    return "".join(char for char in text if not char.isprintable() and char not in "\n\t")


@pytest.fixture
def evil(world: Any, matrix: Path) -> Any:
    """A world in which everything that may be named is hostile."""
    world.hypervisor.now = replace(
        world.hypervisor.now, machine=EVIL, hypervisor=EVIL, kernel=EVIL, cpu=EVIL, details=((EVIL, EVIL),)
    )
    world.image = replace(world.image, name=EVIL, programs=Programs(((EVIL, EVIL),)))
    world.left_behind = [{"kind": "domain", "name": EVIL}]
    world.hypervisor.missing = ((EVIL, EVIL),)
    world.hypervisor.carrier = {"netfront": EVIL}
    return world


EVIL_FILE = "\x1b[1mno\x9b\u202e.yaml"
READING = """\
ls
show last
show -v last
report last -o -
compare last ide blkfront
run --resume last
pilot --of last
history add last
history list
history series
history series --csv
history series --json
history list --json
ls --json
show last --json
compare last ide blkfront --json
"""
OTHERS = """\
doctor xen1
doctor xen1 --json
clean xen1
clean xen1 --dry-run
lab status
lab status --json
lab up
lab down
lab rm
shell xen1 EVIL
pilot quick.yaml --boots 2
plan quick.yaml
run quick.yaml --dry-run
init EVIL
check EVIL
plan EVIL
run EVIL
run --resume EVIL
pilot EVIL
pilot --of EVIL
show EVIL
report EVIL
report EXAMPLE -o EVIL
compare EVIL EVIL EVIL
trace EVIL
doctor EVIL
clean EVIL
history add EVIL
history add EXAMPLE --again EVIL
history list --history EVIL
history series EVIL
history series --device EVIL
shell EVIL true
ls EVIL
ls --results EVIL
lab EVIL
lab up --disk EVIL
lab build --disk EVIL
lab ssh EVIL
EVIL
"""


def words(line: str) -> tuple[str, ...]:
    meant = {"EVIL": EVIL_FILE, "EXAMPLE": str(EXAMPLE)}
    return tuple(meant.get(word, word) for word in line.split())


def judged(said: Any, argv: tuple[str, ...]) -> None:
    assert "" == unsafe(said.out + said.err)
    assert "error in pvbench itself" not in said.err
    if "--json" in argv and said.out:
        assert said.out.isascii()
        json.loads(said.out)


def test_a_hostile_host_is_spelt_out_while_a_run_goes_on_and_in_all_that_is_said_of_it(call: Call, evil: Any) -> None:
    said = call("run", "quick.yaml")
    judged(said, ())
    assert r"a\x1b[2J\x1b]0;t\x07\x9b31m\x0db\x85\x7f\u202ec\u2028\u200b\u2066\U000e0041\ud800\x0ad" in said.err
    for argv in map(words, READING.splitlines()):
        judged(call(*argv), argv)


@pytest.mark.parametrize("line", OTHERS.splitlines())
def test_hostile_names_and_answers_are_spelt_out_by_every_verb(call: Call, evil: Any, line: str) -> None:
    judged(call(*words(line)), words(line))


def test_a_hostile_error_is_spelt_out_in_the_line_and_in_its_trace(call: Call, evil: Any) -> None:
    def refuse(*_: object) -> None:
        raise BootError(EVIL, hint=EVIL)

    evil.connect = refuse
    judged(call("-vv", "clean", "xen1"), ())


AT_A_TERMINAL = """
import sys
from pvbench.clock import SystemClock
from pvbench.terminal.steps import steps
from pvbench.terminal.streams import cleaned
from pvbench.terminal.voice import Voice
with cleaned():
    voice = Voice(SystemClock(), {"TERM": "xterm"})
    with steps(voice, sys.argv[1]) as tell:
        tell(sys.argv[1])
        print(sys.argv[1])
        voice.note(sys.argv[1])
"""


def test_beside_a_progress_bar_only_our_own_movements_reach_the_terminal(tmp_path: Path) -> None:
    import pty

    ours, theirs = pty.openpty()
    hostile = "x\x1b[5Ay\x1b]0;t\x07\x9bz"
    environment = {**os.environ, "TERM": "xterm", "PYTHONIOENCODING": "utf-8"}
    done = subprocess.run(
        [sys.executable, "-c", AT_A_TERMINAL, hostile], stdout=theirs, stderr=theirs, env=environment, check=False
    )
    os.close(theirs)
    seen = b""
    try:
        while data := os.read(ours, 1 << 16):
            seen += data
    except OSError:  # how a terminal says that its other end is closed
        pass
    os.close(ours)
    assert done.returncode == 0, seen
    assert rb"x\x1b[5Ay\x1b]0;t\x07\x9bz" in seen
    assert [b"" for bad in (b"\x1b[5A", b"\x1b]0;", b"\x07", "\x9b".encode()) if bad in seen] == []
    assert b"\x1b[" in seen  # the bar itself


VERBS = """\
--help
show -v EXAMPLE
compare EXAMPLE ide blkfront
report EXAMPLE -o -
ls --results RESULTS
show é–\U0001f600
trace TRACE
plan quick.yaml
doctor xen1
doctor é
lab status
"""


@pytest.mark.parametrize("encoding", ["ascii", "latin-1", "cp437"])
@pytest.mark.parametrize("line", VERBS.splitlines())
@pytest.mark.thorough
def test_an_output_that_lacks_a_character_gets_another(
    world: Any, matrix: Path, monkeypatch: pytest.MonkeyPatch, line: str, encoding: str
) -> None:
    meant = {"EXAMPLE": EXAMPLE, "RESULTS": ROOT / "results", "TRACE": ROOT / "tests/golden/trace/ide-all.bin.gz"}
    out, err = (io.TextIOWrapper(io.BytesIO(), encoding=encoding, errors="strict") for _ in range(2))
    monkeypatch.setattr(sys, "stdout", out)
    monkeypatch.setattr(sys, "stderr", err)
    world.hypervisor.now = replace(world.hypervisor.now, cpu="Ω–é")
    code = main([str(meant.get(word, word)) for word in line.split()], world.edges())
    assert code in {0, 2}
    assert b"error in pvbench itself" not in err.buffer.getvalue()  # type: ignore[attr-defined]


def test_what_stands_in_is_one_character_for_one() -> None:
    assert "10x [1.2, 3] - > cafe ?" == printable("10× [1.2, 3] – → café \U0001f600", "ascii")
    assert "10× – é".replace("–", "-") == printable("10× – é", "latin-1")


@pytest.mark.thorough
@pytest.mark.parametrize(
    ("verb", "closed"),
    [
        ("show -v", "1>&-"),
        ("show", "1>/dev/full"),
        ("show", "1>&- 2>&-"),
        ("--help", "1>&-"),
        ("--help", "1>/dev/full"),
        ("report -o -", "1>/dev/full"),
        ("report -o -", "0<&- 1>&- 2>&-"),
        ("show", "2>&-"),
        ("nothing", "2>/dev/full"),
    ],
)
def test_a_closed_or_full_output_is_a_line_at_most(verb: str, closed: str, tmp_path: Path) -> None:
    script = f'"$0" -m pvbench {verb} "$1" {closed}'
    done = subprocess.run(
        ["sh", "-c", script, sys.executable, str(EXAMPLE)], capture_output=True, text=True, cwd=tmp_path, check=False
    )
    assert len(done.stderr.splitlines()) <= 3
    assert "Traceback" not in done.stderr
    assert "Exception ignored" not in done.stderr
    if "1>" in closed and verb != "nothing":
        assert 4 == done.returncode
        assert "2>" in closed or "standard output" in done.stderr


SOURCES = sorted((ROOT / "pvbench").rglob("*.py"))


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: str(path.relative_to(ROOT)))
def test_nothing_reaches_the_terminal_but_through_the_cleaning_streams(path: Path) -> None:
    if path.name == "streams.py":
        return
    tree = ast.parse(path.read_text())
    names = {node.attr for node in ast.walk(tree) if isinstance(node, ast.Attribute)}
    imported = {
        alias.name for node in ast.walk(tree) if isinstance(node, ast.ImportFrom | ast.Import) for alias in node.names
    }
    calls = {
        node.func.attr
        for node in ast.walk(tree)
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and isinstance(node.func.value, ast.Name)
        and node.func.value.id in {"click", "json"}
        and "cli" in path.parts
    }
    assert not {"__stdout__", "__stderr__", "buffer"} & names
    assert not {"Console", "secho"} & imported
    assert not {"echo", "secho", "style", "dumps"} & calls
