"""The figures of an iperf3 test: of each direction what its sender and what its receiver counted, as far as known.

Of its own end a file is sure. Of the other it knows what was exchanged when the test ended: a server of 3.1 and later
was told nothing, and nobody of a test that broke off; both write 0 there, which is no measurement. Source: iperf3's
own files of 3.0 to 3.22, both ends of each test.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from pvbench.foreign.nouns import Figure
from pvbench.foreign.values import at, each, number

_REVERSE = "_bidir_reverse"
_RATES = (("bits_per_second", "goodput", "bit/s"), ("bytes", "bytes", "B"), ("retransmits", "retransmits", "1"))


@dataclass(frozen=True)
class Way:
    """One direction: the sums of its two ends and, of UDP, the sum that has its losses."""

    prefix: str
    here_sends: bool
    sent: Mapping[str, Any]
    received: Mapping[str, Any]
    lossy: Mapping[str, Any]
    sources: tuple[str, str, str]
    intervals: str = ""


@dataclass(frozen=True)
class Test:
    """An iperf3 document: what it ran, whether a server wrote it, and whether it broke off."""

    data: Mapping[str, Any]

    @property
    def start(self) -> Mapping[str, Any]:
        """Whom it spoke with, and with which version."""
        return at(self.data, "start")

    @property
    def ran(self) -> Mapping[str, Any]:
        """What was asked for."""
        return at(self.start, "test_start")

    @property
    def end(self) -> Mapping[str, Any]:
        """What it came to."""
        return at(self.data, "end")

    @property
    def served(self) -> bool:
        """Whether a server wrote it."""
        return "accepted_connection" in self.start and "connecting_to" not in self.start

    @property
    def failed(self) -> bool:
        """Whether it broke off."""
        return bool(self.data.get("error"))


def ways(test: Test) -> tuple[Way, ...]:
    """Return the directions that a test has."""
    parts = [part for stream in each(test.end, "streams") for part in _parts(stream)]
    intervals = [*each(test.data, "intervals")]
    parts += [stream for interval in intervals[:1] for stream in each(interval, "streams")]
    flags = {part["sender"] for part in parts if isinstance(part.get("sender"), bool)}
    named = any(key.endswith(_REVERSE) for told in (test.end, *intervals[:1]) for key in told)
    if len(flags) == 2 and not named:
        return tuple(_of_streams(test, sender) for sender in (not test.served, test.served))
    first = _of_sums(test, "", here_sends=bool(number(test.ran, "reverse")) == test.served)
    both = named or bool(number(test.ran, "bidir"))
    return (first, _of_sums(test, _REVERSE, here_sends=test.served)) if both else (first,)


def _of_sums(test: Test, suffix: str, *, here_sends: bool) -> Way:
    keys = ("sum_sent" + suffix, "sum_received" + suffix, "sum" + suffix)
    sent, received, total = (at(test.end, key) for key in keys)
    lossy, source = (received, keys[1]) if number(received, "packets") else (total, keys[2])
    if not sent and not received:
        sent, keys = total, (keys[2], keys[1], keys[2])  # UDP up to 3.9: the only sum is what its sender counted
    return Way(
        prefix="reverse " if suffix else "",
        here_sends=here_sends,
        sent=sent,
        received=received,
        lossy=lossy if "lost_packets" in lossy or "lost_percent" in lossy else {},
        sources=(f"end.{keys[0]}", f"end.{keys[1]}", f"end.{source}"),
        intervals="sum" + suffix,
    )


def _of_streams(test: Test, sender: bool) -> Way:
    """Return a direction of 3.7 to 3.9 with --bidir, whose sums are both written under the same keys."""
    streams = [
        stream for stream in each(test.end, "streams") if any(part.get("sender") is sender for part in _parts(stream))
    ]
    datagrams = [at(stream, "udp") for stream in streams if at(stream, "udp")]
    return Way(
        prefix="" if sender is not test.served else "reverse ",
        here_sends=sender,
        sent=_added(datagrams or [at(stream, "sender") for stream in streams]),
        received=_added([at(stream, "receiver") for stream in streams if at(stream, "receiver")]),
        lossy=_added(datagrams),
        sources=(f"end.streams[].{'udp' if datagrams else 'sender'}", "end.streams[].receiver", "end.streams[].udp"),
    )


def _parts(stream: Mapping[str, Any]) -> tuple[Mapping[str, Any], ...]:
    return tuple(part for key in ("sender", "receiver", "udp") if (part := at(stream, key)))


def _added(parts: list[Mapping[str, Any]]) -> dict[str, float]:
    keys = {key for part in parts for key in part if key in {"lost_packets", "packets", *(row[0] for row in _RATES)}}
    total = {key: sum(number(part, key) or 0 for part in parts) for key in sorted(keys)}
    jitters = [jitter for part in parts if (jitter := number(part, "jitter_ms")) is not None]
    return total | ({"jitter_ms": sum(jitters) / len(jitters)} if jitters else {})


def figures(test: Test) -> Iterator[Figure]:
    """Yield what is known of each direction, then the CPU of both ends."""
    for way in ways(test):
        yield from _way(test, way)
    for key, part in (("host_total", "local"), ("remote_total", "remote")):
        if share := number(test.end, "cpu_utilization_percent", key):
            yield Figure("cpu", share / 100, "1", part, f"end.cpu_utilization_percent.{key}")


def _way(test: Test, way: Way) -> Iterator[Figure]:
    for data, part, own, source in (
        (way.sent, "sent", way.here_sends, way.sources[0]),
        (way.received, "received", not way.here_sends, way.sources[1]),
    ):
        counted = tuple(_of_intervals(test.data, way, part, "intervals", sends=way.here_sends)) if own else ()
        if own and counted and test.served and test.failed:
            yield from counted  # what a server has when its client leaves is bytes to the end over seconds of before
        elif number(data, "bytes") or number(data, "bits_per_second") or (data and _known(test, own)):
            yield from _rates(data, way.prefix + part, source)
        elif own:
            yield from counted
        elif part == "received":
            served, place = at(test.data, "server_output_json"), "server_output_json.intervals"
            yield from _of_intervals(served, way, part, place, sends=not way.here_sends)
    yield from _losses(test, way)


def _losses(test: Test, way: Way) -> Iterator[Figure]:
    lost, packets, percent, jitter = (
        number(way.lossy, key) for key in ("lost_packets", "packets", "lost_percent", "jitter_ms")
    )
    source = way.sources[2]
    if not (lost or percent or jitter or (packets and _known(test, not way.here_sends))):
        return
    if packets:
        yield Figure("datagrams", packets, "1", way.prefix + "sent", f"{source}.packets")
    if packets and lost is not None:
        said = f"{source}.lost_packets / packets"
        yield Figure("lost_share", lost / packets, "1", way.prefix + "received", said)
    elif percent is not None:
        yield Figure("lost_share", percent / 100, "1", way.prefix + "received", f"{source}.lost_percent")
    if jitter is not None:
        yield Figure("jitter", jitter / 1000, "s", way.prefix + "received", f"{source}.jitter_ms")


def _known(test: Test, own: bool) -> bool:
    """Tell whether a 0 was counted: by the end that wrote the file, or told to a client at the end of its test."""
    return own or not (test.served or test.failed)


def _rates(data: Mapping[str, Any], part: str, source: str) -> Iterator[Figure]:
    for key, name, unit in _RATES:
        if (value := number(data, key)) is not None:
            yield Figure(name, value, unit, part, f"{source}.{key}")


def _of_intervals(data: Mapping[str, Any], way: Way, part: str, source: str, *, sends: bool) -> Iterator[Figure]:
    """Yield the rate that the intervals come to, which are counted by the end that wrote them."""
    moved, seconds = 0.0, 0.0
    for interval in each(data, "intervals"):
        total = _of_interval(interval, way, sends=sends)
        if not total.get("omitted"):
            moved += number(total, "bytes") or 0
            seconds += number(total, "seconds") or 0
    if seconds > 0 and moved > 0:
        yield Figure("goodput", moved * 8 / seconds, "bit/s", way.prefix + part, f"{source}[].bytes / seconds")


def _of_interval(interval: Mapping[str, Any], way: Way, *, sends: bool) -> Mapping[str, Any]:
    """Return a direction's sum: of both ways up to 3.9 both are written under one key, and its streams tell them."""
    if way.intervals:
        return at(interval, way.intervals)
    streams = [stream for stream in each(interval, "streams") if stream.get("sender") is sends]
    if not streams:
        return {}
    longest = max(number(stream, "seconds") or 0 for stream in streams)
    moved = sum(number(stream, "bytes") or 0 for stream in streams)
    return {"bytes": moved, "seconds": longest, "omitted": any(stream.get("omitted") for stream in streams)}
