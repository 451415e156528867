"""What a value may look like: each shape reads a node or raises a located error, and prints its JSON Schema.

Slightly over 300 lines, since both halves of every shape stand side by side and are compared that way.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Any, Protocol

from pvbench.errors import PvbenchError
from pvbench.yaml_schema.tree import Node, Scalar, Sequence, Table, nearest, parse, shown

JsonSchema = dict[str, Any]

_PLAIN_SHARE = re.compile(r"0(\.[0-9]{1,9})?|1(\.0{1,9})?")
_PLAIN_INTEGER = re.compile(r"-?(0|[1-9][0-9]{0,17})")


class Shape(Protocol):
    """What a value may look like."""

    def read(self, node: Node) -> Any:
        """Return the value; raises the source's error, located, if the node is not of this shape."""
        ...

    def schema(self) -> JsonSchema:
        """Return the JSON Schema of the same shape."""
        ...


def scalar(node: Node, wanted: str) -> Scalar:
    """Return the node if it is one word; raises the error that says what was wanted and what is there."""
    if isinstance(node, Scalar) and node.tag != "null":
        return node
    raise node.problem(f"expected {wanted}, found {_described(node)}")


def _article(noun: str) -> str:
    return "an" if noun[0] in "aeiou" else "a"


def _described(node: Node) -> str:
    if isinstance(node, Table):
        return "a mapping"
    if isinstance(node, Sequence):
        return "a list"
    return "nothing" if isinstance(node, Scalar) and node.tag == "null" else "a word"


@dataclass(frozen=True)
class Const:
    """The one whole number that a schema version may be."""

    value: int

    def read(self, node: Node) -> int:
        """Return the number."""
        found = scalar(node, f"{self.value}")
        if found.text != str(self.value) or found.tag != "int":
            raise node.problem(f"schema {shown(found.text)} is not known; this pvbench reads {self.value}")
        return self.value

    def schema(self) -> JsonSchema:
        """Return a const."""
        return {"const": self.value}


@dataclass(frozen=True)
class Choice:
    """One of a few words; `noun` is what messages call it. `aliases` are further spellings, as (alias, word)."""

    noun: str
    words: tuple[str, ...]
    aliases: tuple[tuple[str, str], ...] = ()

    def read(self, node: Node) -> str:
        """Return the word."""
        found = scalar(node, f"{_article(self.noun)} {self.noun}")
        meant = dict(self.aliases).get(found.text, found.text)
        if meant in self.words:
            return meant
        raise node.problem(f"no {self.noun} '{shown(found.text)}'{nearest(found.text, self.words)}")

    def schema(self) -> JsonSchema:
        """Return an enum."""
        return {"enum": [*self.words, *dict(self.aliases)]}


@dataclass(frozen=True)
class Text:
    """A text that fits a pattern (of what Python and ECMAScript share), is short enough and not refused."""

    noun: str
    pattern: str
    rule: str
    longest: int = 255
    refused: frozenset[str] = frozenset()

    def read(self, node: Node) -> str:
        """Return the text."""
        found = scalar(node, f"{_article(self.noun)} {self.noun}")
        if found.tag != "str":
            kind = {"bool": "yes or no", "timestamp": "a date"}.get(found.tag, "a number")
            raise node.problem(f"YAML reads '{shown(found.text)}' as {kind}; put it in quotes")
        if len(found.text) > self.longest:
            raise node.problem(
                f"{_article(self.noun)} {self.noun} has at most {self.longest} characters, not {len(found.text)}"
            )
        if not re.fullmatch(self.pattern, found.text) or found.text in self.refused:
            raise node.problem(f"'{shown(found.text)}' is no {self.noun}: {self.rule}")
        return found.text

    def schema(self) -> JsonSchema:
        """Return a string with its pattern."""
        schema: JsonSchema = {"type": "string", "pattern": f"^(?:{self.pattern})$", "maxLength": self.longest}
        return {**schema, "not": {"enum": sorted(self.refused)}} if self.refused else schema


