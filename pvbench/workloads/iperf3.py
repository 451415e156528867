"""iperf3 between the guest and the host: its parameters, its command lines, what its JSON says, and its words."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from pvbench import figures
from pvbench.errors import ParseError, UsageError
from pvbench.metrics import METRICS
from pvbench.model import DeviceKind, Reading
from pvbench.workloads import network
from pvbench.workloads.claim import Claim, datagrams, stream
from pvbench.workloads.output import check_duration, json_object, number, spare
from pvbench.workloads.tool import (
    WINDOWS,
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
    positive,
    size,
    swept,
    times,
    whole_seconds,
)
from pvbench.yaml_schema import RATE, SIZE, WHOLE_SECONDS, Choice, Keyed, RateOrUnlimited, Whole

# What a matrix may ask for.

_SHAPE = Keyed(
    "iperf3",
    {
        "direction": swept(
            Choice("direction", ("up", "down")), "up: guest to host; down: host to guest.", required=True
        ),
        "protocol": swept(Choice("protocol", ("tcp", "udp")), "Transport protocol.", "tcp"),
        "parallel": swept(Whole(1, 128), "Streams at once.", "1"),
        "rate": swept(
            RateOrUnlimited(RATE.between("1kbit/s", "1000Gbit/s")),
            "Rate of each stream, or unlimited; udp needs it, tcp has none.",
        ),
        "length": swept(SIZE.between("16B", "1MiB"), "Bytes in one write or datagram; left out: iperf3's own choice."),
        "peer": network.PEER,
        **times(WHOLE_SECONDS.between("1s", "24h"), WHOLE_SECONDS.between("0s", "1m")),
    },
)


def _objects(params: Params) -> Objection | None:
    if params["protocol"] == "udp" and int(params.get("length", 0)) > network.LARGEST_DATAGRAM:
        return network.too_large("length")
    return None


GRAMMAR = Grammar(
    _SHAPE,
    (Only("rate", "protocol", frozenset({"udp"}), "a rate such as 10Mbit/s, else iperf3 sends 1 Mbit/s"),),
    settle=network.settle,
    objects=_objects,
)

# The command lines.

LONGEST_WARMUP_S = 60
"""iperf3 refuses to omit more (esnet/iperf issue 1301)."""

LONGEST_INTERVAL_S = 60
"""iperf3 reports no longer parts."""

CONNECT_TIMEOUT_MS = 10_000


def argv(params: Params, target: Target) -> Argv:
    """Return the client's command line, run in the guest; it sends when the direction is up."""
    to = peer("iperf3", target)
    warmup = whole_seconds(params, "warmup")
    if warmup > LONGEST_WARMUP_S:
        raise UsageError(f"iperf3 leaves out at most {LONGEST_WARMUP_S} s of warm-up, not {warmup} s")
    words = ["iperf3", "--json", "--client", to.address, "--port", str(to.port), "--bind", to.local]
    words += ["--connect-timeout", str(CONNECT_TIMEOUT_MS)]
    words += ["--time", str(whole_seconds(params, "runtime")), "--omit", str(warmup)]
    words += ["--parallel", str(params["parallel"])]
    words += ["--interval", f"{min(LONGEST_INTERVAL_S, whole_seconds(params, 'runtime') / WINDOWS):g}"]
    if params["direction"] == "down":
        words.append("--reverse")
    if params["protocol"] == "udp":
        # Without a rate UDP is sent at 1 Mbit/s; 0 is as fast as it goes.
        words += ["--udp", "--bitrate", str(int(params.get("rate", 0)))]
    elif "rate" in params:
        words += ["--bitrate", str(int(params["rate"]))]
    if "length" in params:
        words += ["--length", str(int(params["length"]))]
    return tuple(words)


def server_argv(peer: Peer) -> Argv:
    """Return the server's command line; it serves one test at a time, so a port is one guest's alone."""
    return ("iperf3", "--server", "--bind", peer.address, "--port", str(peer.port))


def server_daemon(peer: Peer) -> Argv:
    """Return the command line of a server that goes to the background."""
    return ("iperf3", "--server", "--daemon", "--bind", peer.address, "--port", str(peer.port))


# What it printed.


def parse(stdout: bytes, params: Params) -> Measured:
    """Return what the receiver got; ParseError where iperf3 failed or did not do what was asked for."""
    report = json_object("iperf3", stdout)
    if error := report.get("error"):  # checked first: iperf3 3.12 exits 0 with --json and an error
        raise ParseError(f"iperf3: {error}")
    _check_asked(report, params)
    # What was received, by the receiver's clock. sum_sent also counts what was still in flight at the end.
    seconds = number("iperf3", report, "end", "sum_received", "seconds")
    check_duration("iperf3", seconds, float(params["runtime"]))
    goodput = Reading("goodput", number("iperf3", report, "end", "sum_received", "bits_per_second"))
    if goodput.value == 0:
        raise ParseError("iperf3: nothing was received")
    arrived = max(goodput.value / 8 * seconds, number("iperf3", report, "end", "sum_received", "bytes"))
    run = spare({"warmup": whole_seconds(params, "warmup")}, seconds)
    windows = _windows(report, params)
    if params["protocol"] == "udp":
        return Measured((goodput, *_datagrams(report)), seconds, _lossy(report, arrived, run), windows=windows)
    claim = stream(arrived, float(params.get("length", 0)), run)
    return Measured((goodput, *_retransmits(report, params)), seconds, claim, windows=windows)


