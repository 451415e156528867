"""An orderly end: the first signal tears down, the next are told to wait, so that no guest is left on a host."""

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

from pvbench.cli.app import App

PATIENCE = 3  # signals until teardown itself is given up
_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


@contextmanager
def orderly(app: App) -> Iterator[None]:
    """Turn the signals that end a program into KeyboardInterrupt, once."""
    times = 0

    def end(_number: int, _frame: FrameType | None) -> None:
        nonlocal times
        times += 1
        if times == 1:
            app.note("")  # the terminal shows ^C
            app.note("ending: what was begun on the host is torn down")
            raise KeyboardInterrupt
        if times >= PATIENCE:
            raise KeyboardInterrupt
        app.note("tearing down; once more gives that up, and `pvbench clean HOST` removes what is left")

    before = {number: signal.signal(number, end) for number in _SIGNALS}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
