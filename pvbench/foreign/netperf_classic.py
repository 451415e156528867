"""netperf's classic tables: streams, MAERTS, datagrams, request/response and connect tests, by their headers."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from pvbench.errors import ForeignError
from pvbench.foreign.netperf_sections import Section
from pvbench.foreign.netperf_units import bits_per_second
from pvbench.foreign.nouns import Figure, Result
from pvbench.foreign.values import figure, word

_NUMBERS = re.compile(r"^\s*-?\d[\d.eE+-]*(?:\s+-?[\d.][\d.eE+-]*)*\s*$")
_NUMBER = re.compile(r"-?\d*\.?\d+(?:[eE][+-]?\d+)?")
_NOISE = re.compile(
    r"^\s*(?:Interim result:|$|!!!|\^\[|\^C|catcher:|netperf: |[-=#*/ ]+$|Testing with the following|.*\bnetperf\b"
    r"|.*WARNING|.*[Cc]onfidence|.*[Rr]esult may)"
)
_FAILED = re.compile(r"error|refused|could not|unable|failed|unreachable|timed out|reset by|no response", re.IGNORECASE)
_AFTER = re.compile(r"^\s*(?:Alignment|Maximum|Histogram)")


@dataclass(frozen=True)
class Row:
    """A line of figures: where it stands in its section, and what they are."""

    at: int
    cells: tuple[float, ...]


def results(section: Section) -> Iterator[Result | ForeignError]:
    """Yield a result for each row of the table, or why there is none."""
    rows = _rows(section)
    if not rows:
        yield _without(section)
        return
    header = " ".join(line for line in section.lines[1 : rows[0].at] if not _NOISE.match(line))
    test = section.test or ""
    step = 2 if test.startswith(("UDP", "DG")) and not test.endswith(("RR", "CC")) else 1
    width = len(rows[0].cells)
    for count in range(0, len(rows), step):
        if len(rows[count].cells) != width:
            continue
        try:
            yield _result(section, test, header, rows[count : count + step])
        except ForeignError as error:
            yield error


def _rows(section: Section) -> list[Row]:
    """Return the rows of figures of the table itself, without those of the tables that -v 2 puts below."""
    rows: list[Row] = []
    for at, line in enumerate(section.lines):
        if not at or _NOISE.match(line):
            continue
        if _NUMBERS.match(line) and len(line.split()) > 1:
            rows.append(Row(at, tuple(float(cell) for cell in line.split() if _NUMBER.fullmatch(cell))))
        elif rows and (_AFTER.match(line) or not _NUMBERS.match(line)):
            break
    answers = (section.test or "").endswith(("RR", "CC"))
    return [row for row in rows if len(row.cells) > 2] if answers else rows


def _without(section: Section) -> ForeignError:
    """Return why a banner has no row of figures."""
    failed = next((line for line in section.lines[1:] if _FAILED.search(line)), None)
    if failed:
        return section.place(0).refusal(f"netperf's {section.test} has no figures but says: {word(failed)}")
    bare = next((at for at, line in enumerate(section.lines) if at and _NUMBER.fullmatch(line.strip())), None)
    if bare is not None:
        return section.place(bare).refusal(
            f"netperf's {section.test} has one figure and no header (-v 0): its unit is not told", "leave -v 0 out"
        )
    last = max((at for at, line in enumerate(section.lines) if line.strip()), default=0)
    return section.place(last).refusal(
        f"netperf's {section.test}, begun in line {section.first}, has no row of figures: "
        "it is cut off here, or its rows are not netperf's"
    )


def _result(section: Section, test: str, header: str, rows: Sequence[Row]) -> Result:
    if test.endswith(("RR", "CC")):
        figures, seconds = _transactions(section, test, header, rows[0])
    elif test.startswith(("UDP", "DG")):
        figures, seconds = _datagrams(section, header, rows)
    else:
        figures, seconds = _stream(section, test, header, rows[0])
    if odd := next((each for each in figures if figure(each.value) is None), None):
        raise section.place(rows[0].at).refusal(f"{odd.source} is {odd.value:g}, which no test comes to")
    rates = [each.value for each in figures if each.name in {"goodput", "transactions"}]
    return Result(
        tool="netperf",
        version=None,
        format="classic, migrated to omni" if section.migrated else "classic",
        title=test,
        line=section.first if rows[0].at < 20 else section.first + rows[0].at,
        figures=figures,
        seconds=seconds,
        notes=section.notes(),
        problem=None if any(rates) else "nothing was transferred",
    )


def _stream(section: Section, test: str, header: str, row: Row) -> tuple[tuple[Figure, ...], float]:
    """Read "recv socket, send socket, message, seconds, throughput", and after it both ends' CPU."""
    _of_width(section, row, test, (5, 9), "its throughput is the fifth")
    rate = Figure("goodput", row.cells[4] * _unit(section, header, row), "bit/s", "received", "column Throughput")
    return (rate, *_cpu(row.cells[5:7])), row.cells[3]


