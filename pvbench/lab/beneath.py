"""The machine that the lab runs on, while it runs: who else uses its processors. Linux only; proc(5), psi.rst."""

import os
from pathlib import Path

from pvbench.clock import Clock
from pvbench.disturbance import Beneath

_TICKS = os.sysconf("SC_CLK_TCK")
_USER, _NICE, _SYSTEM, _IRQ, _SOFTIRQ, _STEAL = 0, 1, 2, 5, 6, 7  # columns of /proc/stat's first line
_UTIME, _STIME = 11, 12  # fields 14 and 15 of /proc/PID/stat, counted behind the program's name


def look(pid: int, clock: Clock, proc: Path = Path("/proc")) -> Beneath:
    """Return this machine's clocks; what the process `pid` (the lab's QEMU) and we ourselves used is not others'.

    Raises OSError where /proc does not tell, ValueError where it tells something else.
    """
    times = [int(word) for word in (proc / "stat").read_text().split("\n", 1)[0].split()[1:]]
    busy = sum(times[column] for column in (_USER, _NICE, _SYSTEM, _IRQ, _SOFTIRQ))
    lab = (proc / str(pid) / "stat").read_text().rpartition(")")[2].split()
    ours = os.times()
    own_s = ours.user + ours.system + ours.children_user + ours.children_system
    others_s = (busy - int(lab[_UTIME]) - int(lab[_STIME])) / _TICKS - own_s
    return Beneath(clock.monotonic(), os.cpu_count() or 1, others_s, times[_STEAL] / _TICKS, _waiting(proc))


def _waiting(proc: Path) -> float | None:
    """Return the seconds in which something waited for a CPU since boot; None where the kernel keeps no count."""
    try:
        some = (proc / "pressure/cpu").read_text().split("\n", 1)[0]
    except OSError:
        return None
    return int(some.rpartition("total=")[2]) / 1e6
