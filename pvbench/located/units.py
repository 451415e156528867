"""Quantities with their unit, 4KiB, 10Mbit/s, 500ms, and what they are in base units: bytes, bit/s, seconds."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from fractions import Fraction
from types import MappingProxyType

from pvbench.located.shapes import JsonSchema, scalar
from pvbench.located.tree import Node, Scalar, nearest, shown

_NUMBER = r"(?:0|[1-9][0-9]{0,11})"
_FRACTION = r"(?:\.[0-9]{1,9})?"
_WRITTEN = re.compile(rf"({_NUMBER}{_FRACTION}) ?((?![0-9.]).*)")


@dataclass(frozen=True)
class Quantity:
    """A number and its unit, no space or one between them; the value is in base units.

    `slips` are what people write for a unit and what they may have meant. Without `fractions` the number is whole, and
    so is the value. A value that is whole is an int, so that 1s and 1000ms are the same.
    """

    noun: str
    example: str
    units: Mapping[str, Fraction]
    slips: Mapping[str, tuple[str, ...]]
    least: Fraction = Fraction(0)
    most: Fraction = Fraction(10**12)
    step: Fraction | None = None
    fractions: bool = True

    def between(self, least: str, most: str, step: str | None = None) -> "Quantity":
        """Return the same quantity with bounds, both included, and the step of which it is a multiple."""
        exact = [self._exact(text) for text in (least, most)]
        return replace(self, least=exact[0], most=exact[1], step=None if step is None else self._exact(step))

    def read(self, node: Node) -> int | float:
        """Return the value in base units."""
        found = scalar(node, f"a {self.noun} such as {self.example}")
        match = _WRITTEN.fullmatch(found.text)
        if match is None:
            raise node.problem(f"'{shown(found.text)}' is not a {self.noun}; write it like {self.example}")
        number, unit = match.groups()
        if unit not in self.units:
            raise node.problem(f"'{shown(found.text)}'{self._unit_problem(number, unit)}")
        if "." in number and not self.fractions:
            raise node.problem(f"'{found.text}' is not whole; write a whole number and a unit, like {self.example}")
        self._check(found, value := Fraction(number) * self.units[unit])
        return int(value) if value.denominator == 1 else float(value)

    def schema(self) -> JsonSchema:
        """Return a string with its pattern; the bounds are said in words."""
        units = "|".join(re.escape(unit) for unit in self.units)
        number = _NUMBER + (_FRACTION if self.fractions else "")
        bounds = f"{self.told(self.least)} to {self.told(self.most)}"
        steps = "" if self.step is None else f", a multiple of {self.told(self.step)}"
        return {"type": "string", "pattern": f"^{number} ?(?:{units})$", "$comment": bounds + steps}

    def _exact(self, text: str) -> Fraction:
        number, unit = _WRITTEN.fullmatch(text).groups()  # type: ignore[union-attr]
        return Fraction(number) * self.units[unit]

    def _unit_problem(self, number: str, unit: str) -> str:
        meant = [known for known in self.slips.get(unit.strip().lower(), ()) if known in self.units]
        if not meant:
            return f": '{shown(unit)}' is not a unit of a {self.noun}{nearest(unit, self.units)}"
        missing = " has no unit" if not unit.strip() else f" has no known unit '{shown(unit.strip())}'"
        return f"{missing}; did you mean {' or '.join(repr(number + known) for known in meant)}?"

    def _check(self, found: Scalar, value: Fraction) -> None:
        if not self.least <= value <= self.most:
            raise found.problem(f"'{found.text}' is out of range; {self.told(self.least)} to {self.told(self.most)}")
        if self.step is not None and value % self.step:
            raise found.problem(f"'{found.text}' is not a multiple of {self.told(self.step)}")

    def told(self, value: Fraction | float) -> str:
        """Return a value in the largest unit in which it is whole."""
        value = Fraction(value)
        fitting = [unit for unit, factor in self.units.items() if value and (value / factor).denominator == 1]
        unit = max(fitting, key=lambda unit: self.units[unit], default=next(iter(self.units)))
        return f"{float(value / self.units[unit]):.12g}{unit}"


@dataclass(frozen=True)
class RateOrUnlimited:
    """A rate, or the word `unlimited`, which is 0."""

    rate: Quantity

    def read(self, node: Node) -> int | float:
        """Return the rate; 0 for unlimited."""
        if isinstance(node, Scalar) and node.text == "unlimited":
            return 0
        return self.rate.read(node)

    def schema(self) -> JsonSchema:
        """Return the word or the rate's schema."""
        return {"anyOf": [{"const": "unlimited"}, self.rate.schema()]}


def _table(**units: Fraction | int) -> Mapping[str, Fraction]:
    return MappingProxyType({name: Fraction(factor) for name, factor in units.items()})


def _slips(bare: str, **meant: str) -> Mapping[str, tuple[str, ...]]:
    """Return slip → units that may have been meant, from units → slips, all blank-separated."""
    slips = {slip: tuple(units.split()) for units, written in meant.items() for slip in written.split()}
    return MappingProxyType({"": tuple(bare.split()), **slips})


SIZE = Quantity(
    "size",
    "4KiB",
    _table(B=1, kB=10**3, KiB=2**10, MB=10**6, MiB=2**20, GB=10**9, GiB=2**30, TiB=2**40),
    _slips(
        "B KiB",
        **{"KiB kB": "k kb", "MiB MB": "m mb", "GiB GB": "g gb", "KiB": "ki kib", "MiB": "mi mib", "GiB": "gi gib"},
        TiB="t tb ti tib",
        B="b byte bytes",
    ),
    most=Fraction(2**50),
    step=Fraction(1),
)

RATE = Quantity(
    "rate",
    "10Mbit/s",
    _table(**{"bit/s": 1, "kbit/s": 10**3, "Mbit/s": 10**6, "Gbit/s": 10**9}),
    _slips(
        "Mbit/s bit/s",
        **{"bit/s": "bit bps b/s", "kbit/s": "k kbit kbps kbit/s", "Mbit/s": "m mbit mbps mbit/s"},
        **{"Gbit/s": "g gbit gbps gbit/s"},
    ),
    step=Fraction(1),
)

DURATION = Quantity(
    "duration",
    "5s",
    _table(ms=Fraction(1, 1000), s=1, m=60, h=3600),
    _slips("s ms", s="sec secs second seconds", m="min mins minute minutes", h="hour hours", ms="msec msecs"),
    most=Fraction(24 * 3600),
)

PERCENT = Quantity(
    "percentage",
    "5%",
    _table(**{"%": Fraction(1, 100)}),
    _slips("%", **{"%": "percent pc"}),
    most=Fraction(10),
)

# For tools whose options take seconds as integers.
WHOLE_SECONDS = replace(DURATION, noun="duration in whole seconds", units=_table(s=1, m=60, h=3600), fractions=False)
