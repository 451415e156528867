"""A guest of somebody's own is measured once it has come to rest."""

import os
import subprocess
from pathlib import Path

import pytest

from pvbench.guest import rest
from pvbench.testing import FakeTransport
from pvbench.transport import Command, CommandResult


def told(printed: str, code: int = 0) -> str | None:
    def answer(command: Command) -> CommandResult:
        return CommandResult(command.argv, code, printed.encode(), b"", 4.0)

    return rest.busy(FakeTransport(answer), 30)


def test_two_calm_looks_in_a_row_are_rest() -> None:
    assert told("97\n80\n9\n10\n") is None


@pytest.mark.parametrize("printed", ["97\n80\n", "9\n64\n", "3\n"])
def test_a_guest_that_is_busy_to_the_end_is_told(printed: str) -> None:
    said = told(printed)

    assert said is not None
    assert f"{int(printed.split()[-1])}%" in said


@pytest.mark.parametrize(("printed", "code"), [("", 0), ("none\n", 0), ("3\n4\n", 1)])
def test_what_cannot_be_told_is_not_taken_for_rest(printed: str, code: int) -> None:
    assert told(printed, code) == "whether it was at rest could not be told"


def test_a_real_shell_looks_at_real_counters_and_ends_at_its_limit() -> None:
    argv = [word if word != str(rest.WINDOW_S) else "0.05" for word in rest.argv(0)]

    done = subprocess.run(argv, capture_output=True, text=True, check=True, timeout=30)

    shares = [int(share) for share in done.stdout.split()]
    assert len(shares) in (1, 2)
    assert all(0 <= share <= 100 for share in shares)


def test_udev_no_longer_reads_again_what_a_test_wrote(tmp_path: Path) -> None:
    (tmp_path / "run/udev").mkdir(parents=True)
    tool = tmp_path / "udevadm"
    tool.write_text(f'#!/bin/sh\necho "$*" >>{tmp_path}/asked\n')
    tool.chmod(0o755)
    argv = [word.replace("/run/udev", f"{tmp_path}/run/udev") for word in rest.argv(0)]
    environment = {**os.environ, "PATH": f"{tmp_path}:{os.environ['PATH']}"}

    done = subprocess.run(argv, capture_output=True, text=True, check=True, timeout=30, env=environment)

    (rule,) = (tmp_path / "run/udev/rules.d").iterdir()
    assert rule.read_text() == 'SUBSYSTEM=="block", OPTIONS+="nowatch"\n'
    assert [line.split()[0] for line in (tmp_path / "asked").read_text().splitlines()] == [
        "control",
        "trigger",
        "settle",
    ]
    assert all(share.isdigit() for share in done.stdout.split())