def _datagrams(section: Section, header: str, rows: Sequence[Row]) -> tuple[tuple[Figure, ...], float]:
    """Read two rows: what was sent (socket, message, seconds, okay, errors, rate), and what arrived."""
    sent = rows[0].cells
    _of_width(section, rows[0], "UDP_STREAM", (6, 8), "what was sent is the sixth")
    if len(rows) < 2 or len(received := rows[1].cells) not in (4, 6):
        raise section.place(rows[0].at + 1).refusal(
            "UDP_STREAM has no second row: what arrived is not told, and what was sent is no result"
        )
    unit, seconds = _unit(section, header, rows[0]), sent[2]
    figures = [
        Figure("goodput", sent[5] * unit, "bit/s", "sent", "first row, column Throughput"),
        Figure("goodput", received[3] * unit, "bit/s", "received", "second row, column Throughput"),
        Figure("datagrams", sent[3], "1", "sent", "first row, column Okay"),
        Figure("datagrams", received[2], "1", "received", "second row, column Okay"),
    ]
    if sent[3]:
        share = max(0.0, 1 - received[2] / sent[3])
        figures.append(Figure("lost_share", share, "1", "received", "1 - okay received / okay sent"))
    if received[1]:
        figures.append(Figure("packets", received[2] / received[1], "1/s", "received", "okay received / seconds"))
    return (*figures, *_cpu((*sent[6:7], *received[4:5]))), seconds


def _transactions(section: Section, test: str, header: str, row: Row) -> tuple[tuple[Figure, ...], float]:
    """Read "send socket, recv socket, request, response, seconds, rate", and after it both ends' CPU."""
    _of_width(section, row, test, (6, 10), "its rate is the sixth")
    if "Trans" in header or "per sec" in header:
        rate = Figure("transactions", row.cells[5], "1/s", "", "column Trans. Rate")
    else:  # -f with a unit of data: what both directions moved, and no rate
        rate = Figure("goodput", row.cells[5] * _unit(section, header, row), "bit/s", "both ways", "column Throughput")
    return (rate, *_cpu(row.cells[6:8])), row.cells[4]


def _of_width(section: Section, row: Row, test: str, widths: tuple[int, int], which: str) -> None:
    """Raise ForeignError unless a row has as many figures as its table has columns, without CPU or with it."""
    if len(row.cells) not in widths:
        raise section.place(row.at).refusal(
            f"a row of {test} has {len(row.cells)} figures, where {which} of {widths[0]}, or of {widths[1]} with CPU"
        )


def _cpu(shares: Sequence[float]) -> tuple[Figure, ...]:
    """Return the CPU of both ends; -1 and 0 are not measured."""
    parts = zip(("local", "remote"), shares, strict=False)
    return tuple(Figure("cpu", share / 100, "1", part, "column CPU, %") for part, share in parts if share > 0)


def _unit(section: Section, header: str, row: Row) -> float:
    unit = bits_per_second(header)
    if unit is None:
        raise section.place(row.at).refusal(
            "no unit of throughput is in netperf's header: it cannot be told what the figures are",
            "keep netperf's header (without -P 0), or use its -k",
        )
    return unit
