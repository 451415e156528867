"""How far long work has come, as it is told where nobody looks."""

import io
import sys

import pytest

from pvbench.terminal import transfers
from pvbench.terminal.voice import Voice
from pvbench.testing import FakeClock

GIB = 1 << 30


def told(capsys: pytest.CaptureFixture[str], clock: FakeClock, seconds: int, verbosity: int = 0) -> list[str]:
    """Return the lines about a GiB that takes so many seconds."""
    with transfers.watch(Voice(clock, {}, verbosity))("xen1: sending image") as update:
        for second in range(1, seconds + 1):
            clock.sleep(1)
            update(GIB * second // seconds, GIB)
    return capsys.readouterr().err.splitlines()


def test_what_is_quick_is_not_told(capsys: pytest.CaptureFixture[str]) -> None:
    assert told(capsys, FakeClock(), 2) == []


def test_what_lasts_says_how_much_is_done_how_fast_and_what_is_left(capsys: pytest.CaptureFixture[str]) -> None:
    first, *_, last = told(capsys, FakeClock(), 100)

    assert first.endswith("xen1: sending image: 1 % of 1 GiB, 10.7 MB/s, about 1 min 38 s left")
    assert last.endswith("xen1: sending image: done, 1 GiB in 1 min 40 s")


def test_an_hour_is_not_an_hour_of_lines(capsys: pytest.CaptureFixture[str]) -> None:
    assert 10 < len(told(capsys, FakeClock(), 3600)) < 40
    assert told(capsys, FakeClock(), 3600, verbosity=-1) == []


def test_nothing_done_and_nothing_to_do_have_words() -> None:
    assert transfers.so_far(0, GIB, 3.0) == "0 % of 1 GiB"
    assert transfers.so_far(0, 0, 3.0) == "100 % of 0 B"


def test_where_somebody_looks_a_bar_is_drawn(monkeypatch: pytest.MonkeyPatch) -> None:
    from pvbench.terminal.streams import Cleaned

    class Terminal(io.StringIO):
        encoding = "utf-8"

        def isatty(self) -> bool:
            return True

    screen, clock = Terminal(), FakeClock()
    monkeypatch.setattr(sys, "stderr", Cleaned(screen, "standard error", vital=False))
    monkeypatch.setenv("TERM", "xterm")
    with transfers.watch(Voice(clock, {"TERM": "xterm"}))("xen1: sending image") as update:
        clock.sleep(4)
        update(GIB // 2, GIB)
    assert "50 % of 1 GiB" in screen.getvalue()
    assert "about 4 s left" in screen.getvalue()
