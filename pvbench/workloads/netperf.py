"""netperf between the guest and the host: its parameters, command lines, omni key=value output, and its words."""

import math
from collections.abc import Mapping
from types import MappingProxyType

from pvbench import figures
from pvbench.errors import ParseError
from pvbench.model import DeviceKind, Reading, Scalar
from pvbench.workloads import network
from pvbench.workloads.claim import Claim, datagrams, exchanges, stream
from pvbench.workloads.output import LARGEST, check_duration, text_of
from pvbench.workloads.tool import (
    Argv,
    Axis,
    Grammar,
    Measured,
    Objection,
    Only,
    Params,
    Peer,
    Server,
    Target,
    Tool,
    peer,
    setting,
    swept,
    times,
    whole_seconds,
)
from pvbench.yaml_schema import SIZE, WHOLE_SECONDS, Choice, Keyed

# What a matrix may ask for.

_RR, _STREAM = frozenset({"TCP_RR", "UDP_RR"}), frozenset({"TCP_STREAM", "TCP_MAERTS", "UDP_STREAM"})
_SHAPE = Keyed(
    "netperf",
    {
        "test": swept(
            Choice("netperf test", ("TCP_RR", "UDP_RR", "TCP_STREAM", "TCP_MAERTS", "UDP_STREAM")),
            "RR: request and response in turn; STREAM: guest to host; MAERTS: host to guest.",
            required=True,
        ),
        "request": swept(SIZE.between("1B", "64KiB"), "Bytes of a request; only for the RR tests.", "1B"),
        "response": swept(SIZE.between("1B", "64KiB"), "Bytes of a response; only for the RR tests.", "1B"),
        "send": swept(SIZE.between("1B", "1MiB"), "Bytes of one send; only for the streams. Left out: netperf's own."),
        "peer": network.PEER,
        **times(WHOLE_SECONDS.between("1s", "24h"), WHOLE_SECONDS.between("0s", "1h")),
    },
)


def _objects(params: Params) -> Objection | None:
    if str(params["test"]).startswith("UDP_"):
        for name in ("request", "response", "send"):
            if int(params.get(name, 0)) > network.LARGEST_DATAGRAM:
                return network.too_large(name)
    return None


GRAMMAR = Grammar(
    _SHAPE,
    (Only("request", "test", _RR), Only("response", "test", _RR), Only("send", "test", _STREAM)),
    settle=network.settle,
    objects=_objects,
)

# The command lines.

ASKED = (
    "PROTOCOL",
    "DIRECTION",
    "ELAPSED_TIME",
    "THROUGHPUT",
    "THROUGHPUT_UNITS",
    "TRANSACTION_RATE",
    "BURST_SIZE",
    "REQUEST_SIZE",
    "RESPONSE_SIZE",
    "MIN_LATENCY",
    "MEAN_LATENCY",
    "P50_LATENCY",
    "P90_LATENCY",
    "P99_LATENCY",
    "MAX_LATENCY",
    "STDDEV_LATENCY",
    "LOCAL_SEND_SIZE",
    "REMOTE_SEND_SIZE",
    "LOCAL_SEND_THROUGHPUT",
    "REMOTE_RECV_THROUGHPUT",
    "LOCAL_TRANSPORT_RETRANS",
    "REMOTE_TRANSPORT_RETRANS",
    "COMMAND_LINE",
)


def argv(params: Params, target: Target) -> Argv:
    """Return the client's command line, run in the guest."""
    return _client(params, peer("netperf", target), whole_seconds(params, "runtime"))


def warmup_argv(params: Params, target: Target) -> Argv | None:
    """Return the command line of a shorter run before it, as netperf has no warm-up of its own; None if not asked."""
    seconds = whole_seconds(params, "warmup")
    return _client(params, peer("netperf", target), seconds) if seconds else None


def server_argv(peer: Peer) -> Argv:
    """Return the server's command line; by -N it keeps no log for debugging on the host, which releases differ in."""
    return ("netserver", "-D", "-N", "-4", "-L", peer.address, "-p", str(peer.port))


def server_daemon(peer: Peer) -> Argv:
    """Return the command line of a server that goes to the background."""
    return ("netserver", "-N", "-4", "-L", peer.address, "-p", str(peer.port))


