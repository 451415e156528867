"""fio's terse lines, versions 2 to 5: fields in order, KiB/s and microseconds, checked against their layout."""

import re
from collections.abc import Iterator, Sequence

from pvbench.errors import ForeignError
from pvbench.foreign.fio_json import percentile
from pvbench.foreign.nouns import Figure, Place, Result, Taken
from pvbench.foreign.values import figure, word

_LINE = re.compile(r"(?:^|(?<=[\s:>+]))(?P<version>[2-5]);(?=[^;\n]*;)[^\n]*;[^\n]*", re.MULTILINE)
_PERCENTILE = re.compile(r"(\d+(?:\.\d+)?)%=(\d+)$")
_HEAD = {2: 4, 3: 5, 4: 5, 5: 5}
"""Fields before the first direction: version 2 does not say fio's own version."""
_DIRECTIONS = {
    2: ("read", "write", "trim"),
    3: ("read", "write"),
    4: ("read", "write", "trim"),
    5: ("read", "write", "trim"),
}
_WIDTH = {2: 41, 3: 41, 4: 41, 5: 47}
_KIB, _MICROSECOND = 1024, 1e-6
_TIMES = ((4, "submission_latency"), (8, "completion_latency"), (32, "latency"))
"""Where in a direction the four statistics of each latency begin; 20 percentiles lie between the last two."""
_FIRST_PERCENTILE, _PERCENTILE_COUNT = 12, 20


def find(text: str, file: str) -> Taken:
    """Return the results of all terse lines; a line of another layout is refused beside the others."""
    results: list[Result] = []
    refused: list[ForeignError] = []
    for found in _LINE.finditer(text):
        column = found.start() - text.rfind("\n", 0, found.start())
        place = Place(file, text.count("\n", 0, found.start()) + 1, column)
        try:
            results.append(_result(found[0].strip(), place))
        except ForeignError as error:
            refused.append(error)
    return Taken(tuple(results), tuple(refused), _LINE.sub("", text))


def _result(line: str, place: Place) -> Result:
    cells = line.split(";")
    version = int(cells[0])
    parts = _parts(cells, version, place)
    name_at = 1 if version == 2 else 2
    figures = tuple(each for part, row in parts for each in _figures(row, part))
    if not figures:
        problem: str | None = "no I/O was done"
    else:
        problem = None
    if (error := figure(cells[name_at + 2])) is None:
        raise place.refusal(f"field {name_at + 3} of the terse line, fio's error, is no number")
    if error:
        problem = f"fio says that the job ended with error {error:.0f}"
    times = [taken / 1000 for _, row in parts if (taken := figure(row[3]))]
    return Result(
        tool="fio",
        version=None if version == 2 else (word(cells[1]) or "").removeprefix("fio-") or None,
        format=f"terse v{version}",
        title=word(cells[name_at]) or "job without a name",
        line=place.line,
        figures=figures,
        facts={"groupid": word(cells[name_at + 1]) or ""},
        seconds=max(times, default=None),
        notes=("rates are whole KiB/s, and latencies microseconds: terse output rounds them",),
        problem=problem,
    )


def _parts(cells: Sequence[str], version: int, place: Place) -> list[tuple[str, Sequence[str]]]:
    """Return each direction's fields. Raises ForeignError where the line is short or a field is of another kind."""
    head, width, names = _HEAD[version], _WIDTH[version], _DIRECTIONS[version]
    if len(cells) < head + width * len(names):
        raise place.refusal(
            f"the terse line (version {version}) has {len(cells)} fields, where {head + width * len(names)} stand for "
            f"{', '.join(names)}: it is cut off"
        )
    parts = []
    for count, name in enumerate(names):
        begin = head + count * width
        row = cells[begin : begin + width]
        for at in range(width):
            percentile = _FIRST_PERCENTILE <= at < _FIRST_PERCENTILE + _PERCENTILE_COUNT
            cell = row[at].strip()
            good = (
                _PERCENTILE.match(cell) if percentile else re.fullmatch(r"-?(?:[\d.]+(?:e[+-]?\d+)?|nan|inf)%?", cell)
            )
            if not good:
                raise place.refusal(
                    f"field {begin + at + 1} of the terse line (version {version}) is {cell[:30]!r}, where "
                    f"{'a percentile' if percentile else 'a number'} of {name} belongs"
                )
        parts.append((name, row))
    return parts


def _figures(row: Sequence[str], part: str) -> Iterator[Figure]:
    moved, rate, iops = (figure(cell) for cell in row[:3])
    if not moved and not iops:
        return
    if rate is not None:
        yield Figure("throughput", rate * _KIB, "B/s", part, "terse, KiB/s")
    if iops is not None:
        yield Figure("iops", iops, "1/s", part, "terse")
    if moved is not None:
        yield Figure("bytes", moved * _KIB, "B", part, "terse, KiB")
    for begin, name in _TIMES:
        if not figure(row[begin + 1]):
            continue
        for at, stat in enumerate(("min", "max", "mean", "stddev")):
            if (value := figure(row[begin + at])) is not None:
                yield Figure(f"{name}_{stat}", value * _MICROSECOND, "s", part, "terse, µs")
    if not figure(row[_TIMES[1][0] + 1]):
        return  # no completion latency was taken, and its percentiles are written as 0 all the same
    for cell in row[_FIRST_PERCENTILE : _FIRST_PERCENTILE + _PERCENTILE_COUNT]:
        told = _PERCENTILE.match(cell.strip())
        if told and (suffix := percentile(float(told[1]))):
            yield Figure(f"completion_latency_{suffix}", float(told[2]) * _MICROSECOND, "s", part, "terse, µs")
