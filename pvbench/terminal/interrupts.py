"""An orderly end: the first signal tears down, the next are told to wait, so that no guest is left on a host."""

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

from pvbench.terminal.voice import Voice

PATIENCE = 3  # signals until teardown itself is given up
_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


@contextmanager
def orderly(voice: Voice) -> Iterator[None]:
    """Turn the signals that end a program into KeyboardInterrupt, once."""
    times = 0

    def end(_number: int, _frame: FrameType | None) -> None:
        nonlocal times
        times += 1
        if times == 1:
            voice.note("")  # the terminal shows ^C
            voice.note("ending: what was begun on the host is torn down")
            raise KeyboardInterrupt
        if times >= PATIENCE:
            raise KeyboardInterrupt
        voice.note("tearing down; once more gives that up, and `pvbench clean HOST` removes what is left")

    before = {number: signal.signal(number, end) for number in _SIGNALS}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
