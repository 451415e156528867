"""iperf3's -J (3.0 to 3.22): one result a test, bits and what each end counted, and what went wrong."""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from pvbench.foreign.documents import Document
from pvbench.foreign.iperf3_end import Test, figures, ways
from pvbench.foreign.iperf3_events import is_event
from pvbench.foreign.nouns import Figure, Result
from pvbench.foreign.values import at, each, number, word

_FACTS = ("protocol", "num_streams", "blksize", "omit", "duration", "reverse", "bidir", "target_bitrate")
_BEGUN = frozenset({"connected", "connecting_to", "accepted_connection", "test_start"})
_ENDED = frozenset({"sum_sent", "sum_received", "sum", "streams", "cpu_utilization_percent"})
_SERVERS = ("server_output_json", "server_output_text")


def claims(data: Mapping[str, Any]) -> bool:
    """Tell whether a document is iperf3's; one that failed early has an error and little else."""
    start, end = at(data, "start"), at(data, "end")
    named = (word(start.get("version")) or "").startswith("iperf")
    parted = bool(_BEGUN & start.keys()) or bool(_ENDED & end.keys()) or any(_sums(data))
    return named or parted or is_event(data) or _failed(data)


def _sums(data: Mapping[str, Any]) -> Iterator[bool]:
    """Yield, of each interval, whether it is one of iperf3's: a stream that was cut has nothing else."""
    yield from ({"streams", "sum"} <= interval.keys() for interval in each(data, "intervals"))


def _failed(data: Mapping[str, Any]) -> bool:
    return isinstance(data.get("error"), str) and data.keys() <= {"start", "intervals", "end", "error", "title"}


def read(document: Document) -> tuple[Result, ...]:
    """Return a test's result. Raises ForeignError where it neither began nor says why."""
    test = Test(document.data)
    error = word(document.data.get("error"))
    if not test.ran and not test.end and not error:
        raise document.place.refusal("iperf3 has neither a test_start, an end nor an error: no test was begun")
    found = tuple(figures(test))
    version = re.search(r"\d\S*", word(test.start.get("version")) or "")
    return (
        Result(
            tool="iperf3",
            version=version[0] if version else None,
            format="json",
            title=_title(test),
            line=document.place.line,
            figures=found,
            facts=_facts(test),
            seconds=_seconds(test.end),
            notes=tuple(_notes(test, found)),
            problem=_problem(error, found),
        ),
    )


def _notes(test: Test, counted: tuple[Figure, ...]) -> Iterator[str]:
    if test.data.keys() == {"error"}:
        yield "nothing but an error is in the file: that it is iperf3's is taken from its form alone"
    if omitted := number(test.ran, "omit"):
        yield f"the first {omitted:g} s are in none of the figures"
    rates = {figure.part: figure for figure in counted if figure.name == "goodput"}
    for way in ways(test):
        sent, received = rates.get(f"{way.prefix}sent"), rates.get(f"{way.prefix}received")
        if sent and not received:
            yield f"{way.prefix or ''}goodput is what was sent: what arrived is not in the file"
        if sent and sent.value and received and not received.value:
            yield "the receiver counted nothing, although something was sent: its 0 may be a report that was lost"
    if any("intervals[]" in figure.source for figure in rates.values()):
        yield "a rate that the end of the test does not have is that of its intervals"
    if any(key in test.data for key in _SERVERS):
        yield "the server's own report is in the file; the figures are the client's, except where their source says so"


def _problem(error: str | None, counted: tuple[Figure, ...]) -> str | None:
    if error:
        return f"iperf3 says: {error}"
    rates = [figure.value for figure in counted if figure.name == "goodput"]
    if not rates:
        return "no rate is in the file"
    return None if any(rates) else "nothing was transferred"


def _title(test: Test) -> str:
    if not test.ran and not test.end:
        return "test not described"
    directions = ways(test)
    client_sends = directions[0].here_sends != test.served
    one_way = "client sends" if client_sends else "server sends"
    direction = "both ways" if len(directions) > 1 else one_way if test.ran else "direction not told"
    streams = number(test.ran, "num_streams") or 1
    protocol = word(test.ran.get("protocol")) or "protocol not known"
    return ", ".join([protocol, direction, *([f"{streams:.0f} streams"] if streams > 1 else [])])


def _facts(test: Test) -> dict[str, str]:
    facts = {name: said for name in _FACTS if (said := word(test.ran.get(name)))}
    if test.start:
        facts["side"] = "server" if test.served else "client"
    if began := word(at(test.start, "timestamp").get("time")):
        facts["began"] = began
    return facts


def _seconds(end: Mapping[str, Any]) -> float | None:
    told = [number(end, key, "seconds") for key in ("sum_received", "sum_sent", "sum")]
    return next((seconds for seconds in told if seconds), None)
