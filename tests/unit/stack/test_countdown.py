"""The time that a deployment takes yet."""

from pvbench.stack.countdown import Countdown
from pvbench.testing.clock import FakeClock

STEPS = (("note", 2.0), ("packages", 30.0), ("reboot", 60.0), ("bridge", 4.0))


def test_what_is_left_is_stretched_by_how_slow_the_host_was_but_for_a_boot() -> None:
    clock, told = FakeClock(), []
    countdown = Countdown(clock, told.append, STEPS, frozenset({"reboot"}))

    countdown.begin("note")
    clock.sleep(4)
    countdown.begin("packages", "62")
    clock.sleep(92)
    countdown.begin("reboot")
    clock.sleep(600)
    countdown.begin("bridge")
    countdown.begin("something else")

    assert told == [
        "note: about 1 min 36 s left",
        "packages: 62, about 2 min 08 s left",
        "reboot: about 1 min 12 s left",
        "bridge: about 12 s left",
        "something else",
    ]
