"""netperf's omni outputs: KEY=value lines (-k) and CSV (-o), with or without a banner, one result a test."""

import csv
import re
from collections.abc import Iterator, Mapping
from types import MappingProxyType

from pvbench.foreign.netperf_units import bits_per_second
from pvbench.foreign.nouns import Figure, Place, Result
from pvbench.foreign.values import figure, word

_KEYVAL = re.compile(r"^\s*([A-Z][A-Z0-9_]{2,40})=(.*)$")
_KEYS = frozenset({"THROUGHPUT", "THROUGHPUT_UNITS", "ELAPSED_TIME", "TRANSACTION_RATE", "MEAN_LATENCY", "P99_LATENCY"})
_MICROSECONDS = (
    ("MIN_LATENCY", "latency_min"),
    ("MEAN_LATENCY", "latency_mean"),
    ("P50_LATENCY", "latency_p50"),
    ("P90_LATENCY", "latency_p90"),
    ("P99_LATENCY", "latency_p99"),
    ("MAX_LATENCY", "latency_max"),
    ("STDDEV_LATENCY", "latency_stddev"),
)
_RATES = (("LOCAL_SEND_THROUGHPUT", "sent"), ("REMOTE_RECV_THROUGHPUT", "received"))
_RETRANSMITS = (("LOCAL_TRANSPORT_RETRANS", "local"), ("REMOTE_TRANSPORT_RETRANS", "remote"))
_CPU = (("LOCAL_CPU_UTIL", "local"), ("REMOTE_CPU_UTIL", "remote"))
_FACTS = ("PROTOCOL", "DIRECTION", "REQUEST_SIZE", "RESPONSE_SIZE", "LOCAL_SEND_SIZE", "BURST_SIZE", "COMMAND_LINE")
_TEST = re.compile(r"-t\s*([A-Za-z_]+)")
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
        "remote recv throughput": "REMOTE_RECV_THROUGHPUT",
        "local transport retransmissions": "LOCAL_TRANSPORT_RETRANS",
        "remote transport retransmissions": "REMOTE_TRANSPORT_RETRANS",
        "local cpu util %": "LOCAL_CPU_UTIL",
        "remote cpu util %": "REMOTE_CPU_UTIL",
        "local send size": "LOCAL_SEND_SIZE",
        "request size bytes": "REQUEST_SIZE",
        "response size bytes": "RESPONSE_SIZE",
        "initial burst requests": "BURST_SIZE",
        "protocol": "PROTOCOL",
        "direction": "DIRECTION",
        "command line": "COMMAND_LINE",
    }
)


def find(text: str, file: str) -> tuple[tuple[Result, ...], str]:
    """Return the results of all keyval and CSV outputs, and the text without them; ForeignError for a broken one."""
    lines = text.split("\n")
    results = [*_keyval(lines, file), *_csv(lines, file)]
    return tuple(sorted(results, key=lambda each: each.line)), "\n".join(lines)


def _keyval(lines: list[str], file: str) -> Iterator[Result]:
    """Yield a result for each group of KEY=value lines; a key that comes again begins the next."""
    group: dict[str, str] = {}
    first, last = 0, 0
    for at, line in enumerate(lines):
        found = _KEYVAL.match(line)
        if found is None or line.lstrip().startswith("NETPERF_"):
            continue
        if found[1] in group and _KEYS & group.keys():
            yield _result(group, Place(file, first + 1), Place(file, last + 1), "omni keyval")
            group = {}
        if not group:
            first = at
        group[found[1]], last = found[2].strip().strip('"'), at
        lines[at] = ""
    if _KEYS & group.keys():
        yield _result(group, Place(file, first + 1), Place(file, last + 1), "omni keyval")


def _key(heading: str) -> str:
    """Return the key that a heading of a CSV stands for; releases put the unit of time differently."""
    words = " ".join(heading.lower().split())
    return "ELAPSED_TIME" if words.startswith("elapsed time") else _HEADERS.get(words, heading.strip())


