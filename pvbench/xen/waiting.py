"""How long a guest that does not answer yet is waited for: until it has come as far as it ever will, or too late.

A slow guest prints, or reads the disk that it boots from; one that does neither for a while, at a prompt, waits for
somebody, and one that stopped for good says so.
"""

from collections.abc import Callable, Mapping
from typing import Any

from pvbench.xen import consoles
from pvbench.xen.silence import BARRED, LEAST_OF_A_KERNEL, UNKNOWN

_AT_REST_S, _STARTS_S, _IN_LOADER_S = 30.0, 50.0, 60.0
"""Between two signs of life, at most, on any host: at a prompt; with a network, until the SSH server is there; of BIOS
and boot loader, whose menu may wait."""
_USUAL_S = 20.0
"""The same of a kernel that starts, on an ordinary host."""


class Waiting:
    """A wait for one guest; `patience` scales a usual time by the host's speed."""

    def __init__(self, now: float, usual_s: float, patience: Callable[[float], float]) -> None:
        self._deadline, self._patience = now + patience(usual_s), patience
        self._text, self._printed_at, self._read_at = "", now, now
        self._read: int | None = None

    def over(self, now: float, look: Mapping[str, Any]) -> bool:
        """Whether a guest that looks so is waited for no longer."""
        if now > self._deadline:
            return True
        if "console" not in look:  # the builtin guest's is of no file
            return False
        text, read = consoles.plain(str(look.get("console") or "")), look.get("read")
        if text != self._text:
            self._text, self._printed_at = text, now
        if read != self._read:
            self._read, self._read_at = read, now
        found = consoles.found(text)
        if found and found[0].last:
            return True
        if consoles.at_rest(text):  # what it writes to its disk from here on, it writes for ever
            return now - self._printed_at > _AT_REST_S
        pause_s = _pause_s(text, read, str(look.get("port"))) or self._patience(_USUAL_S)
        return now - max(self._printed_at, self._read_at) > pause_s


def _pause_s(text: str, read: int | None, port: str) -> float | None:
    """Return how long a guest does nothing that can be seen before it goes on, None where that is up to the host."""
    if port in (BARRED, UNKNOWN, "refused"):
        return _STARTS_S
    if consoles.STARTED.search(text):
        return None
    in_loader = (read is not None and read < LEAST_OF_A_KERNEL) or consoles.found(text)
    return _IN_LOADER_S if in_loader else None
