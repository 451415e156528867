"""What `pvbench history` prints: the nights, the series, and the values of one."""

import csv
import io
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

from pvbench import figures as fmt
from pvbench.columns import columns
from pvbench.history.nouns import Night, Point, Role, Series, Side
from pvbench.printable import clean, guarded

NONE = "–"
POINT = ("night", "run", "value", "low", "high", "units", "environment", "reason")
"""The columns of a value, for programs, besides those of its series."""


def nights(every: Sequence[Night]) -> str:
    """Return a line a night, oldest first."""
    rows = [("NIGHT", "RUN", "MATRIX", "MEASURED", "WHAT", "FIGURES")]
    rows += [
        (
            each.night,
            each.run_id,
            each.matrix or NONE,
            f"{each.measured} of {each.expected}",
            (f"again {each.again}" if each.role is Role.AGAIN else str(each.role))
            + ("" if each.rows_kept else ", no rows"),
            ", ".join(each.labels) or NONE,
        )
        for each in every
    ]
    return columns(rows)


def night_data(night: Night) -> dict[str, Any]:
    """Return a night for programs."""
    return asdict(night) | {"environments": dict(night.environments)}


def series(every: Sequence[Series], known: Mapping[str, Night]) -> str:
    """Return a line a series, with how many nights have a value, without looks again, and the last one that has."""
    rows = [("SERIES", "HOST", "WHAT", "WORKLOAD", "METRIC", "NIGHTS", "LAST")]
    for each in every:
        key, nights = each.key, [point for point in each.points if known[point.run_id].role is Role.NIGHT]
        there = [point for point in nights if point.value is not None]
        last = there[-1] if there else None
        rows.append(
            (
                key.id,
                key.host,
                f"{key.arm} ÷ {key.against}" if key.against else key.arm,
                key.workload,
                key.of.title,
                f"{len(there)} of {len(nights)}",
                f"{_value(each, last)} on {known[last.run_id].night}" if last else fmt.NOT_MEASURED,
            )
        )
    return _under(every, known) + columns(rows)


def values(one: Series, known: Mapping[str, Night]) -> str:
    """Return a line a night of one series; a change of the environment is marked where it came."""
    rows = [("NIGHT", "RUN", "VALUE", "INTERVAL", "UNITS", "REMARKS")]
    before = one.points[0].environment if one.points else ""
    for point in one.points:
        remarks = [point.reason] if point.reason else []
        remarks += ["another host, stack or guest image than before"] if point.environment != before else []
        remarks += [f"again {night.again}"] if (night := known[point.run_id]).role is Role.AGAIN else []
        before = point.environment
        ends = fmt.interval(point.low, point.high) if point.low is not None and point.high is not None else NONE
        units = NONE if point.units is None else str(point.units)
        rows.append((night.night, point.run_id, _value(one, point), ends, units, "; ".join(remarks)))
    better = f", above 1 where {clean(one.key.arm)} is better" if one.key.side is Side.RATIO else ""
    return f"{clean(one.key.title)}: {one.key.of.title}{better}\n{_under([one], known)}{columns(rows)}"


def series_data(one: Series, known: Mapping[str, Night], *, points: bool) -> dict[str, Any]:
    """Return a series for programs, with its values or how many there are."""
    there = sum(point.value is not None for point in one.points)
    own = {
        "id": one.key.id,
        **asdict(one.key),
        "unit": "1" if one.key.side is Side.RATIO else one.key.of.unit,
        "labels": list(_labels([one], known)),
        "expected": len(one.points),
        "measured": there,
    }
    return own | {"points": [_point(point, known) for point in one.points]} if points else own


def as_csv(every: Sequence[Series], known: Mapping[str, Night]) -> str:
    """Return a row a value of each series, under a row of names; what was not measured is an empty cell."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(["series", "host", "arm", "against", "workload", "metric", "unit", *POINT, "labels"])
    for one in every:
        key = one.key
        unit = "1" if key.side is Side.RATIO else key.of.unit
        names = [key.id, key.host, key.arm, key.against, key.workload, key.metric, unit]
        for point in one.points:
            cells = [*names, *_point(point, known).values(), "; ".join(known[point.run_id].labels)]
            writer.writerow([guarded(clean(cell)) if isinstance(cell, str) else cell for cell in cells])
    return out.getvalue()


def _point(point: Point, known: Mapping[str, Night]) -> dict[str, Any]:
    return {
        "night": known[point.run_id].night,
        "run": point.run_id,
        "value": point.value,
        "low": point.low,
        "high": point.high,
        "units": point.units,
        "environment": point.environment,
        "reason": point.reason,
    }


def _value(one: Series, point: Point) -> str:
    if point.value is None:
        return fmt.NOT_MEASURED
    return fmt.ratio(point.value) if one.key.side is Side.RATIO else one.key.of.text(point.value)


def _under(every: Sequence[Series], known: Mapping[str, Night]) -> str:
    """Return a line that says what figures are under, if there is anything to say."""
    words = _labels(every, known)
    return f"figures under {clean(', '.join(words))}\n" if words else ""


def _labels(every: Sequence[Series], known: Mapping[str, Night]) -> tuple[str, ...]:
    runs = dict.fromkeys(point.run_id for each in every for point in each.points)
    return tuple(dict.fromkeys(label for run_id in runs for label in known[run_id].labels))
