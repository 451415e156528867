"""From a trace and the counters around it to what one I/O costs. Pure."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from pvbench.errors import ParseError
from pvbench.model import DeviceKind, Event, Mechanism
from pvbench.xen.devices import counted
from pvbench.xen.trace import Trace


@dataclass(frozen=True)
class Recording:
    """A trace of a moment of load, and how much the device under test did around it.

    `data` is the file verbatim, `domid` the domain's number in it, `mhz` the rate of its time stamps (None if unknown);
    `ios` counts the I/Os (or packets) that the device completed in the `window_s` seconds around it.
    """

    data: bytes
    domid: int
    mhz: float | None
    ios: int
    window_s: float


def recording(answer: Mapping[str, Any], data: bytes, domid: int, device: str, kind: DeviceKind) -> Recording:
    """Read what pvb-trace collected; `device` is the host's name for the one under test. Raises ParseError."""
    try:
        before, after = (counted(answer[look], kind)[device] for look in ("before", "after"))
        window_s = (answer["after"]["at"] - answer["before"]["at"]) / 1e9
        mhz = None if answer["mhz"] is None else float(answer["mhz"])
    except KeyError as error:
        raise ParseError(f"pvb-trace on the host tells nothing of {error}") from error
    except (TypeError, ValueError) as error:
        raise ParseError(f"pvb-trace on the host: {error}") from error
    ios = after.ios - before.ios
    if ios < 0 or window_s <= 0 or not (mhz is None or 0 < mhz < math.inf):
        raise ParseError(f"pvb-trace on the host: {ios} I/Os in {window_s} s, time stamps at {mhz} MHz")
    return Recording(data, domid, mhz, ios, window_s)


def mechanism(
    record: Recording, trace: Trace, command_port: int | None, untraced_rate: float | None
) -> Mechanism | None:
    """Return what the domain did for its I/O; None where the trace holds nothing of it.

    `untraced_rate` is the I/Os a second in the timed pass. The I/Os of the trace are counted in the trace itself where
    they leave a mark there (writes to the device's `command_port`); else it is the host's rate over the window times
    the seconds traced.
    """
    counts = trace.domains.get(record.domid)
    if counts is None or record.window_s <= 0:
        return None
    if not counts.exits and not dict(counts.counts).get(Event.GUEST_CALL):  # a PV guest has no exits, but calls
        return None
    rate = record.ios / record.window_s
    seconds = trace.cycles / (record.mhz * 1e6) if record.mhz else record.window_s
    if not seconds > 0:
        return None
    commands = sum(writes for port, _, writes in counts.ports if port == command_port)
    return Mechanism(
        traced_s=seconds,
        ios=float(commands) or rate * seconds,
        counts=counts.counts,
        away=tuple((each.reason, each.away / (record.mhz * 1e6)) for each in counts.cycles_by_exit)
        if record.mhz
        else (),
        lost=trace.lost + trace.truncated,
        slowdown=untraced_rate / rate if untraced_rate and rate else None,
        recorded_bytes=len(record.data),
    )
