"""Asking the programs of a deployment: their refusals, and what is no answer."""

import pytest

from pvbench.errors import StackError
from pvbench.stack.programs import Programs
from pvbench.testing.transport import FakeTransport
from pvbench.transport import Command, CommandResult


def asked(exit_code: int, stdout: str, stderr: str = "") -> Programs:
    def run(command: Command) -> CommandResult:
        return CommandResult(command.argv, exit_code, stdout.encode(), stderr.encode(), 0.1)

    return Programs(FakeTransport(run, name="srv1"), "/s/hostside/ab", "/s/")


def test_an_answer_is_what_the_program_printed() -> None:
    assert asked(0, '{"changes": []}').ask("pvb-dom0", "look") == {"changes": []}


@pytest.mark.parametrize(
    ("exit_code", "stdout", "stderr", "said", "hint"),
    [
        (1, '{"error": "dpkg is locked", "hint": "wait"}', "", "srv1: dpkg is locked", "wait"),
        (
            127,
            "",
            "env: 'python3': No such file or directory",
            "srv1: pvb-dom0 look: env: 'python3': No such file or directory",
            "apt-get install python3 on srv1",
        ),
        (1, "", "Traceback…\nKeyError: 'xl'", "srv1: pvb-dom0 look: Traceback…\nKeyError: 'xl'", None),
        (0, "[]", "", "srv1: pvb-dom0 look: exit code 0", None),
        (1, "{}", "", "srv1: pvb-dom0", None),
    ],
)
def test_what_is_no_answer_is_an_error_with_what_to_do(
    exit_code: int, stdout: str, stderr: str, said: str, hint: str | None
) -> None:
    with pytest.raises(StackError) as caught:
        asked(exit_code, stdout, stderr).ask("pvb-dom0", "look")

    assert (caught.value.message, caught.value.hint) == (said, hint)
