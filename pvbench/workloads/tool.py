"""What a workload tool is: the command lines that run it, and the parser that reads what it printed."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from math import ceil, isfinite
from typing import Any

from pvbench.errors import ParseError, UsageError
from pvbench.histogram import Bins
from pvbench.model import DeviceKind, Reading, Scalar, Workload
from pvbench.workloads.claim import Claim

Params = Mapping[str, Scalar]
Argv = tuple[str, ...]

WINDOWS = 5
"""Into how many equal parts a measurement is cut, to tell whether it was steady."""

LEAST_SHARE_MEASURED, SLACK_S = 0.95, 0.25
"""A tool that measured less than this share of the time asked for, and lacks more than that, ended early: its figure is
not what was asked. On a slow host a tool's own start takes tenths of a second."""

LARGEST = 10**18
"""No count of bytes, I/Os or ns that a tool makes in a day is larger."""


@dataclass(frozen=True)
class Disk:
    """The block device a workload may touch, as the guest names it. `seed` draws the offsets: equal in both arms.

    `log` is whether the tool may leave a log in /tmp: in a guest, whose memory that is, and not on a host.
    """

    path: str
    size_bytes: int
    seed: int
    log: bool = True


@dataclass(frozen=True)
class Peer:
    """Whom a network workload talks to, and the guest's own address on the device under test."""

    address: str
    port: int
    local: str


Target = Disk | Peer


@dataclass(frozen=True)
class Measured:
    """What a tool's output says. `latency_bins` are (midpoint in ns, count), ascending; empty where there are none.

    `claim` is what the device moved if the readings are true. `windows` are the rates of equal parts of the
    measurement, in order, in the primary metric's unit; empty where the tool does not tell.
    """

    readings: tuple[Reading, ...]
    seconds_measured: float
    claim: Claim
    latency_bins: Bins = ()
    windows: tuple[float, ...] = ()

    def __post_init__(self) -> None:
        for reading in self.readings:
            if not (isfinite(reading.value) and reading.value >= 0):
                raise ParseError(f"{reading.metric}: {reading.value} is no figure")


@dataclass(frozen=True)
class Tool:
    """A row of WORKLOADS.

    `argv` is what is measured, run in the guest; its standard output, kept as `raw_name`, is what `parse` reads.
    `warmup_argv` runs before it in the guest and is discarded (None: the tool warms up by itself, or nothing was
    asked). `peer_argv` is the server on the host side, in the foreground until it is ended (None: it needs none).
    `windows` reads the rates of equal parts of the measurement from the tool's log (None: `parse` tells them, or none).
    """

    name: str
    kind: DeviceKind
    raw_name: str
    argv: Callable[[Params, Target], Argv]
    parse: Callable[[bytes, Params], Measured]
    warmup_argv: Callable[[Params, Target], Argv | None]
    peer_argv: Callable[[Peer], Argv] | None
    windows: Callable[[bytes, Params], tuple[float, ...]] | None = None


def between_guests(workload: Workload) -> bool:
    """Whether a second guest answers, instead of the host."""
    return dict(workload.params).get("peer") == "guest"


def no_warmup(_params: Params, _target: Target) -> None:
    """Say that no separate warm-up is run."""
    return


def disk(tool: str, target: Target) -> Disk:
    """Return the target of a block workload."""
    if not isinstance(target, Disk):
        raise UsageError(f"{tool} works on a disk, not on {target}")
    return target


def peer(tool: str, target: Target) -> Peer:
    """Return the target of a network workload."""
    if not isinstance(target, Peer):
        raise UsageError(f"{tool} works against a network peer, not on {target}")
    return target


def whole_seconds(params: Params, name: str) -> int:
    """Return a duration for a tool that knows whole seconds only: the next one up; 0 where it is not given."""
    return ceil(float(params.get(name, 0)))


def spare(params: Params, measured_s: float) -> float:
    """Return a tool's whole run over the seconds that it counted: its own warm-up is in none of its figures."""
    return (float(params.get("warmup", 0)) + measured_s) / measured_s


def check_duration(tool: str, measured_s: float, asked_s: float) -> None:
    """Raise ParseError where the tool measured for clearly less time than it was asked to."""
    if measured_s <= 0 or measured_s < min(LEAST_SHARE_MEASURED * asked_s, asked_s - SLACK_S):
        raise ParseError(f"{tool}: measured for {measured_s:.2f} s where {asked_s:g} s were asked for")


def text_of(tool: str, stdout: bytes) -> str:
    """Return what a tool printed as text; nothing at all is a ParseError."""
    text = stdout.decode("utf-8", errors="replace")
    if not text.strip():
        raise ParseError(f"{tool}: printed nothing", hint="its standard error, beside it in raw/, may say why")
    return text


def json_object(tool: str, stdout: bytes) -> dict[str, Any]:
    """Return the first JSON object in what a tool printed; notes may stand before and after it."""
    text = text_of(tool, stdout)
    decoder, begins = json.JSONDecoder(), -1
    while (begins := text.find("{", begins + 1)) >= 0:
        if begins and text[begins - 1] != "\n":
            continue
        try:
            found = decoder.raw_decode(text, begins)[0]
        except (ValueError, RecursionError):
            break
        return dict(found)
    if begins < 0:
        raise ParseError(f"{tool}: printed no JSON but {_shortened(text.strip().splitlines()[0])}")
    raise ParseError(f"{tool}: its JSON is cut off or broken ({len(stdout)} bytes, ending in {_shortened(text[-40:])})")


def number(tool: str, data: Mapping[str, Any], *path: str) -> float:
    """Return the count or rate at a path of keys; anything else there is a ParseError that names the path."""
    value: Any = data
    for key in path:
        value = value.get(key) if isinstance(value, Mapping) else None
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise ParseError(f"{tool}: no number at {'.'.join(path)}")
    if not 0 <= value <= LARGEST:  # NaN is neither
        raise ParseError(f"{tool}: {str(value)[:30]} at {'.'.join(path)} is no figure")
    return value


def _shortened(text: str, limit: int = 100) -> str:
    return repr(text if len(text) <= limit else text[: limit - 1] + "…")
