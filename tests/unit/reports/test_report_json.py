"""docs/report-json.md names every object of a report as JSON, with all fields and their types, and no others."""

import json
import re
from collections.abc import Iterator
from dataclasses import fields, is_dataclass
from pathlib import Path
from types import NoneType, UnionType
from typing import Any, get_args, get_origin, get_type_hints

from pvbench.reports import comparison, json_page
from pvbench.reports.page import ComparisonPage
from pvbench.reports.several.page import RunsPage

DOCUMENTED = (Path(__file__).parents[3] / "docs/report-json.md").read_text(encoding="utf-8")
WORDS = {str: "text", int: "integer", float: "number", bool: "true or false", NoneType: "null"}


def type_in_words(kind: Any) -> str:
    if kind in WORDS:
        return WORDS[kind]
    if get_origin(kind) is UnionType:
        return " or ".join(map(type_in_words, get_args(kind)))
    if get_origin(kind) is tuple:
        return f"[{', '.join(type_in_words(each) for each in get_args(kind) if each is not Ellipsis)}]"
    return "text" if issubclass(kind, str) else str(kind.__name__)


def objects(kind: Any) -> Iterator[type[Any]]:
    """Yield the dataclasses that a type is made of, itself first, some of them again and again."""
    if is_dataclass(kind) and isinstance(kind, type):
        yield kind
        for each in get_type_hints(kind).values():
            yield from objects(each)
    for each in get_args(kind):
        yield from objects(each)


def documented() -> dict[str, list[tuple[str, str]]]:
    sections = re.findall(r"^### (\w+)\n(.*?)(?=^### |\Z)", DOCUMENTED, re.MULTILINE | re.DOTALL)
    return {name: re.findall(r"^\| `(\w+)` \| (.*?) \| .+ \|$", body, re.MULTILINE) for name, body in sections}


def test_every_object_is_documented_with_its_fields_and_their_types_in_order() -> None:
    nouns = dict.fromkeys([*objects(ComparisonPage), *objects(RunsPage)])
    hints = {noun: get_type_hints(noun) for noun in nouns}

    there = {
        noun.__name__: [(field.name, type_in_words(hints[noun][field.name])) for field in fields(noun)]
        for noun in nouns
    }

    assert there == documented()


def test_what_is_written_has_the_documented_names(run: Any) -> None:
    read = json.loads(json_page.render(comparison.build(run.manifest, run.trials)))
    names = {name for rows in documented().values() for name, _ in rows}
    top = set(re.findall(r"^\| `(\w+)` \| [^|]+ \|$", DOCUMENTED, re.MULTILINE))

    assert set(read) == top
    assert set(read["page"]) == {name for name, _ in documented()["ComparisonPage"]}
    assert set(keys(read["page"])) <= names


def keys(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        yield from value
    for each in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        yield from keys(each)
