"""A series → points and gaps of one SVG line, so that a page needs no script to show it. Pure."""

from dataclasses import dataclass

from pvbench.history.nouns import Series

WIDTH, HEIGHT, EDGE = 720, 200, 8


@dataclass(frozen=True)
class Line:
    """What is drawn: `runs` of adjacent nights as SVG points, and the ends of both axes."""

    runs: tuple[str, ...]
    low: float
    high: float


def line(series: Series) -> Line | None:
    """Return a series' line, broken where nothing was measured; None where nothing ever was."""
    values = [point.value for point in series.points]
    there = [value for value in values if value is not None]
    if not there:
        return None
    low, high = min(there), max(there)
    across = (WIDTH - 2 * EDGE) / max(1, len(values) - 1)
    up = (HEIGHT - 2 * EDGE) / ((high - low) or 1)
    runs: list[list[str]] = [[]]
    for at, value in enumerate(values):
        if value is None:
            runs.append([])
        else:
            runs[-1].append(f"{EDGE + at * across:.1f},{HEIGHT - EDGE - (value - low) * up:.1f}")
    return Line(tuple(" ".join(each if len(each) > 1 else each * 2) for each in runs if each), low, high)