def _client(params: Params, to: Peer, seconds: int) -> Argv:
    words = ["netperf", "-H", to.address, "-p", str(to.port), "-L", to.local]
    words += ["-t", str(params["test"]), "-l", str(seconds), "-P", "0", "--", "-k", ",".join(ASKED)]
    if str(params["test"]).endswith("_RR"):
        words += ["-r", f"{params.get('request', 1)},{params.get('response', 1)}"]
    elif "send" in params:  # local,remote: with MAERTS it is the far side that sends
        words += ["-m", f",{params['send']}" if params["test"] == "TCP_MAERTS" else f"{params['send']},"]
    return tuple(words)


# What it printed.

BITS_PER_SECOND: Mapping[str, float] = MappingProxyType(
    {
        "10^3bits/s": 1e3,
        "10^6bits/s": 1e6,
        "10^9bits/s": 1e9,
        "Bytes/s": 8,
        "KBytes/s": 8 * 2**10,
        "MBytes/s": 8 * 2**20,
        "GBytes/s": 8 * 2**30,
    }
)

_ROUNDED = 0.005
"""How much a rate that netperf prints may be too large: it has two decimals."""

_UNKNOWN = -1.0
"""netperf's word for what it could not find out."""

LEAST_SHARE_ACCOUNTED = 0.8
"""UDP_RR waits for ever for a lost datagram: its latencies then add up to clearly less than the time it took."""


def parse(stdout: bytes, params: Params) -> Measured:
    """Return what was measured; ParseError where netperf failed or did not do what was asked for."""
    test = str(params["test"])
    values = _values(stdout)
    seconds = _number(values, "ELAPSED_TIME")
    check_duration("netperf", seconds, float(params["runtime"]))
    if test.endswith("_RR"):
        return Measured(_transactions(values, test), seconds, _exchanges(values, params, seconds))
    if test == "UDP_STREAM":
        return Measured(_datagrams(values), seconds, _lossy(values, seconds))
    if not (goodput := _number(values, "THROUGHPUT") * _scale(values, test)):
        raise ParseError("netperf: nothing was received")
    claim = stream(_moved(values, "THROUGHPUT", test, seconds), float(params.get("send", 0)), 1.0)
    return Measured((Reading("goodput", goodput), *_retransmits(values, test)), seconds, claim)


def _values(stdout: bytes) -> dict[str, str]:
    text = text_of("netperf", stdout)
    values = dict(line.split("=", 1) for line in text.splitlines() if "=" in line and line.split("=", 1)[0] in ASKED)
    if not values:  # its errors are on standard output
        raise ParseError(f"netperf: {text.strip().splitlines()[0][:200]}")
    _word(values, ASKED[-1])  # the last line asked for: with it, none before it is missing or cut off
    return values


def _transactions(values: Mapping[str, str], test: str) -> tuple[Reading, ...]:
    if (unit := _word(values, "THROUGHPUT_UNITS")) != "Trans/s":
        raise ParseError(f"netperf: {test} is given in {unit}, not in Trans/s")
    if not (rate := _number(values, "TRANSACTION_RATE")):
        raise ParseError("netperf: not one transaction was completed")
    if test == "UDP_RR":
        accounted = rate * _number(values, "MEAN_LATENCY", least=_UNKNOWN) / 1e6
        if accounted < LEAST_SHARE_ACCOUNTED:
            raise ParseError(f"netperf: UDP_RR stalled on a lost datagram; it was busy {accounted:.0%} of the time")
    readings = [Reading("transactions", rate)]
    if _number(values, "BURST_SIZE") == 0:  # with several in flight, one over the rate is no latency
        readings.append(Reading("latency_mean", 1 / rate))
    for metric, key in (("latency_p50", "P50_LATENCY"), ("latency_p99", "P99_LATENCY")):
        if (
            key in values and (microseconds := _number(values, key, least=_UNKNOWN)) > 0
        ):  # absent, 0 or -1: no histogram was built in
            readings.append(Reading(metric, microseconds / 1e6))
    return tuple(readings)


def _datagrams(values: Mapping[str, str]) -> tuple[Reading, ...]:
    """Return what the receiver got, in bits and in datagrams, and the share lost: what was sent is no rate."""
    scale = _scale(values, "UDP_STREAM")
    sent, got = (_number(values, key) * scale for key in ("LOCAL_SEND_THROUGHPUT", "REMOTE_RECV_THROUGHPUT"))
    size = _number(values, "LOCAL_SEND_SIZE")
    if not (sent > 0 and got > 0 and size > 0):
        raise ParseError("netperf: nothing was received")
    lost = max(0.0, 1 - got / sent)
    return (Reading("goodput", got), Reading("packets", got / 8 / size), Reading("lost_share", lost))


