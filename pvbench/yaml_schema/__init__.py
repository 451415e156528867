"""YAML text in which every value knows its line and column, and the shapes it may have.

Plain code rather than pydantic: one table of shapes both reads the text and prints its JSON Schema, so the two cannot
disagree, and a value that may be one or a list of many gets one message instead of one for each branch of a union.
"""

from pvbench.yaml_schema.shapes import (
    Choice,
    Const,
    Few,
    Field,
    Flag,
    Keyed,
    Listed,
    Named,
    OneOf,
    Shape,
    Share,
    Swept,
    Text,
    Whole,
)
from pvbench.yaml_schema.tree import Node, Scalar, Sequence, Table, at, at_key, decode, nearest, parse, shown
from pvbench.yaml_schema.units import DURATION, PERCENT, RATE, SIZE, WHOLE_SECONDS, Quantity, RateOrUnlimited

__all__ = [
    "DURATION",
    "PERCENT",
    "RATE",
    "SIZE",
    "WHOLE_SECONDS",
    "Choice",
    "Const",
    "Few",
    "Field",
    "Flag",
    "Keyed",
    "Listed",
    "Named",
    "Node",
    "OneOf",
    "Quantity",
    "RateOrUnlimited",
    "Scalar",
    "Sequence",
    "Shape",
    "Share",
    "Swept",
    "Table",
    "Text",
    "Whole",
    "at",
    "at_key",
    "decode",
    "nearest",
    "parse",
    "shown",
]
