"""Quantities with their unit, 4KiB, 10Mbit/s, 500ms, and what they are in base units: bytes, bit/s, seconds."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from fractions import Fraction
from types import MappingProxyType

from pvbench.yaml_schema import spellings
from pvbench.yaml_schema.shapes import JsonSchema, scalar
from pvbench.yaml_schema.tree import Node, Scalar, shown

_NUMBER = r"(?:0|[1-9][0-9]{0,11})"
_FRACTION = r"(?:\.[0-9]{1,9})?"
_WRITTEN = re.compile(rf"({_NUMBER}{_FRACTION}) ?((?![0-9.]).*)")


@dataclass(frozen=True)
class Quantity:
    """A number and its unit, no space or one between them; the value is in base units.

    `readings` gives what a unit that is not known may mean, in base units: what is offered instead is never off by a
    factor. Without `fractions` the number is whole, and so is the value. A value that is whole is an int, so that
    1s and 1000ms are the same.
    """

    noun: str
    example: str
    units: Mapping[str, Fraction]
    readings: Callable[[str], spellings.Readings]
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
            raise node.problem(f"'{shown(found.text)}'{self._unit_problem(number, unit.strip())}")
        if "." in number and not self.fractions:
            raise node.problem(f"'{found.text}' is not whole; write a whole number and a unit, like {self.example}")
        self._check(found, value := Fraction(number) * self.units[unit])
        return int(value) if value.denominator == 1 else float(value)

    def schema(self) -> JsonSchema:
        """Return a string with its pattern; the bounds are said in words."""
        units = "|".join(re.escape(unit) for unit in self.units)
        number = _NUMBER + (_FRACTION if self.fractions else "")
        bounds = f"{self.spelt(self.least)} to {self.spelt(self.most)}"
        steps = "" if self.step is None else f", a multiple of {self.spelt(self.step)}"
        return {"type": "string", "pattern": f"^{number} ?(?:{units})$", "$comment": bounds + steps}

    def _exact(self, text: str) -> Fraction:
        number, unit = _WRITTEN.fullmatch(text).groups()  # type: ignore[union-attr]
        return Fraction(number) * self.units[unit]

    def _unit_problem(self, number: str, unit: str) -> str:
        meant = [Fraction(number) * factor for factor in (self.readings(unit) if unit else self._likely(number))]
        offered = list(dict.fromkeys(text for value in meant if (text := self._written(value, number))))
        problem = " has no unit" if not unit else f" has no known unit '{shown(unit)}'"
        if offered:
            return f"{problem}; did you mean {' or '.join(map(repr, offered))}?"
        if not unit:
            return f"{problem}; write it like {self.example}"
        if meant and not self.fractions:
            return f" is not whole; write a whole number and a unit, like {self.example}"
        return f": '{shown(unit)}' is not a unit of a {self.noun}; one of {', '.join(self.units)}"

    def _likely(self, number: str) -> list[Fraction]:
        """Return the units that may be missing: the usual ones, else any, as far as they give what is in range."""
        for units in (self.readings(""), self.units.values()):
            if fitting := [unit for unit in units if self.least <= Fraction(number) * unit <= self.most]:
                return fitting
        return []

    def _written(self, value: Fraction, like: str) -> str | None:
        """Return how to write exactly this value: with the number as it was, else whole, else short; None where not."""
        ways = []
        for unit, factor in self.units.items():
            whole, rest = divmod(value / factor, 1)
            number = f"{whole}.{int(rest * 10**9):09}".rstrip("0").rstrip(".")
            if (
                Fraction(number) * factor == value
                and (self.fractions or not rest)
                and _WRITTEN.fullmatch(number + unit)
            ):
                ways.append((number != like, bool(rest), len(number), number + unit))
        fits = self.step is None or value % self.step == 0
        return min(ways)[-1] if ways and fits else None

    def _check(self, node: Scalar, value: Fraction) -> None:
        if not self.least <= value <= self.most:
            raise node.problem(f"'{node.text}' is out of range; {self.spelt(self.least)} to {self.spelt(self.most)}")
        if self.step is not None and value % self.step:
            raise node.problem(f"'{node.text}' is not a multiple of {self.spelt(self.step)}")

    def spelt(self, value: Fraction | float) -> str:
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


SIZE = Quantity(
    "size",
    "4KiB",
    _table(B=1, kB=10**3, KiB=2**10, MB=10**6, MiB=2**20, GB=10**9, GiB=2**30, TiB=2**40),
    spellings.of_size,
    most=Fraction(2**50),
    step=Fraction(1),
)

RATE = Quantity(
    "rate",
    "10Mbit/s",
    _table(**{"bit/s": 1, "kbit/s": 10**3, "Mbit/s": 10**6, "Gbit/s": 10**9}),
    spellings.of_rate,
    step=Fraction(1),
)

DURATION = Quantity(
    "duration",
    "5s",
    _table(ms=Fraction(1, 1000), s=1, m=60, h=3600),
    spellings.of_duration,
    most=Fraction(24 * 3600),
)

PERCENT = Quantity(
    "percentage",
    "5%",
    _table(**{"%": Fraction(1, 100)}),
    spellings.of_percentage,
    most=Fraction(10),
)

# For tools whose options take seconds as integers.
WHOLE_SECONDS = replace(DURATION, noun="duration in whole seconds", units=_table(s=1, m=60, h=3600), fractions=False)
