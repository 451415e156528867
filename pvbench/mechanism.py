"""From a trace and the counters around it to what one I/O costs. Pure."""

from collections.abc import Mapping

from pvbench.hypervisor import Recording
from pvbench.model import DeviceKind, Mechanism, Trial
from pvbench.trace import Trace

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
    """Return the I/Os (packets) a second of a timed pass: what the tool tells, else what the host counted meanwhile.

    A host counts between its looks, and a network test sends while it warms up and runs; None where nothing is known.
    """
    told: Mapping[str, float] = {reading.metric: reading.value for reading in trial.readings}
    params = dict(trial.spec.cell.workload.params)
    sent_s = float(params.get("runtime", 0)) + float(params.get("warmup", 0))
    if "iops" in told or trial.spec.cell.kind is not DeviceKind.NET:
        return told.get("iops")
    return trial.bill.ios / sent_s if trial.bill and trial.bill.ios and sent_s > 0 else None