@dataclass(frozen=True)
class Whole:
    """A whole number within bounds, both included."""

    least: int
    most: int

    def read(self, node: Node) -> int:
        """Return the number."""
        found = scalar(node, "a whole number")
        if found.tag != "int" or not _PLAIN_INTEGER.fullmatch(found.text):
            raise node.problem(f"expected a whole number, found '{shown(found.text)}'")
        number = int(found.text)
        if not self.least <= number <= self.most:
            raise node.problem(f"{number} is out of range; {self.least} to {self.most}")
        return number

    def schema(self) -> JsonSchema:
        """Return an integer with its bounds."""
        return {"type": "integer", "minimum": self.least, "maximum": self.most}


@dataclass(frozen=True)
class Share:
    """A number from 0 to 1."""

    def read(self, node: Node) -> float:
        """Return the number."""
        found = scalar(node, "a share from 0 to 1")
        if found.tag not in ("int", "float") or not _PLAIN_SHARE.fullmatch(found.text):
            raise node.problem(f"expected a share from 0 to 1, such as 0.2, found '{shown(found.text)}'")
        return float(found.text)

    def schema(self) -> JsonSchema:
        """Return a number with its bounds."""
        return {"type": "number", "minimum": 0, "maximum": 1}


@dataclass(frozen=True)
class Few:
    """One of a few whole numbers; `noun` is what messages call it."""

    noun: str
    numbers: tuple[int, ...]

    def read(self, node: Node) -> int:
        """Return the number."""
        found = scalar(node, "a whole number")
        if found.text not in map(str, self.numbers):
            known = ", ".join(map(str, self.numbers))
            raise node.problem(f"'{shown(found.text)}' is no {self.noun}; one of {known}")
        return int(found.text)

    def schema(self) -> JsonSchema:
        """Return an enum."""
        return {"enum": list(self.numbers)}


@dataclass(frozen=True)
class Flag:
    """`true` or `false`."""

    def read(self, node: Node) -> bool:
        """Return the truth value."""
        found = scalar(node, "true or false")
        if found.tag != "bool" or found.text not in ("true", "false"):
            raise node.problem(f"expected true or false, found '{shown(found.text)}'")
        return found.text == "true"

    def schema(self) -> JsonSchema:
        """Return a boolean."""
        return {"type": "boolean"}


@dataclass(frozen=True)
class Listed:
    """A list of at least one value, none twice; `example` is shown where something else is found."""

    item: Shape
    example: str

    def read(self, node: Node) -> tuple[Any, ...]:
        """Return the values in the order of the text."""
        if not isinstance(node, Sequence):
            raise node.problem(f"expected a list such as {self.example}, found {_described(node)}")
        if not node.items:
            raise node.problem(f"an empty list; expected one such as {self.example}")
        values: dict[str, Any] = {}
        for item in node.items:
            value = self.item.read(item)
            if repr(value) in values:
                said = f"'{shown(item.text)}'" if isinstance(item, Scalar) else "the same"
                raise item.problem(f"{said} is in this list twice")
            values[repr(value)] = value
        return tuple(values.values())

    def schema(self) -> JsonSchema:
        """Return an array."""
        return {"type": "array", "items": self.item.schema(), "minItems": 1, "uniqueItems": True}


@dataclass(frozen=True)
class Swept:
    """One value, or a list of values each of which is measured."""

    item: Shape

    def read(self, node: Node) -> tuple[Any, ...]:
        """Return the values; one value is a tuple of one."""
        if isinstance(node, Sequence):
            return Listed(self.item, "[A, B]").read(node)
        return (self.item.read(node),)

    def schema(self) -> JsonSchema:
        """Return the item's schema or an array of it."""
        return {"anyOf": [self.item.schema(), Listed(self.item, "").schema()]}


@dataclass(frozen=True)
class Field:
    """A key of a mapping: what it holds and means; `default` is YAML text, read where the key is left out."""

    shape: Shape
    about: str
    required: bool = False
    default: str | None = None

    def missing(self) -> Any:
        """Return what the value is where the key is left out; None if there is no default."""
        return None if self.default is None else self.shape.read(_constant(self.default))

    def schema(self) -> JsonSchema:
        """Return the shape's schema with description and default."""
        schema = {**self.shape.schema(), "description": self.about}
        if isinstance(self.shape, Keyed) or self.default is None:
            return schema
        return {**schema, "default": _plain(_constant(self.default))}


