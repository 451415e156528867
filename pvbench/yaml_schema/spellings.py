"""What a unit that is not known may mean: each reading of a wrong spelling, as its exact factor in base units. Pure."""

import re
from collections.abc import Iterator
from fractions import Fraction

Readings = tuple[Fraction, ...]

_AMOUNT = re.compile(
    r"(?:(?P<name>kilo|mega|giga|tera|kibi|mebi|gibi|tebi)|(?P<letter>[kmgt])(?P<binary>i?))?"
    r"(?P<unit>bytes?|bits?|b)?",
    re.IGNORECASE,
)
_PER_SECOND = re.compile(r"(?P<amount>.+?)(?P<per> ?(?:/ ?s(?:ec|ecs|econd)?|ps|per second|s))?", re.IGNORECASE)
_EXPONENT = {"k": 1, "m": 2, "g": 3, "t": 4}
_SECONDS = {
    "ns nsec nsecs nanosecond nanoseconds": Fraction(1, 10**9),
    "us µs μs usec usecs microsecond microseconds": Fraction(1, 10**6),
    "ms msec msecs millis millisecond milliseconds": Fraction(1, 1000),
    "s sec secs second seconds": Fraction(1),
    "m mn min mins minute minutes": Fraction(60),
    "h hr hrs hour hours": Fraction(3600),
    "d day days": Fraction(24 * 3600),
    "w week weeks": Fraction(7 * 24 * 3600),
}
_DURATION = {word: factor for words, factor in _SECONDS.items() for word in words.split()}


def of_size(word: str) -> Readings:
    """Return what a word may mean in bytes: Kb is 1000 or 1024 bytes, and 1000 bits to those who mind the case."""
    if not word:
        return Fraction(1), Fraction(1024)
    match = _AMOUNT.fullmatch(word)
    return _distinct(_bytes(match)) if match else ()


def of_rate(word: str) -> Readings:
    """Return what a word may mean in bit/s: MB/s is eight Mbit/s; M, mb/s and MBPS are told in bits and in bytes."""
    if not word:
        return Fraction(10**6), Fraction(1)
    match = _PER_SECOND.fullmatch(word)
    amount = _AMOUNT.fullmatch(match["amount"]) if match else None
    return _distinct(_bits(amount, word)) if amount else ()


def of_duration(word: str) -> Readings:
    """Return what a word means in seconds."""
    if not word:
        return Fraction(1), Fraction(1, 1000)
    factor = _DURATION.get(word.lower())
    return () if factor is None else (factor,)


def of_percentage(word: str) -> Readings:
    """Return what a word means as a ratio: 0.05 without a unit may be 5 %."""
    if not word:
        return Fraction(1, 100), Fraction(1)
    factors = {"percent": Fraction(1, 100), "pct": Fraction(1, 100), "pc": Fraction(1, 100), "‰": Fraction(1, 1000)}
    factor = factors.get(word.lower())
    return () if factor is None else (factor,)


def _bytes(amount: re.Match[str]) -> Iterator[Fraction]:
    powers = _powers(amount)
    unit = amount["unit"] or "B"
    if not unit.startswith("bit"):
        yield from powers
    if unit == "b" or unit.lower().startswith("bit"):
        yield from (power / 8 for power in (powers if amount["binary"] else powers[-1:]))


def _bits(amount: re.Match[str], word: str) -> Iterator[Fraction]:
    powers = _powers(amount) if amount["letter"] == "K" and amount["unit"] == "B" else _powers(amount)[-1:]
    unit = amount["unit"] or ""
    # Who writes all in one case does not tell bits from bytes by it.
    careless = not unit or (len(unit) == 1 and amount["letter"] and (word.isupper() or amount["letter"] in "mgt"))
    if careless or (unit == "b" or unit.lower().startswith("bit")):
        yield from powers
    if careless or (unit == "B" or unit.lower().startswith("byte")):
        yield from (power * 8 for power in powers)


def _powers(amount: re.Match[str]) -> Readings:
    """Return what a prefix multiplies by, the decimal reading last."""
    name, letter = amount["name"], amount["letter"]
    if not (name or letter):
        return (Fraction(1),)
    exponent = _EXPONENT[(name or letter)[0].lower()]
    binary, decimal = Fraction(1024**exponent), Fraction(1000**exponent)
    if name:
        return (binary,) if name.lower().endswith("bi") else (decimal,)
    if amount["binary"]:
        return (binary,)
    return (decimal,) if letter in "kMGT" and amount["unit"] not in (None, "b") else (binary, decimal)


def _distinct(factors: Iterator[Fraction]) -> Readings:
    return tuple(dict.fromkeys(factors))
