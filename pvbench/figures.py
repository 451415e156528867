"""Numbers → what a person reads: three significant digits, units, ratios, intervals, durations, sizes, counts."""

import math
from collections.abc import Callable

NOT_MEASURED = "not measured"
DIGITS = 3

Steps = tuple[tuple[float, str], ...]
"""The sizes of a quantity's units in its base unit, from small to large, with their names."""

BYTES: Steps = ((1, "B"), (1e3, "kB"), (1e6, "MB"), (1e9, "GB"), (1e12, "TB"))
BITS: Steps = ((1, "bit"), (1e3, "kbit"), (1e6, "Mbit"), (1e9, "Gbit"), (1e12, "Tbit"))
SECONDS: Steps = ((1e-9, "ns"), (1e-6, "µs"), (1e-3, "ms"), (1, "s"))
THOUSANDS: Steps = ((1, ""), (1e3, "k"), (1e6, "M"), (1e9, "G"))

_PLAIN_WITH_SEPARATOR = 100_000
"""Below this a plain number is written out (12,300), from here on it is shortened (123k)."""

_BINARY = ((1 << 40, "TiB"), (1 << 30, "GiB"), (1 << 20, "MiB"), (1 << 10, "KiB"))


def significant(number: float, digits: int = DIGITS) -> str:
    """Return a number with so many significant digits, thousands separated, never in exponent form."""
    if number == 0:
        return "0"
    if math.isinf(number):  # made of figures from elsewhere, each of which is finite
        return "∞" if number > 0 else "-∞"
    places = digits - 1 - math.floor(math.log10(abs(number)))
    rounded = round(number, places)
    if rounded != 0:  # 9.999 has become 10.0: one place fewer
        places = digits - 1 - math.floor(math.log10(abs(rounded)))
    return f"{rounded:,.{max(places, 0)}f}"


def scaled(number: float, steps: Steps, suffix: str = "") -> str:
    """Return a number of base units in the unit that suits it: 1.23 MB/s, 475 µs."""
    if number == 0:
        return f"0 {steps[0][1] if steps[0][0] == 1 else 's'}{suffix}"
    size, name = step_of(number, steps)
    return f"{significant(number / size)} {name}{suffix}"


def step_of(number: float, steps: Steps) -> tuple[float, str]:
    """Return the unit that suits a number of base units: its size in them, and its name."""
    chosen = steps[0]
    for step in steps:
        # Compared after rounding: 999.7 kB/s is 1.00 MB/s, not 1,000 kB/s.
        if float(f"{abs(number) / step[0]:.{DIGITS}g}") >= 1:
            chosen = step
    return chosen


def plain(number: float) -> str:
    """Return a number without a unit: 122, 2,290, 123k."""
    if abs(number) < _PLAIN_WITH_SEPARATOR:
        return significant(number)
    return scaled(number, THOUSANDS).replace(" ", "")


FARTHEST = 10_000
"""No device is so many times faster than another: an end of an interval beyond it, or its inverse, bounds nothing."""


def ratio(point: float, times: str = "×") -> str:
    """Return a ratio: 16×, 2.1×, 1.02×, 0.063×."""
    return _ratio_digits(point) + times


def interval(low: float, high: float) -> str:
    """Return an interval of a ratio, rounded outward, so that no end looks better than it is: [12, 21].

    Where nothing bounds the ratio to speak of, an end says so instead of its digits: [<0.0001, 21].
    """
    bottom = f"<{1 / FARTHEST:.4f}" if low < 1 / FARTHEST <= high else _outward(low, math.floor)
    top = f">{FARTHEST:,}" if high > FARTHEST >= low else _outward(high, math.ceil)
    return f"[{bottom}, {top}]"


def duration(seconds: float | None) -> str:
    """Return a duration: 350 ms, 5 s, 1 min 23 s, 2 h 03 min."""
    if seconds is None:
        return NOT_MEASURED
    if 0 < seconds < 0.0005:
        return "< 1 ms"
    if seconds < 0.9995:
        return f"{round(seconds * 1000)} ms"
    if seconds < 59.5:
        return f"{significant(seconds, 2) if seconds < 9.95 else round(seconds)} s".replace(".0 s", " s")
    minutes, rest = divmod(round(seconds), 60)
    if minutes < 60:
        return f"{minutes} min {rest:02d} s"
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes:02d} min"


def brief(seconds: float) -> str:
    """Return a short time to two significant digits: 14 µs, 1.1 ms, 31 ms, 2.3 s."""
    for unit, name in ((1.0, "s"), (1e-3, "ms"), (1e-6, "µs")):
        if seconds >= 0.995 * unit:
            return f"{significant(seconds / unit, 2)} {name}"
    return f"{seconds * 1e9:.0f} ns"


def size(size_bytes: float | None) -> str:
    """Return a size in binary units: 4 KiB, 1.5 GiB; sizes of files and memory, not rates."""
    if size_bytes is None:
        return NOT_MEASURED
    for unit, name in _BINARY:
        if size_bytes >= unit:
            return f"{significant(size_bytes / unit).removesuffix('.00').removesuffix('.0')} {name}"
    return f"{size_bytes:.0f} B"


def share(portion: float | None) -> str:
    """Return a share of 0 to 1 in percent, rounded down, so that 99.96 % is never shown as all."""
    if portion is None:
        return NOT_MEASURED
    return f"{math.floor(portion * 1000) / 10:.1f} %".replace(".0 %", " %")


def part(share_of_time: float) -> str:
    """Return a share of time in whole percent: 87 %. Clocks are read one after another: no share is above 100 %."""
    return f"{min(share_of_time, 1.0) * 100:.0f} %"


def count(number: int, noun: str, plural: str | None = None) -> str:
    """Return "1 block", "3 blocks", "12,000 trials"."""
    return f"{number:,} {noun if number == 1 else plural or noun + 's'}"


def _ratio_digits(point: float) -> str:
    if 0.8 <= point < 1.995:
        return f"{point:.2f}"
    return significant(point, 2)


def _outward(end: float, towards: Callable[[float], int]) -> str:
    digits = 2 if not 0.8 <= end < 1.995 else 3 if end >= 1 else 2
    places = digits - 1 - math.floor(math.log10(end))
    # An end that is a rounding error away from a short number is that number: 21 stays 21, not 22.
    scaled = end * 10.0**places
    nearest = round(scaled)
    whole = nearest if math.isclose(scaled, nearest, rel_tol=1e-12) else towards(scaled)
    if whole == 10**digits:
        places -= 1
        whole //= 10
    return f"{whole / 10.0**places:,.{max(places, 0)}f}"
