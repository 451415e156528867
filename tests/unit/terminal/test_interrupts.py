"""Ctrl-C once, twice and three times, by real signals."""

import os
import signal

import pytest

from pvbench.clock import SystemClock
from pvbench.terminal.interrupts import orderly
from pvbench.terminal.voice import Voice


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_the_first_signal_tears_down_the_second_is_told_to_wait_and_the_third_gives_up(
    number: signal.Signals, capsys: pytest.CaptureFixture[str]
) -> None:
    before = signal.getsignal(number)
    torn_down: list[str] = []

    def work() -> None:
        try:
            os.kill(os.getpid(), number)
        finally:
            os.kill(os.getpid(), number)
            torn_down.append("the guest")
            os.kill(os.getpid(), number)
            torn_down.append("everything")

    with pytest.raises(KeyboardInterrupt), orderly(Voice(SystemClock(), {})):
        work()

    assert torn_down == ["the guest"]
    assert "torn down" in (said := capsys.readouterr().err)
    assert "once more gives that up, and `pvbench clean HOST` removes what is left" in said
    assert signal.getsignal(number) is before


def test_a_call_that_nobody_interrupts_says_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    with orderly(Voice(SystemClock(), {})):
        pass

    assert capsys.readouterr().err == ""