def _exchanges(values: Mapping[str, str], params: Params, seconds: float) -> Claim:
    """Return what the NIC moved if the rate is true. The warm-up is a run of its own, before the guest's first look."""
    request, response = (float(params.get(name, 1)) for name in ("request", "response"))
    return exchanges(
        _number(values, "TRANSACTION_RATE") * seconds,
        request,
        response,
        tcp=params["test"] == "TCP_RR",
        alone=_number(values, "BURST_SIZE") == 0,
    )


def _lossy(values: Mapping[str, str], seconds: float) -> Claim:
    size = _number(values, "LOCAL_SEND_SIZE")
    sent, got = (
        _moved(values, key, "UDP_STREAM", seconds) / size for key in ("LOCAL_SEND_THROUGHPUT", "REMOTE_RECV_THROUGHPUT")
    )
    return datagrams(got, max(sent, got), size, 1.0)


def _moved(values: Mapping[str, str], key: str, test: str, seconds: float) -> float:
    """Return the bytes that a rate amounts to: no more than it surely says, as netperf rounds to hundredths."""
    return max(0.0, _number(values, key) - _ROUNDED) * _scale(values, test) / 8 * seconds


def _scale(values: Mapping[str, str], test: str) -> float:
    unit = _word(values, "THROUGHPUT_UNITS")
    if unit not in BITS_PER_SECOND:
        raise ParseError(f"netperf: {test} is given in {unit}, which is not a rate of data")
    return BITS_PER_SECOND[unit]


def _retransmits(values: Mapping[str, str], test: str) -> tuple[Reading, ...]:
    """Return what the guest's own TCP sent again; nothing where netperf could not find out."""
    if test != "TCP_STREAM" or (count := _number(values, "LOCAL_TRANSPORT_RETRANS", least=_UNKNOWN)) < 0:
        return ()
    return (Reading("retransmits", count),)


def _word(values: Mapping[str, str], key: str) -> str:
    if key not in values:
        raise ParseError(f"netperf: no {key} in its output")
    return values[key]


def _number(values: Mapping[str, str], key: str, least: float = 0.0) -> float:
    word = _word(values, key)
    try:
        value = float(word)
    except ValueError:
        raise ParseError(f"netperf: {key} is {word[:30]!r}, not a number") from None
    if not (math.isfinite(value) and least <= value <= LARGEST):
        raise ParseError(f"netperf: {key} of {word[:30]} is no figure")
    return value


# Its words.

_TITLES: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "TCP_RR": ("TCP request/response",),
        "UDP_RR": ("UDP request/response",),
        "TCP_STREAM": ("TCP stream", "guest sends"),
        "TCP_MAERTS": ("TCP stream", "guest receives"),
        "UDP_STREAM": ("UDP stream", "guest sends"),
    }
)
_USUAL: Mapping[str, Scalar] = MappingProxyType({"request": 1, "response": 1})
_SIZES = frozenset({"request", "response", "send"})


def title(params: Params) -> list[str]:
    """Return ["TCP request/response"] and whatever is not as usual."""
    test = str(params.get("test", "netperf"))
    sizes = [
        setting(name, params[name], _SIZES)
        for name in ("request", "response", "send")
        if name in params and params[name] != _USUAL.get(name)
    ]
    return [*_TITLES.get(test, (test,)), *sizes, *network.other_end(params)]


def primary(params: Params) -> str:
    """Return transactions where requests are answered in turn, packets where datagrams are small, else bits."""
    test = str(params.get("test", ""))
    if test == "UDP_STREAM" and network.small_datagram(params, "send"):
        return "packets"
    return "transactions" if test.endswith("_RR") else "goodput"


TOOL = Tool(
    name="netperf",
    kind=DeviceKind.NET,
    grammar=GRAMMAR,
    raw_name="netperf.txt",
    version=("netperf", "-V"),
    argv=argv,
    parse=parse,
    primary=primary,
    title=title,
    titled=frozenset({"test", "send", "peer", "request", "response"}),
    sizes=_SIZES,
    warmup_argv=warmup_argv,
    server=Server("netserver", "netperf", ("netserver", "-V"), 12811, server_argv, server_daemon),
    guest_answers=network.guest_answers,
    axes=(
        Axis("send", "size", figures.size),
        Axis("request", "request", figures.size),
        Axis("response", "response", figures.size),
        Axis("mtu", "MTU", figures.size),
    ),
)