def _check_asked(report: Mapping[str, Any], params: Params) -> None:
    start = report.get("start")
    ran = start.get("test_start") if isinstance(start, Mapping) else None
    if not isinstance(ran, Mapping):
        raise ParseError("iperf3: no start.test_start: the test never began")
    for key, asked in (
        ("protocol", str(params["protocol"]).upper()),
        ("num_streams", int(params["parallel"])),
        ("reverse", int(params["direction"] == "down")),
        ("omit", whole_seconds(params, "warmup")),
    ):
        if ran.get(key) != asked:
            raise ParseError(f"iperf3: ran with {key} {ran.get(key)} where {asked} was asked for")


def _datagrams(report: Mapping[str, Any]) -> tuple[Reading, ...]:
    """Return the share lost, the rate of datagrams that arrived, and the jitter.

    Sent upwards, iperf3 before 3.15 counts as lost what was lost in the omitted seconds too (esnet/iperf issue 1489),
    so the share is told from what arrived: bytes over the datagram size, against datagrams sent.
    """
    each = number("iperf3", report, "start", "test_start", "blksize")
    sent = number("iperf3", report, "end", "sum_received", "packets")
    if not sent or not each:
        raise ParseError("iperf3: no datagrams were counted")
    arrived = number("iperf3", report, "end", "sum_received", "bytes") / each
    return (
        # Datagrams in flight as the warm-up ends arrive uncounted as sent: a hair below zero means none lost.
        Reading("lost_share", max(0.0, 1 - arrived / sent)),
        Reading("packets", arrived / number("iperf3", report, "end", "sum_received", "seconds")),
        Reading("jitter", number("iperf3", report, "end", "sum_received", "jitter_ms") / 1000),
    )


def _lossy(report: Mapping[str, Any], arrived: float, run: float) -> Claim:
    """Return what the NIC moved if the figures are true; the sender's own count is of what it sent, seen or lost."""
    each = number("iperf3", report, "start", "test_start", "blksize")
    sent = number("iperf3", report, "end", "sum_received", "packets")
    ends = report["end"]
    if "sum_sent" in ends:
        sent = max(sent, number("iperf3", report, "end", "sum_sent", "bytes") / each)
    return datagrams(arrived / each, max(sent, arrived / each), each, run)


def _windows(report: Mapping[str, Any], params: Params) -> tuple[float, ...]:
    """Return the rates of equal parts of the measurement, as the guest's side counted them; () where a part is missing.

    Where the guest sends UDP this is what it sent: only the end of a test tells what arrived.
    """
    intervals = report.get("intervals")
    sums = [part.get("sum") for part in intervals if isinstance(part, Mapping)] if isinstance(intervals, list) else []
    counted = [part for part in sums if isinstance(part, Mapping) and not part.get("omitted")]
    least = 0.5 * float(params["runtime"]) / WINDOWS  # a rest of a few ms may come last
    try:
        rates = [
            float(number("iperf3", part, "bits_per_second"))
            for part in counted
            if number("iperf3", part, "end") - number("iperf3", part, "start") > least
        ]
    except ParseError:
        return ()
    return tuple(rates) if len(rates) == WINDOWS else ()


def _retransmits(report: Mapping[str, Any], params: Params) -> tuple[Reading, ...]:
    """Return what the guest's own TCP sent again; a kernel that does not tell gives no reading."""
    sent = report["end"].get("sum_sent")
    if params["direction"] != "up" or not isinstance(sent, Mapping) or "retransmits" not in sent:
        return ()
    return (Reading("retransmits", float(number("iperf3", report, "end", "sum_sent", "retransmits"))),)


# Its words.

_DIRECTIONS: Mapping[str, str] = MappingProxyType({"up": "guest sends", "down": "guest receives"})


def title(params: Params) -> list[str]:
    """Return ["TCP", "guest sends"] and whatever is not as usual."""
    direction = str(params.get("direction", ""))
    parts = [str(params.get("protocol", "tcp")).upper(), _DIRECTIONS.get(direction, direction or "guest sends")]
    if params.get("parallel", 1) != 1:
        parts.append(f"{params['parallel']} streams")
    if "length" in params:
        parts.append(f"{size(params['length'])} {'datagrams' if params.get('protocol') == 'udp' else 'writes'}")
    if rate := positive(params.get("rate")):
        parts.append(f"{METRICS['goodput'].text(rate)} offered".replace(".0 ", " "))
    return parts + network.other_end(params)


def primary(params: Params) -> str:
    """Return the rate of packets where datagrams are small, else that of bits."""
    return "packets" if _small(params) else "goodput"


def offered(params: Params) -> tuple[str, float] | None:
    """Return what all streams together are told to send, in the primary metric; None where as much as goes."""
    rate = positive(params.get("rate"))
    if not rate:
        return None
    rate *= positive(params.get("parallel")) or 1
    return ("packets", rate / 8 / small) if (small := _small(params)) else ("goodput", rate)


def _small(params: Params) -> float | None:
    return network.small_datagram(params, "length") if params.get("protocol") == "udp" else None


TOOL = Tool(
    name="iperf3",
    kind=DeviceKind.NET,
    grammar=GRAMMAR,
    raw_name="iperf3.json",
    version=("iperf3", "--version"),
    argv=argv,
    parse=parse,
    primary=primary,
    title=title,
    titled=frozenset({"direction", "protocol", "rate", "length", "peer", "parallel"}),
    sizes=frozenset({"length"}),
    server=Server("iperf3", "iperf3", ("iperf3", "--version"), 5811, server_argv, server_daemon),
    guest_answers=network.guest_answers,
    offered=offered,
    axes=(Axis("length", "size", figures.size), Axis("mtu", "MTU", figures.size), Axis("parallel", "streams")),
)
