"""hostside/pvb_serve: whatever ends a program of ours, what it made is undone, whole."""

import json
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

HOSTSIDE = Path(__file__).parents[2] / "hostside"
PROGRAM = """
import sys, time
sys.path.insert(0, sys.argv[1])
import pvb_serve
def say(word):
    with open(sys.argv[2], "a") as file: file.write(word + " ")
class Refused(Exception): pass
def answer(request):
    if request.get("refuse"): raise Refused("not that")
    say("begun")
    for _ in range(request["steps"]):
        time.sleep(0.3)
        if request["heed"]: pvb_serve.heed()
    if request.get("fail"): raise RuntimeError("unforeseen")
    say("done")
    return {}
def undo():
    say("undoing")
    time.sleep(0.5)
    say("undone")
pvb_serve.serve({"work": answer}, undo, (Refused,))
"""


@pytest.fixture
def log(tmp_path: Path) -> Path:
    (tmp_path / "log").touch()
    return tmp_path / "log"


@pytest.fixture
def program(log: Path) -> Iterator["subprocess.Popen[str]"]:
    with subprocess.Popen(
        [sys.executable, "-c", PROGRAM, str(HOSTSIDE), str(log)],
        text=True,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
    ) as running:
        yield running
        running.kill()


def ask(program: "subprocess.Popen[str]", steps: int, **more: bool) -> None:
    assert program.stdin is not None
    program.stdin.write(json.dumps({"action": "work", "steps": steps, "heed": False, **more}) + "\n")
    program.stdin.flush()


def until(log: Path, word: str) -> None:
    for _ in range(500):
        if word in log.read_text().split():
            return
        time.sleep(0.01)
    raise AssertionError(f"never {word}: {log.read_text()}")


def test_an_idle_program_that_is_told_to_end_undoes(program: "subprocess.Popen[str]", log: Path) -> None:
    ask(program, 0)
    until(log, "done")
    time.sleep(0.1)
    program.terminate()

    assert program.wait(5) == 1
    assert log.read_text().split() == ["begun", "done", "undoing", "undone"]


def test_a_step_that_was_begun_is_finished_before_it_is_undone(program: "subprocess.Popen[str]", log: Path) -> None:
    ask(program, 1)
    until(log, "begun")
    program.terminate()
    program.terminate()

    assert program.wait(5) == 1
    assert log.read_text().split() == ["begun", "done", "undoing", "undone"]


def test_a_long_request_ends_where_it_may_be_left(program: "subprocess.Popen[str]", log: Path) -> None:
    ask(program, 100, heed=True)
    until(log, "begun")
    program.terminate()

    assert program.wait(5) == 1
    assert log.read_text().split() == ["begun", "undoing", "undone"]


@pytest.mark.parametrize("how", ["the end of stdin", "SIGTERM", "SIGHUP before the end of stdin"])
@pytest.mark.thorough
def test_nothing_cuts_an_undoing_short(program: "subprocess.Popen[str]", log: Path, how: str) -> None:
    ask(program, 0)
    until(log, "done")
    assert program.stdin is not None
    if how == "SIGTERM":
        program.terminate()
    else:
        program.send_signal(signal.SIGHUP if "SIGHUP" in how else 0)
        program.stdin.close()
    until(log, "undoing")
    for _ in range(3):
        program.terminate()
        program.send_signal(signal.SIGHUP)
        time.sleep(0.05)

    program.wait(5)
    assert log.read_text().split()[-2:] == ["undoing", "undone"]


def test_an_error_of_its_own_is_undone_too(program: "subprocess.Popen[str]", log: Path) -> None:
    ask(program, 0, fail=True)

    assert program.wait(5) == 1
    assert log.read_text().split() == ["begun", "undoing", "undone"]


def test_what_is_refused_is_an_answer_and_the_program_lives_on(program: "subprocess.Popen[str]", log: Path) -> None:
    assert program.stdin is not None
    assert program.stdout is not None
    for line in ('{"action": "fly"}', '{"action": "work", "refuse": true}', "{}", "[]", "no JSON"):
        program.stdin.write(line + "\n")
    program.stdin.flush()
    answers = [json.loads(program.stdout.readline()) for _ in range(5)]

    assert [answer["error"] for answer in answers[:3]] == ["unknown action 'fly'", "not that", "'action'"]
    assert all("error" in answer for answer in answers)
    ask(program, 0)
    assert json.loads(program.stdout.readline()) == {}
