"""From a trace and the counters around it to what one I/O costs. Pure."""

from pvbench.hypervisor import Recording
from pvbench.model import Mechanism, Trial
from pvbench.xen.trace import Trace

COMMAND_PORT = 0x1F7
"""The IDE channel's command register: a write there begins one transfer (ATA/ATAPI-6, 7.4)."""


def mechanism(recording: Recording, trace: Trace, device: str, untraced: float | None) -> Mechanism | None:
    """Return what the domain did for its I/O; None where the trace holds nothing of it.

    `untraced` is the rate of I/Os a second in the timed pass. The I/Os of the trace are counted in the trace itself
    where they leave a mark there (IDE commands); else it is the host's rate over the window times the seconds traced.
    """
    found = trace.domains.get(recording.domid)
    if found is None or not found.exits or recording.window_s <= 0:
        return None
    rate = recording.ios / recording.window_s
    seconds = trace.cycles / (recording.mhz * 1e6) if recording.mhz else recording.window_s
    if not seconds > 0:
        return None
    commands = sum(writes for port, _, writes in found.ports if port == COMMAND_PORT) if device == "ide" else 0
    return Mechanism(
        traced_s=seconds,
        ios=float(commands) or rate * seconds,
        counts=found.counts,
        away=tuple((each.reason, each.away / (recording.mhz * 1e6)) for each in found.cycles_by_exit)
        if recording.mhz
        else (),
        lost=trace.lost + trace.truncated,
        slowdown=untraced / rate if untraced and rate else None,
        recorded_bytes=len(recording.data),
    )


def rate_of(trial: Trial) -> float | None:
    """Return the I/Os (packets) a second of a timed pass, None where the host could not count them.

    They are counted as those of the trace are, by the host: what the tool counts as one, a device may do in parts. The
    device is busy while the tool warms up and measures; a tool's own start, long under emulation, is no part of that.
    """
    params = dict(trial.spec.cell.workload.params)
    busy_s = float(params.get("runtime", 0)) + float(params.get("warmup", 0))
    return trial.bill.ios / busy_s if trial.bill and trial.bill.ios and busy_s > 0 else None
