"""netperf's omni outputs → values by key: KEY=value lines (-k), CSV (-o) and tables for people (-O)."""

import csv
import itertools
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from pvbench.foreign.netperf_sections import Section
from pvbench.foreign.nouns import Place
from pvbench.foreign.values import figure

_KEYVAL = re.compile(r"^\s*([A-Z][A-Z0-9_]{2,40})=(.*)$")
_KEYS = frozenset({"THROUGHPUT", "THROUGHPUT_UNITS", "TRANSACTION_RATE", "MEAN_LATENCY", "P99_LATENCY", "RT_LATENCY"})
_HEADINGS = frozenset({"THROUGHPUT", "TRANSACTION_RATE", "MEAN_LATENCY"})
_MOST_HEADER_LINES = 8
_HEADERS: Mapping[str, str] = MappingProxyType(
    {
        "throughput": "THROUGHPUT",
        "throughput units": "THROUGHPUT_UNITS",
        "transaction rate tran/s": "TRANSACTION_RATE",
        "round trip latency usec/tran": "RT_LATENCY",
        "minimum latency microseconds": "MIN_LATENCY",
        "mean latency microseconds": "MEAN_LATENCY",
        "maximum latency microseconds": "MAX_LATENCY",
        "stddev latency microseconds": "STDDEV_LATENCY",
        "50th percentile latency microseconds": "P50_LATENCY",
        "90th percentile latency microseconds": "P90_LATENCY",
        "99th percentile latency microseconds": "P99_LATENCY",
        "local send throughput": "LOCAL_SEND_THROUGHPUT",
        "local recv throughput": "LOCAL_RECV_THROUGHPUT",
        "remote send throughput": "REMOTE_SEND_THROUGHPUT",
        "remote recv throughput": "REMOTE_RECV_THROUGHPUT",
        "local transport retransmissions": "LOCAL_TRANSPORT_RETRANS",
        "remote transport retransmissions": "REMOTE_TRANSPORT_RETRANS",
        "local cpu util %": "LOCAL_CPU_UTIL",
        "remote cpu util %": "REMOTE_CPU_UTIL",
        "local send size": "LOCAL_SEND_SIZE",
        "request size bytes": "REQUEST_SIZE",
        "response size bytes": "RESPONSE_SIZE",
        "initial burst requests": "BURST_SIZE",
        "confidence level percent": "CONFIDENCE_LEVEL",
        "throughput confidence width (%)": "THROUGHPUT_CONFID",
        "protocol": "PROTOCOL",
        "direction": "DIRECTION",
        "command line": "COMMAND_LINE",
    }
)


@dataclass(frozen=True)
class Values:
    """An omni output: its values by key, where it begins and ends, and which lines of its section it takes up."""

    of: Mapping[str, str]
    form: str
    begin: Place
    last: Place
    lines: tuple[int, ...]
    broken: str | None = None


def keyval(section: Section) -> Iterator[Values]:
    """Yield each group of KEY=value lines; a key that comes again begins the next."""
    group: dict[str, str] = {}
    lines: list[int] = []
    for at, line in enumerate(section.lines):
        found = _KEYVAL.match(line)
        if found is None or found[1].startswith("NETPERF_"):
            continue
        if found[1] in group:
            yield from _group(section, group, lines)
            group, lines = {}, []
        group[found[1]] = found[2].strip().strip('"')
        lines.append(at)
    yield from _group(section, group, lines)


def _group(section: Section, group: Mapping[str, str], lines: list[int]) -> Iterator[Values]:
    if _KEYS & group.keys():
        yield Values(group, "omni keyval", section.place(lines[0]), section.place(lines[-1]), tuple(lines))


def _key(heading: str) -> str:
    """Return the key that a heading stands for; releases put the unit of time differently."""
    words = " ".join(heading.lower().split())
    return "ELAPSED_TIME" if words.startswith("elapsed time") else _HEADERS.get(words, heading.strip())


def comma_separated(section: Section) -> Iterator[Values]:
    """Yield each row below a header that names a throughput, a rate of transactions or a latency."""
    header: list[str] = []
    for at, line in enumerate(section.lines):
        cells = next(csv.reader([line]), []) if "," in line else []
        names = [_key(cell) for cell in cells]
        if _HEADINGS & {*names}:
            header, first = names, at
        elif header and cells:
            place, broken = section.place(at), None
            if len(cells) != len(header):
                broken = f"the CSV row has {len(cells)} cells, its header {len(header)}: it is cut off"
            values = dict(zip(header, (cell.strip() for cell in cells), strict=False))
            yield Values(values, "omni CSV", place, place, (first, at), broken)
        elif line.strip():
            header = []


def for_people(section: Section) -> Iterator[Values]:
    """Yield the tables of -O, whose columns begin where a value of the last line does, as one output a section."""
    values: dict[str, str] = {}
    taken: list[int] = []
    for at, block in _blocks(section):
        read = _columns(block)
        if any(figure(read[key]) is not None for key in _HEADINGS & read.keys()) or (values and read):
            values |= read
            taken += range(at, at + len(block))
    if taken and _HEADINGS & values.keys():
        begin, last = section.place(taken[0]), section.place(taken[-1])
        yield Values(values, "omni table", begin, last, tuple(taken))


def _blocks(section: Section) -> Iterator[tuple[int, list[str]]]:
    lines = enumerate(section.lines)
    for filled, group in itertools.groupby(lines, key=lambda each: bool(each[1].strip()) and "TEST" not in each[1]):
        block = list(group)
        if filled and 2 <= len(block) <= _MOST_HEADER_LINES:
            yield block[0][0], [line for _, line in block]


def _columns(block: list[str]) -> dict[str, str]:
    """Return the last line's values by the headings above each."""
    *header, row = block
    starts = [found.start() for found in re.finditer(r"(?<!\S)\S", row)]
    starts = [start for start in starts if all(not line[start - 1 : start].strip() for line in header) or not start]
    spans = [(start, end) for start, end in itertools.pairwise([*starts, max(map(len, block)) + 1])]
    return {_key(" ".join(line[start:end] for line in header)): row[start:end].strip() for start, end in spans}
