"""Processes are found again by pid and start time, and ended only then."""

import contextlib
import os
import sys
from pathlib import Path

from pvbench.lab.process import Daemon, spawn

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

        held = []
        for handle in Path(f"/proc/{daemon.pid}/fd").iterdir():
            with contextlib.suppress(FileNotFoundError):  # what a program opens while it starts
                held.append(str(handle.readlink()))
        daemon.end()

    assert str(tmp_path / "log") in held
    assert str(tmp_path / "lock") not in held


def test_a_recycled_pid_is_never_ended(tmp_path: Path) -> None:
    daemon = spawn(SLEEP, log=tmp_path / "log", environment={})

    Daemon(daemon.pid, daemon.started - 1).end()

    assert daemon.alive
    daemon.end()
