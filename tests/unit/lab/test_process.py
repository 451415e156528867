"""Processes are found again by pid and start time, and ended only then."""

import os
import sys
from pathlib import Path

import pytest

from pvbench.errors import LabError
from pvbench.lab.process import Daemon, run, spawn

SLEEP = [sys.executable, "-c", "import time; time.sleep(60)"]


def test_a_daemon_is_found_again_and_ended(tmp_path: Path) -> None:
    daemon = spawn(SLEEP, log=tmp_path / "log", environment={})

    again = Daemon(daemon.pid, daemon.started)
    assert again.alive
    assert (again.memory_bytes or 0) > 0
    again.end()
    assert not again.alive
    assert again.memory_bytes is None


def test_a_daemon_holds_nothing_that_its_starter_had_open(tmp_path: Path) -> None:
    with (tmp_path / "lock").open("w") as lock:
        os.set_inheritable(lock.fileno(), True)  # as a shell's `exec 9>lock; flock 9` leaves it
        daemon = spawn(SLEEP, log=tmp_path / "log", environment={})

        held = [str(handle.readlink()) for handle in Path(f"/proc/{daemon.pid}/fd").iterdir()]
        daemon.end()

    assert str(tmp_path / "log") in held
    assert str(tmp_path / "lock") not in held


def test_a_recycled_pid_is_never_ended(tmp_path: Path) -> None:
    daemon = spawn(SLEEP, log=tmp_path / "log", environment={})

    Daemon(daemon.pid, daemon.started - 1).end()

    assert daemon.alive
    daemon.end()


def test_a_failing_program_says_its_last_words(tmp_path: Path) -> None:
    with pytest.raises(LabError, match=r"exit code 3: .*the reason"):
        run(["sh", "-c", "echo the reason; exit 3"], log=tmp_path / "log", timeout_s=10)


def test_a_missing_program_is_named(tmp_path: Path) -> None:
    with pytest.raises(LabError, match="no-such-program is not installed"):
        run(["no-such-program"], log=tmp_path / "log", timeout_s=10)


def test_a_program_that_does_not_end_is_given_up(tmp_path: Path) -> None:
    with pytest.raises(LabError, match="did not end within"):
        run(["sleep", "5"], log=tmp_path / "log", timeout_s=0.2)


def test_a_program_finds_what_an_ordinary_user_has_no_path_to(tmp_path: Path) -> None:
    run(["sh", "-c", "echo $PATH"], log=tmp_path / "log", timeout_s=10)

    assert "/usr/sbin" in (tmp_path / "log").read_text().split()[-1].split(":")
