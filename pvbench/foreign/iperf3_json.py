"""iperf3's -J (3.0 to 3.20), also as a stream of JSON lines: one result a test, bits and what each end counted."""

from collections.abc import Iterator, Mapping
from typing import Any

from pvbench.foreign.documents import Document
from pvbench.foreign.nouns import Figure, Result
from pvbench.foreign.values import at, each, number, word

_ENDS = (
    ("sum_sent", "sent"),
    ("sum_received", "received"),
    ("sum_sent_bidir_reverse", "reverse sent"),
    ("sum_received_bidir_reverse", "reverse received"),
)
_CPU = (("host_total", "local"), ("remote_total", "remote"))


def claims(data: Mapping[str, Any]) -> bool:
    """Tell whether a document is iperf3's; one that failed early has an error and little else."""
    start = at(data, "start")
    version = word(start.get("version")) or ""
    asks = {"connected", "connecting_to", "accepted_connection", "test_start"} & start.keys()
    ended = {"sum_sent", "sum_received", "sum", "streams", "cpu_utilization_percent"} & at(data, "end").keys()
    return version.startswith("iperf") or bool(asks) or bool(ended) or _event(data) or _failed(data)


def _failed(data: Mapping[str, Any]) -> bool:
    return isinstance(data.get("error"), str) and data.keys() <= {"start", "intervals", "end", "error", "title"}


def _event(data: Mapping[str, Any]) -> bool:
    return isinstance(data.get("event"), str) and "data" in data and data.keys() <= {"event", "data"}


def read(document: Document) -> tuple[Result, ...]:
    """Return a test's result. Raises ForeignError where it neither began nor says why."""
    data, start = document.data, at(document.data, "start")
    ran, end = at(start, "test_start"), at(data, "end")
    error = word(data.get("error"))
    if not ran and not end and not error:
        raise document.place.refusal("iperf3 has neither a test_start, an end nor an error: no test was begun")
    figures = tuple(_figures(end, ran, served="accepted_connection" in start))
    notes: list[str] = []
    if not any(figure.name == "goodput" for figure in figures) and (partial := tuple(_of_intervals(data))):
        figures += partial
        notes.append("the test has no end: its rate is the mean of the intervals until then")
    notes += _notes(data, ran, figures)
    protocol = word(ran.get("protocol"))
    version = word(start.get("version"))
    return (
        Result(
            tool="iperf3",
            version=version.removeprefix("iperf ").split()[0] if version else None,
            format="json",
            title=_title(ran, protocol, both=any(key.endswith("bidir_reverse") for key in end)),
            line=document.place.line,
            figures=figures,
            facts=_facts(start, ran),
            seconds=_seconds(end),
            notes=tuple(notes),
            problem=_problem(error, figures),
        ),
    )


def joined(documents: tuple[Document, ...]) -> tuple[Document, ...]:
    """Return documents in which lines of events are one document a test, dated by the first of them."""
    done: list[Document] = []
    told: dict[str, Any] = {}
    first: Document | None = None
    for document in documents:
        if not _event(document.data):
            done += _whole(told, first)
            told, first = {}, None
            if not (done and _same(done[-1], document)):
                done.append(document)
            continue
        name, data = str(document.data["event"]), document.data["data"]
        if name == "start" and told:
            done += _whole(told, first)
            told, first = {}, None
        first = first or document
        if name == "interval":
            told.setdefault("intervals", []).append(data)
        else:
            told[name] = data
    return (*done, *_whole(told, first))


def _whole(whole: Mapping[str, Any], first: Document | None) -> Iterator[Document]:
    if first is not None:
        yield Document(whole, first.place)


def _same(before: Document, document: Document) -> bool:
    """Tell whether a whole report only repeats the events before it (--json-stream-full-output)."""
    cookie = at(document.data, "start").get("cookie")
    return cookie is not None and cookie == at(before.data, "start").get("cookie") and document.data != before.data


