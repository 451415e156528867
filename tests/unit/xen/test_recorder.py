"""The conversation with pvb-trace: started when it is needed, and again where it was lost."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import pytest

from pvbench.errors import BootError, CommandFailed, CommandTimeout, ParseError, TransportError, Unreachable
from pvbench.model import DeviceKind
from pvbench.transport import Conversation
from pvbench.xen.answers import parse_traps
from pvbench.xen.mechanism import recording
from pvbench.xen.recorder import Recorder

ARM = {"action": "arm"}
LOOKS = {"before": 5_000_000_000, "after": 7_000_000_000}


class Programs:
    """What was started, asked and ended; `replies` answers the question of a program, by its number from 1."""

    def __init__(self, replies: Callable[[int, str], dict[str, Any]]) -> None:
        self.replies, self.said = replies, list[str]()
        self.started = 0

    @contextmanager
    def start(self) -> Iterator[Conversation]:
        self.started += 1
        number = self.started
        self.said.append(f"start {number}")
        programs = self

        class Talk:
            def ask(self, request: Mapping[str, Any], timeout_s: float) -> dict[str, Any]:
                programs.said.append(f"{request['action']} {number}")
                return programs.replies(number, request["action"])

        try:
            yield Talk()
        finally:
            self.said.append(f"end {number}")


def test_it_is_started_at_the_first_question_and_once() -> None:
    programs = Programs(lambda _number, _action: {})
    with Recorder(programs.start, "xen1") as recorder:
        assert programs.said == []
        recorder.ask(ARM, 1)
        recorder.ask({"action": "collect"}, 1)
        recorder.forget(1)

    assert programs.said == ["start 1", "arm 1", "collect 1", "forget 1", "end 1"]


@pytest.mark.parametrize("error", [CommandFailed("it ended"), CommandTimeout("late"), Unreachable("lost")])
def test_one_that_died_is_told_once_and_started_anew(error: TransportError) -> None:
    def replies(number: int, action: str) -> dict[str, Any]:
        if (number, action) == (1, "collect"):
            raise error
        return {}

    programs = Programs(replies)
    with Recorder(programs.start, "xen1") as recorder:
        recorder.ask(ARM, 1)
        with pytest.raises(type(error)):
            recorder.ask({"action": "collect"}, 1)
        recorder.forget(1)
        recorder.ask(ARM, 1)

    assert programs.said == ["start 1", "arm 1", "collect 1", "end 1", "start 2", "arm 2", "end 2"]


def test_one_that_says_what_it_could_not_do_goes_on() -> None:
    programs = Programs(lambda _number, _action: {"error": "xentrace is not installed"})
    with Recorder(programs.start, "xen1") as recorder:
        for _ in range(2):
            with pytest.raises(BootError, match="xen1: arm: xentrace is not installed"):
                recorder.ask(ARM, 1)
        recorder.forget(1)

    assert programs.started == 1


def collected(**changes: Any) -> dict[str, Any]:
    looks = {
        name: {"at": at, "vbds": {"vbd-4-51776": {"bytes": at, "ios": at // 10**9}}, "blockstats": None}
        for name, at in LOOKS.items()
    }
    return {"path": "/s/run/trace.bin", "bytes": 5, "mhz": 2445.0, **looks, **changes}


def test_what_was_collected_is_read() -> None:
    found = recording(collected(), b"trace", 4, "vbd-4-51776", DeviceKind.BLOCK)

    assert (found.data, found.domid, found.mhz, found.ios, found.window_s) == (b"trace", 4, 2445.0, 2, 2.0)
    assert recording(collected(mhz=None), b"", 4, "vbd-4-51776", DeviceKind.BLOCK).mhz is None


@pytest.mark.parametrize(
    "changes",
    [
        {"before": None},
        {"before": {}},
        {"after": {"at": 1, "vbds": {}, "blockstats": None}},
        {"mhz": "fast"},
        {"mhz": float("nan")},
        {"mhz": -1},
        {"mhz": 0},
        {"after": collected()["before"]},
        {"before": collected()["after"] | {"at": 1}, "after": collected()["before"]},
    ],
)
def test_what_no_host_should_answer_is_a_parse_error(changes: dict[str, Any]) -> None:
    with pytest.raises(ParseError, match="pvb-trace on the host"):
        recording(collected(**changes), b"trace", 4, "vbd-4-51776", DeviceKind.BLOCK)


@pytest.mark.parametrize("line", ["x;1", "x;1:2:3", "x;a:b", "x;-5:3", "x;5:-3"])
def test_trap_costs_that_are_none_are_a_parse_error(line: str) -> None:
    with pytest.raises(ParseError, match="pvb-traps: cannot read"):
        parse_traps(line)
