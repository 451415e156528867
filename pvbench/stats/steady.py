"""Whether a measurement was steady: checked after the fact, never adapted, so that both arms get the same time.

The shape is that of the SNIA Solid State Storage Performance Test Specification 2.0.2: over five windows the values
stay within 20 % of their mean, and the excursion of their least-squares line within 10 %.
"""

from collections.abc import Sequence
from statistics import fmean

WINDOWS = 5
RANGE, EXCURSION = 0.20, 0.10
"""Largest max − min, and largest rise or fall of the fitted line over the measurement, as shares of the mean."""


def unsteady(windows: Sequence[float]) -> str | None:
    """Return why a trial is unsteady, from the rates of equal parts of it in order; None if steady or not told.

    More than five windows are merged to five; what does not divide evenly is left out at the beginning.
    """
    size = len(windows) // WINDOWS
    if not size:
        return None
    kept = windows[len(windows) - size * WINDOWS :]
    values = [fmean(kept[start : start + size]) for start in range(0, len(kept), size)]
    mean = fmean(values)
    if mean <= 0:
        return "nothing moved"
    spread = (max(values) - min(values)) / mean
    excursion = abs(slope(values)) * (WINDOWS - 1) / mean
    said = []
    if spread > RANGE:
        said.append(f"five windows range over {spread:.0%} of their mean")
    if excursion > EXCURSION:
        said.append(f"their trend moves {excursion:.0%}")
    return ", ".join(said).replace("%", " %") or None


def slope(values: Sequence[float]) -> float:
    """Return the least-squares slope of values over their index."""
    middle, mean = (len(values) - 1) / 2, fmean(values)
    across = sum((index - middle) ** 2 for index in range(len(values)))
    return sum((index - middle) * (value - mean) for index, value in enumerate(values)) / across