def _figures(end: Mapping[str, Any], ran: Mapping[str, Any], *, served: bool) -> Iterator[Figure]:
    told = [(key, part) for key, part in _ENDS if at(end, key)]
    datagrams = word(ran.get("protocol")) == "UDP" or "lost_packets" in at(end, "sum")
    if not told:
        reverse = bool(number(ran, "reverse"))
        told = [("sum", "received" if reverse != served else "sent"), ("sum_bidir_reverse", "reverse received")]
    for key, part in told:
        data = at(end, key)
        if served and part.endswith("sent") != bool(number(ran, "reverse")) and not number(data, "bytes"):
            continue  # the server's word on the other end's half: it did not count it
        yield from _rates(data, part, f"end.{key}")
    for key, part in (("sum", "received"), ("sum_bidir_reverse", "reverse received")):
        if datagrams and at(end, key):
            counted = "sum_received" if key == "sum" else "sum_received_bidir_reverse"
            lossy = at(end, counted) if "lost_packets" in at(end, counted) and number(end, counted, "packets") else {}
            yield from _datagrams(lossy or at(end, key), part, f"end.{counted if lossy else key}")
    for key, part in _CPU:
        if (share := number(end, "cpu_utilization_percent", key)) is not None:
            yield Figure("cpu", share / 100, "1", part, f"end.cpu_utilization_percent.{key}")


def _rates(data: Mapping[str, Any], part: str, source: str) -> Iterator[Figure]:
    for key, name, unit in (
        ("bits_per_second", "goodput", "bit/s"),
        ("bytes", "bytes", "B"),
        ("retransmits", "retransmits", "1"),
    ):
        if (value := number(data, key)) is not None:
            yield Figure(name, value, unit, part, f"{source}.{key}")


def _datagrams(data: Mapping[str, Any], part: str, source: str) -> Iterator[Figure]:
    lost, sent, jitter = (number(data, key) for key in ("lost_packets", "packets", "jitter_ms"))
    if sent:
        yield Figure("datagrams", sent, "1", part.replace("received", "sent"), f"{source}.packets")
        if lost is not None:
            yield Figure("lost_share", lost / sent, "1", part, f"{source}.lost_packets / packets")
    if jitter is not None:
        yield Figure("jitter", jitter / 1000, "s", part, f"{source}.jitter_ms")


def _of_intervals(data: Mapping[str, Any]) -> Iterator[Figure]:
    sums = [at(interval, "sum") for interval in each(data, "intervals")]
    counted = [part for part in sums if part and not part.get("omitted")]
    moved = sum(number(part, "bytes") or 0 for part in counted)
    seconds = sum(number(part, "seconds") or 0 for part in counted)
    if seconds > 0:
        yield Figure("goodput", moved * 8 / seconds, "bit/s", "until its end", "intervals[].sum.bytes / seconds")


def _notes(data: Mapping[str, Any], ran: Mapping[str, Any], figures: tuple[Figure, ...]) -> Iterator[str]:
    if number(ran, "omit"):
        yield f"the first {number(ran, 'omit'):g} s are in none of the figures"
    parts = {figure.part for figure in figures if figure.name == "goodput"}
    if parts == {"sent"} and word(ran.get("protocol")) == "UDP":
        yield "the rate is what was sent; the file has no rate of what arrived"
    rates = {figure.part: figure.value for figure in figures if figure.name == "goodput"}
    if rates.get("sent") and rates.get("received") == 0:
        yield "the receiver counted nothing, although something was sent: its 0 may be a report that was lost"
    if "server_output_json" in data or "server_output_text" in data:
        yield "the server's own report is in the file; the figures are the client's"


def _problem(error: str | None, figures: tuple[Figure, ...]) -> str | None:
    if error:
        return f"iperf3 says: {error}"
    rates = [figure.value for figure in figures if figure.name == "goodput"]
    if not rates:
        return "no rate is in the file"
    return None if any(rates) else "nothing was transferred"


def _title(ran: Mapping[str, Any], protocol: str | None, *, both: bool) -> str:
    if not ran and not both:
        return protocol or "test not described"
    ways = bool(number(ran, "bidir")) or both
    direction = "both ways" if ways else "server sends" if number(ran, "reverse") else "client sends"
    streams = number(ran, "num_streams") or 1
    return ", ".join(
        [protocol or "protocol not known", direction, *([f"{streams:.0f} streams"] if streams > 1 else [])]
    )


def _facts(start: Mapping[str, Any], ran: Mapping[str, Any]) -> dict[str, str]:
    names = ("protocol", "num_streams", "blksize", "omit", "duration", "reverse", "bidir", "target_bitrate")
    facts = {name: said for name in names if (said := word(ran.get(name)))}
    facts |= {"side": "server" if "accepted_connection" in start else "client"} if start else {}
    return facts | ({"began": began} if (began := word(at(start, "timestamp").get("time"))) else {})


def _seconds(end: Mapping[str, Any]) -> float | None:
    told = [number(end, key, "seconds") for key in ("sum_received", "sum_sent", "sum")]
    return next((seconds for seconds in told if seconds), None)
