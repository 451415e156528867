"""What a tool says it moved, and what that makes in bytes of the device: payload, headers, acknowledgements, warm-up.

A NIC counts frames. How many headers go with so much payload depends on segments, which offloads make larger and a
small MTU smaller; so a claim has a least and a most, and nobody's figure is doubted for what lies between them.
"""

from dataclasses import dataclass
from math import ceil

from pvbench.model import Flag

IPV4, TCP, UDP = 20, 20, 8
"""The shortest headers (RFC 791, 9293, 768). No packet leaves without; Ethernet's is not counted by every driver."""

MOST_HEADERS = 14 + IPV4 + TCP + 12
"""Ethernet, IPv4 and TCP with time stamps (RFC 7323). What pads the shortest UDP datagram to a frame is less."""

SMALLEST_SEGMENT = 576 - (MOST_HEADERS - 14)
"""Every IPv4 host takes 576 bytes (RFC 791), and links of that MTU are swept; offloads only make segments larger."""

CONNECTION = 64 * 2**10
"""Bytes of a test besides its load, at most: handshakes, ARP, what client and server tell each other of 128 streams."""


@dataclass(frozen=True)
class Claim:
    """What a tool says it moved while it measured, in `words`.

    A device that carried it moved `least` bytes or more, a NIC `packets` or more (0: not told). `most` is what it moves
    for it with all that goes with it: headers, acknowledgements, what was lost on the way, the warm-up within the
    tool's own run. `lost` are bytes that left one end in that time and did not reach the other. `cached` says that the
    guest's page cache may stand in for the device; `elsewhere`, where the rest may be if the device moved less; `note`,
    what is to be said of the figure even where the device moved all of it.
    """

    words: str
    least: float
    most: float
    packets: float = 0.0
    lost: float = 0.0
    cached: bool = False
    elsewhere: str = ""
    note: Flag | None = None


def stream(payload: float, message: float, spare: float) -> Claim:
    """Return the claim of TCP streams: `payload` bytes arrived, written `message` bytes at a time (0: large).

    `spare` is the tool's whole run over the seconds that it counted. Each segment may be acknowledged on its own.
    """
    segments = payload / min(message or SMALLEST_SEGMENT, SMALLEST_SEGMENT)
    return Claim(amount(payload), payload, (payload + 2 * MOST_HEADERS * segments) * spare + CONNECTION)


def datagrams(arrived: float, sent: float, size: float, spare: float) -> Claim:
    """Return the claim of UDP streams: so many datagrams of `size` bytes arrived of those sent."""
    most = size + MOST_HEADERS * ceil((size + UDP) / SMALLEST_SEGMENT)
    return Claim(
        f"{arrived:,.0f} datagrams of {size:g} bytes",
        arrived * (size + IPV4 + UDP),
        sent * most * spare + CONNECTION,
        packets=arrived,
        lost=max(0.0, sent - arrived) * most * spare,
    )


def exchanges(times: float, request: float, response: float, *, tcp: bool, alone: bool) -> Claim:
    """Return the claim of requests and responses in turn; `alone` if none is sent before the one before is answered.

    Each then needs a packet of its own, and TCP may acknowledge each segment in another.
    """
    headers = IPV4 + (TCP if tcp else UDP)
    segments = sum(ceil((size + UDP) / SMALLEST_SEGMENT) for size in (request, response))
    return Claim(
        f"{times:,.0f} transactions",
        times * (request + response + (2 * headers if alone else 0)),
        times * (request + response + 2 * MOST_HEADERS * segments) + CONNECTION,
        packets=2 * times if alone else 0.0,
    )


def amount(count: float) -> str:
    """Return a number of bytes in words."""
    for unit, size in (("GB", 1e9), ("MB", 1e6), ("kB", 1e3)):
        if count >= size:
            return f"{count / size:.3g} {unit}"
    return f"{count:.0f} bytes"