@cache
def _constant(text: str) -> Node:
    return parse(text, name="default", error=PvbenchError)


def _plain(node: Node) -> Any:
    if not isinstance(node, Scalar):
        raise TypeError("a default is one word, or of a shape of its own")
    return {"true": True, "false": False}.get(node.text, int(node.text) if node.tag == "int" else node.text)


@dataclass(frozen=True)
class Keyed:
    """A mapping with known keys; `noun` is what messages call it."""

    noun: str
    fields: Mapping[str, Field]
    least: int = field(default=0, kw_only=True)

    def read(self, node: Node) -> dict[str, Any]:
        """Return a value for every known key: read, by default, or None."""
        table = _table(node, f"{self.noun} with {', '.join(self.fields)}")
        for key, _ in table.entries:
            if key.text not in self.fields:
                raise key.problem(f"unknown key '{shown(key.text)}' in {self.noun}{nearest(key.text, self.fields)}")
        for name, known in self.fields.items():
            if known.required and table.get(name) is None:
                raise node.problem(f"'{name}' is missing in {self.noun}")
        if len(table.entries) < self.least:
            raise node.problem(f"{self.noun} is empty; one of {', '.join(self.fields)} belongs here")
        values: dict[str, Any] = dict.fromkeys(self.fields)
        values |= {key.text: self.fields[key.text].shape.read(value) for key, value in table.entries}
        return values | {name: known.missing() for name, known in self.fields.items() if table.get(name) is None}

    def schema(self) -> JsonSchema:
        """Return an object that allows nothing else."""
        schema: JsonSchema = {
            "type": "object",
            "additionalProperties": False,
            "properties": {name: known.schema() for name, known in self.fields.items()},
        }
        if required := [name for name, known in self.fields.items() if known.required]:
            schema["required"] = required
        return {**schema, "minProperties": self.least} if self.least else schema


@dataclass(frozen=True)
class Named:
    """A mapping from names to values of one shape; `noun` is what messages call it."""

    noun: str
    name: Text
    shape: Shape

    def read(self, node: Node) -> dict[str, Any]:
        """Return the values by name, in the order of the text."""
        table = _table(node, f"{self.noun}: a name for each, with its settings below it")
        if not table.entries:
            raise node.problem(f"{self.noun} is empty")
        return {self.name.read(key): self.shape.read(value) for key, value in table.entries}

    def schema(self) -> JsonSchema:
        """Return an object whose property names have a pattern."""
        return {
            "type": "object",
            "minProperties": 1,
            "propertyNames": self.name.schema(),
            "additionalProperties": self.shape.schema(),
        }


@dataclass(frozen=True)
class OneOf:
    """A mapping with exactly one of a few keys, which says what its value is."""

    noun: str
    shapes: Mapping[str, Shape]

    def read(self, node: Node) -> tuple[str, Any]:
        """Return the key and the value."""
        table = _table(node, f"{self.noun}: one of {', '.join(self.shapes)}")
        for key, value in table.entries[:1]:
            if key.text not in self.shapes:
                raise key.problem(f"no {self.noun} '{shown(key.text)}'{nearest(key.text, self.shapes)}")
            if len(table.entries) > 1:
                raise table.entries[1][0].problem(
                    f"'{shown(table.entries[1][0].text)}' begins a second {self.noun}; each has its own '-'"
                )
            return key.text, self.shapes[key.text].read(value)
        raise node.problem(f"expected one of {', '.join(self.shapes)}, found nothing")

    def schema(self) -> JsonSchema:
        """Return an object with exactly one property."""
        return {
            "type": "object",
            "additionalProperties": False,
            "minProperties": 1,
            "maxProperties": 1,
            "properties": {name: shape.schema() for name, shape in self.shapes.items()},
        }


def _table(node: Node, wanted: str) -> Table:
    if isinstance(node, Table):
        return node
    raise node.problem(f"expected {wanted}, found {_described(node)}")
