"""A program that is left running, and found again later."""

import os
import signal
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Daemon:
    """A process that outlives us. Pid and start time together are its identity: a pid alone may be used again."""

    pid: int
    started: int

    @property
    def alive(self) -> bool:
        """Whether that very process still runs."""
        return _start_time(self.pid) == self.started

    @property
    def memory_bytes(self) -> int | None:
        """The resident memory it holds, None if it is gone."""
        try:
            pages = int(Path(f"/proc/{self.pid}/statm").read_text().split()[1])
        except (OSError, ValueError):
            return None
        return pages * os.sysconf("SC_PAGESIZE") if self.alive else None

    def wait(self, timeout_s: float) -> bool:
        """Wait for its end; return whether it came."""
        deadline = time.monotonic() + timeout_s
        while self.alive and time.monotonic() < deadline:
            time.sleep(0.05)
        return not self.alive

    def end(self, timeout_s: float = 10) -> None:
        """Ask it to end, then insist."""
        for number in (signal.SIGTERM, signal.SIGKILL):
            if not self.alive:
                return
            os.kill(self.pid, number)
            self.wait(timeout_s)


def spawn(argv: Sequence[str], *, log: Path, environment: Mapping[str, str]) -> Daemon:
    """Start a program in a session of its own, its output in `log`. It outlives us, so nobody waits for it."""
    flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC
    pid = os.posix_spawnp(
        argv[0],
        list(argv),
        {**os.environ, **environment},
        setsid=True,
        file_actions=[
            (os.POSIX_SPAWN_OPEN, 0, "/dev/null", os.O_RDONLY, 0),
            (os.POSIX_SPAWN_OPEN, 1, str(log), flags, 0o600),
            (os.POSIX_SPAWN_DUP2, 1, 2),
            *((os.POSIX_SPAWN_CLOSE, handle) for handle in _inherited()),
        ],
    )
    return Daemon(pid, _start_time(pid) or 0)


def _inherited() -> list[int]:
    """Return the open files that a program started here would hold open, as a lock that whoever called us holds."""
    found = []
    for handle in (int(link.name) for link in Path("/proc/self/fd").iterdir()):
        with suppress(OSError):  # the listing's own is gone by now
            if handle > 2 and os.get_inheritable(handle):
                found.append(handle)
    return found


def _start_time(pid: int) -> int | None:
    """Return when a process started, in clock ticks since boot (proc(5), field 22); None for one gone or a zombie."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return None
    return None if fields[0] == "Z" else int(fields[19])
