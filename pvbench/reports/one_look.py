"""Comparisons of one block → what they saw, in words that claim no more: ratios without an interval."""

from collections.abc import Sequence

from pvbench import figures as fmt
from pvbench.reports.page import Row

_WHERE = {"block": "on disks", "net": "on networks"}


def is_one_look(rows: Sequence[Row]) -> bool:
    """Return whether the comparisons that have a ratio rest on one unit of each arm, none with an interval."""
    seen = [row for row in rows if row.point]
    return bool(seen) and all(row.low is None and row.units == 1 for row in seen)


def one_look(rows: Sequence[Row], against: str) -> str:
    """Return "In one look, without an interval: 16 to 22× on disks, 40 to 150× on networks".

    `against` says what is compared with what, and stands there unless paravirtualised devices are with emulated ones;
    where some comparisons are of that kind, they alone are told.
    """
    crossing = [row for row in rows if row.point and _crosses(row)]
    chosen = crossing or [row for row in rows if row.point]
    whose = "" if crossing else f", {against}"
    kinds = dict.fromkeys(row.kind for row in chosen)
    said = [
        " ".join(filter(None, (_span([row for row in chosen if row.kind == kind]), _WHERE.get(kind, ""))))
        for kind in kinds
    ]
    return f"In one look, without an interval{whose}: {', '.join(said)}"


def _crosses(row: Row) -> bool:
    return row.factor == "device" and row.candidate.io_path == "PV" and row.baseline.io_path == "emulated"


def _span(rows: Sequence[Row]) -> str:
    """Return the range of ratios, in the direction that a reader thinks in: "16 to 22×", "1.5 to 3.0× slower"."""
    ordered = sorted(rows, key=lambda row: row.point or 0.0)
    points = [row.point for row in ordered if row.point]
    bounds = [row.bound for row in ordered]
    if points[0] >= 1:
        return _range(points, bounds)
    if points[-1] <= 1:
        turned = {"≥": "≤", "≤": "≥"}
        return f"{_range([1 / point for point in points[::-1]], [turned.get(b, b) for b in bounds[::-1]])} slower"
    slower = f"{_worded({'≥': '≤', '≤': '≥'}.get(bounds[0], ''))}{fmt.ratio(1 / points[0])}"
    return f"from {slower} slower to {_worded(bounds[-1])}{fmt.ratio(points[-1])} faster"


def _range(points: Sequence[float], bounds: Sequence[str]) -> str:
    low, high = fmt.ratio(points[0], ""), fmt.ratio(points[-1], "")
    if low == high:
        return f"{_worded(bounds[0])}{low}×"
    return f"{_worded(bounds[0])}{low} to {_worded(bounds[-1])}{high}×"


def _worded(bound: str) -> str:
    return {"≥": "at least ", "≤": "at most "}.get(bound, "")