def _csv(lines: list[str], file: str) -> Iterator[Result]:
    """Yield a result for each row below a header that names a throughput or a rate of transactions."""
    header: list[str] = []
    for at, line in enumerate(lines):
        cells = next(csv.reader([line]), []) if "," in line else []
        names = [_key(cell) for cell in cells]
        if {"THROUGHPUT", "TRANSACTION_RATE", "MEAN_LATENCY"} & {*names}:
            header, lines[at] = names, ""
        elif header and cells:
            lines[at] = ""
            place = Place(file, at + 1)
            if len(cells) != len(header):
                raise place.refusal(f"the CSV row has {len(cells)} cells, its header {len(header)}: it is cut off")
            yield _result(dict(zip(header, cells, strict=True)), place, place, "omni CSV")
        elif line.strip():
            header = []


def _result(values: Mapping[str, str], begin: Place, last: Place, format_: str) -> Result:
    rates = {key for key in values if key in {"THROUGHPUT", "TRANSACTION_RATE", *(key for key, _ in _RATES)}}
    for key in (*rates, "ELAPSED_TIME"):
        if key in values and figure(values[key]) is None and values[key].strip() not in {"-1", "-1.00"}:
            raise last.refusal(f"netperf's {key} is {values[key][:30]!r}, which is no figure")
    figures = tuple(_figures(values, last))
    command = word(values.get("COMMAND_LINE")) or ""
    test = _TEST.search(command)
    protocol, direction = values.get("PROTOCOL", ""), values.get("DIRECTION", "")
    notes = ["netperf's output does not say its version"]
    if not figures and "THROUGHPUT" in values:
        raise last.refusal(
            "there is a THROUGHPUT without THROUGHPUT_UNITS: it cannot be told what it is of",
            "ask netperf for both: -- -k THROUGHPUT,THROUGHPUT_UNITS",
        )
    return Result(
        tool="netperf",
        version=None,
        format=format_,
        title=test[1].upper() if test else " ".join(part for part in (protocol, direction) if part) or "omni",
        line=begin.line,
        figures=figures,
        facts={key.lower(): said for key in _FACTS if (said := word(values.get(key)))},
        seconds=figure(values.get("ELAPSED_TIME")) or None,
        notes=tuple(notes),
        problem=None
        if any(each.value for each in figures if each.unit in {"1/s", "bit/s", "s"})
        else "nothing was transferred",
    )


def _figures(values: Mapping[str, str], place: Place) -> Iterator[Figure]:
    unit_said = values.get("THROUGHPUT_UNITS", "")
    unit = bits_per_second(unit_said)
    rate = figure(values.get("TRANSACTION_RATE"))
    if unit_said and unit is None and not unit_said.startswith("Trans"):
        raise place.refusal(f"netperf's THROUGHPUT_UNITS are {unit_said[:30]!r}, which is no unit we know")
    if rate is None and unit_said.startswith("Trans"):
        rate = figure(values.get("THROUGHPUT"))
    if rate is not None and not (unit and rate == 0):
        yield Figure(
            "transactions", rate, "1/s", "", "TRANSACTION_RATE" if "TRANSACTION_RATE" in values else "THROUGHPUT"
        )
    if unit:
        if (taken := figure(values.get("THROUGHPUT"))) is not None:
            yield Figure("goodput", taken * unit, "bit/s", "", f"THROUGHPUT in {unit_said}")
        for key, part in _RATES:
            if (taken := figure(values.get(key))) is not None:
                yield Figure("goodput", taken * unit, "bit/s", part, f"{key} in {unit_said}")
    for key, name in _MICROSECONDS:
        if taken := figure(
            values.get(key)
        ):  # 0 and -1: netperf was built without its histogram, or no request was answered
            yield Figure(name, taken / 1e6, "s", "", f"{key}, µs")
    for key, part in _RETRANSMITS:
        if (taken := figure(values.get(key))) is not None:
            yield Figure("retransmits", taken, "1", part, key)
    for key, part in _CPU:
        if taken := figure(values.get(key)):
            yield Figure("cpu", taken / 100, "1", part, f"{key}, %")
