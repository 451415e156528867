"""A guest of somebody's own is measured once it has come to rest."""

import subprocess

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
