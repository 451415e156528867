"""netperf's classic tables: TCP_STREAM, TCP_MAERTS, UDP_STREAM and the request/response tests, with their headers."""

import itertools
import re
from collections.abc import Sequence

from pvbench.foreign.netperf_units import bits_per_second
from pvbench.foreign.nouns import Figure, Place, Result
from pvbench.foreign.values import word

_BANNER = re.compile(
    r"^.*?(?P<migrated>MIGRATED )?\b(?P<test>(?:TCP|UDP|SCTP|DCCP|STREAM|DG|XTI|OMNI)\b[A-Za-z0-9 /|-]*?)"
    r" TEST\b(?P<rest>.*)$"
)
_TITLES = (
    ("CONNECT/REQUEST", "CRR"),
    ("CONNECT REQUEST", "CRR"),
    ("REQUEST", "RR"),
    ("CONNECT", "CC"),
    ("MAERTS", "MAERTS"),
    ("UNIDIRECTIONAL", "STREAM"),
    ("SENDFILE", "SENDFILE"),
    ("STREAM", "STREAM"),
)
_NUMBERS = re.compile(r"^\s*-?\d[\d.eE+-]*(?:\s+-?[\d.][\d.eE+-]*)*\s*$")
_NOISE = re.compile(r"^\s*(?:Interim result:|$|!!!|\^\[|catcher:|netperf: |.*WARNING|.*[Cc]onfidence|.*[Rr]esult may)")
_MOST_LINES = 4000


def find(text: str, file: str) -> tuple[tuple[Result, ...], str]:
    """Return the result of every table under a banner, and the text without them; ForeignError where one is cut off."""
    lines = text.split("\n")
    banners = [at for at, line in enumerate(lines) if _classic(line)]
    results: list[Result] = []
    for at, end in itertools.pairwise([*banners, len(lines)]):
        last = min(end, at + _MOST_LINES)
        result, used = _table(lines[at:last], Place(file, at + 1))
        results.append(result)
        lines[at : at + used] = [""] * used
    return tuple(results), "\n".join(lines)


def _classic(line: str) -> bool:
    banner = _BANNER.match(line)
    return bool(
        banner and not banner["test"].startswith("OMNI") and (" from " in banner["rest"] or " to " in banner["rest"])
    )


def name_of(banner: str) -> str:
    """Return the test that a banner is of, as -t names it: TCP_RR."""
    found = _BANNER.match(banner)
    said = found["test"].upper() if found else ""
    kind = next((short for words, short in _TITLES if words in said), "STREAM")
    return f"{said.split()[0] if said else 'TCP'}_{kind}"


def _table(lines: Sequence[str], place: Place) -> tuple[Result, int]:
    """Return the result of a banner's lines, and how many of them it takes up."""
    test = name_of(lines[0])
    rows = [at for at, line in enumerate(lines) if at and _NUMBERS.match(line) and len(line.split()) > 1]
    begun = Place(place.file, place.line + len(lines) - 1)
    if not rows:
        failed = next(
            (line for line in lines[1:] if re.search(r"error|refused|could not|unable|failed", line, re.IGNORECASE)),
            None,
        )
        if failed:
            raise place.refusal(f"netperf's {test} has no figures but says: {word(failed)}")
        raise begun.refusal(f"netperf's {test}, begun in line {place.line}, has no row of figures: it is cut off here")
    header = " ".join(line for line in lines[1 : rows[0]] if not _NOISE.match(line))
    row_place = Place(place.file, place.line + rows[0])
    first = [float(cell) for cell in lines[rows[0]].split() if _is_number(cell)]
    second = [float(cell) for cell in lines[rows[1]].split() if _is_number(cell)] if len(rows) > 1 else []
    if test.endswith(("_RR", "_CRR", "_CC")):
        figures, seconds = _transactions(first, test, header, row_place)
    elif test.startswith(("UDP", "DG")):
        figures, seconds = _datagrams(first, second, header, row_place)
    else:
        figures, seconds = _stream(first, test, header, row_place)
    used = rows[1] + 1 if len(rows) > 1 and (test.startswith("UDP") or test.endswith("RR")) else rows[0] + 1
    return _result(test, place, figures, seconds, migrated="MIGRATED" in lines[0]), used


def _is_number(cell: str) -> bool:
    return re.fullmatch(r"-?\d*\.?\d+(?:[eE][+-]?\d+)?", cell) is not None


def _stream(row: Sequence[float], test: str, header: str, place: Place) -> tuple[tuple[Figure, ...], float]:
    """Read "recv socket, send socket, message, seconds, throughput"; CPU columns may follow."""
    if len(row) < 5:
        raise place.refusal(f"a row of {test} has {len(row)} figures, where its throughput is the fifth")
    unit = _unit(header, place)
    part = "received"
    return (Figure("goodput", row[4] * unit, "bit/s", part, "column Throughput"),), row[3]


def _datagrams(
    sent: Sequence[float], received: Sequence[float], header: str, place: Place
) -> tuple[tuple[Figure, ...], float]:
    """Read two rows: what was sent (socket, message, seconds, okay, errors, rate), and what arrived."""
    if len(sent) < 6:
        raise place.refusal(
            f"the sender's row of UDP_STREAM has {len(sent)} figures, where its throughput is the sixth"
        )
    if len(received) < 4:
        raise Place(place.file, place.line + 1).refusal(
            "UDP_STREAM has no second row: what arrived is not told, and what was sent is no result"
        )
    unit, seconds = _unit(header, place), sent[2]
    figures = [
        Figure("goodput", sent[5] * unit, "bit/s", "sent", "first row, column Throughput"),
        Figure("goodput", received[3] * unit, "bit/s", "received", "second row, column Throughput"),
        Figure("datagrams", sent[3], "1", "sent", "first row, column Okay"),
        Figure("datagrams", received[2], "1", "received", "second row, column Okay"),
    ]
    if sent[3]:
        figures.append(
            Figure("lost_share", max(0.0, 1 - received[2] / sent[3]), "1", "received", "1 - okay received / okay sent")
        )
    if received[1]:
        figures.append(Figure("packets", received[2] / received[1], "1/s", "received", "okay received / seconds"))
    return tuple(figures), seconds


def _transactions(row: Sequence[float], test: str, header: str, place: Place) -> tuple[tuple[Figure, ...], float]:
    """Read "send socket, recv socket, request, response, seconds, rate"; with -f in a unit of data it is no rate."""
    if len(row) < 6:
        raise place.refusal(f"a row of {test} has {len(row)} figures, where its rate is the sixth")
    if "Trans" not in header and "per sec" not in header:
        raise place.refusal(f"the header of {test} does not say that its rate is of transactions")
    figures = [Figure("transactions", row[5], "1/s", "", "column Trans. Rate")]
    return tuple(figures), row[4]


def _unit(header: str, place: Place) -> float:
    unit = bits_per_second(header)
    if unit is None:
        raise place.refusal(
            "no unit of throughput is in netperf's header: it cannot be told what the figures are",
            "keep netperf's header (without -P 0), or use its -k",
        )
    return unit


def _result(test: str, place: Place, figures: tuple[Figure, ...], seconds: float, *, migrated: bool) -> Result:
    return Result(
        tool="netperf",
        version=None,
        format="classic, migrated to omni" if migrated else "classic",
        title=test,
        line=place.line,
        figures=figures,
        seconds=seconds,
        notes=("netperf's output does not say its version",),
        problem=None if any(figure.value for figure in figures) else "nothing was transferred",
    )
