"""Text → tree. Everything YAML allows and a settings file does not need (anchors, tags, merges) is an error."""

import codecs
import difflib
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

import yaml

from pvbench.errors import PvbenchError, UsageError

# A matrix is a page and an inventory a few; PyYAML needs about a second for each 100 kB.
MAX_CHARACTERS = 200_000
MAX_DEPTH = 16
_SHOWN = 40

_PLAIN_WORDS = {
    "could not find expected ':'": "expected 'key: value'",
    "mapping values are not allowed here": "a second ':' here; is the indentation right?",
    "found unexpected end of stream": "the text ends inside quotes",
    "expected <block end>": "the indentation does not match the lines above",
    "expected '<document start>'": "this does not go on with what is above; is the indentation right?",
    "expected ',' or '}'": "a '{' is not closed, or a ',' is missing",
    "expected ',' or ']'": "a '[' is not closed, or a ',' is missing",
    "that cannot start any token": "this character needs quotes around the text",
    "expected the node content": "a value is missing",
}
_NEVER_CLOSED = ("unexpected end of stream", "expected ',' or")


@dataclass(frozen=True)
class Source:
    """Where text came from, and the error to raise for it."""

    name: str
    error: type[PvbenchError]

    def problem(self, line: int, column: int, what: str) -> PvbenchError:
        """Return the error, to be raised, for a place; both numbers count from 1."""
        return self.error(what, place=f"{shown(self.name, 200)}:{line}:{column}")


@dataclass(frozen=True)
class Node:
    """A value and its place in the text; line and column count from 1."""

    source: Source = field(repr=False)
    line: int
    column: int

    def problem(self, what: str) -> PvbenchError:
        """Return the error, to be raised, for this place."""
        return self.source.problem(self.line, self.column, what)


@dataclass(frozen=True)
class Scalar(Node):
    """One word or number as it was written; `tag` is YAML 1.1's name of its type: str, int, float, bool, null, …"""

    text: str
    tag: str


@dataclass(frozen=True)
class Sequence(Node):
    """A list."""

    items: tuple[Node, ...]


@dataclass(frozen=True)
class Table(Node):
    """Keys and values in the order of the text, no key twice."""

    entries: tuple[tuple[Scalar, Node], ...]

    def get(self, key: str) -> Node | None:
        """Return the value of a key, if it is there."""
        return next((value for name, value in self.entries if name.text == key), None)

    def key(self, key: str) -> Scalar | None:
        """Return the key itself, if it is there."""
        return next((name for name, _ in self.entries if name.text == key), None)


def at(node: Node, *path: str | int) -> Node:
    """Return the node a path of keys and indices leads to, or the last one on the way that is in the text.

    An index into a scalar is passed over: where a list is allowed, one word means a list of one.
    """
    for step in path:
        below: Node | None = None
        if isinstance(step, str) and isinstance(node, Table):
            below = node.get(step)
        elif isinstance(step, int) and isinstance(node, Sequence):
            below = node.items[step]
        node = below or node
    return node


def at_key(node: Node, *path: str | int) -> Node:
    """Return the key at the end of a path, rather than what it holds; what is above it where that has no such key."""
    above, last = at(node, *path[:-1]), path[-1]
    return (above.key(last) if isinstance(above, Table) and isinstance(last, str) else None) or above


def nearest(word: str, known: Iterable[str]) -> str:
    """Return "; did you mean 'x'?" for the nearest known word, else "; one of …"."""
    words = list(known)
    folded = {name.lower(): name for name in reversed(words)}
    close = difflib.get_close_matches(word.lower()[:100], folded, n=1, cutoff=0.5)
    if close:
        return f"; did you mean '{folded[close[0]]}'?"
    return f"; one of {', '.join(words)}" if words else ""


def shown(text: str, limit: int = _SHOWN) -> str:
    """Return text fit for one line of a message: printable and short."""
    clean = "".join(char if char.isprintable() else "\N{REPLACEMENT CHARACTER}" for char in text[: limit + 1])
    return clean if len(text) <= limit else clean[:limit] + "…"


def decode(data: bytes, name: str, error: type[PvbenchError] = UsageError) -> str:
    """Return the text of a file's bytes, which must be UTF-8; raises `error` at the first byte that is not."""
    source = Source(name, error)
    if data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        raise source.problem(1, 1, "the file is UTF-16; save it as UTF-8")
    data = data.removeprefix(codecs.BOM_UTF8)
    try:
        return data.decode()
    except UnicodeDecodeError as err:
        what = f"byte 0x{data[err.start]:02x} is not UTF-8; save it as UTF-8"
        raise _problem_after(source, data[: err.start].decode(), what) from err


def parse(text: str, *, name: str, error: type[PvbenchError]) -> Node:
    """Return the one document of a YAML text; raises `error`, located, for anything else."""
    source = Source(name, error)
    text = text.removeprefix("\ufeff")
    if len(text) > MAX_CHARACTERS:
        raise source.problem(1, 1, f"{len(text)} characters; at most {MAX_CHARACTERS} are read")
    try:
        loader = yaml.SafeLoader(text)
    except yaml.reader.ReaderError as err:
        what = f"character U+{ord(text[err.position]):04X} is not allowed"
        raise _problem_after(source, text[: err.position], what) from err
    try:
        return _Builder(source, loader).document()
    except yaml.MarkedYAMLError as err:
        raise _syntax_problem(source, text, err) from err
    except (ValueError, OverflowError) as err:
        # PyYAML lets chr() and int() raise on escapes and directives that are out of range.
        mark = loader.get_mark()
        raise source.problem(mark.line + 1, mark.column + 1, "not YAML: a number is out of range") from err


def _problem_after(source: Source, before: str, what: str) -> PvbenchError:
    return source.problem(before.count("\n") + 1, len(before) - (before.rfind("\n") + 1) + 1, what)


def _syntax_problem(source: Source, text: str, err: yaml.MarkedYAMLError) -> PvbenchError:
    problem = err.problem or "not YAML"
    # What was never closed is best looked for where it was opened.
    opened = err.context_mark if any(words in problem for words in _NEVER_CLOSED) else None
    mark = opened or err.problem_mark or err.context_mark
    if mark is None:
        return source.problem(1, 1, "not YAML")
    lines = text.split("\n")
    line = lines[mark.line] if mark.line < len(lines) else ""
    indent = line[: len(line) - len(line.lstrip())]
    if "\t" in indent or line[mark.column : mark.column + 1] == "\t":
        column = line.find("\t") if "\t" in indent else mark.column
        return source.problem(mark.line + 1, column + 1, "a tab; YAML indents with spaces")
    plain = next((words for known, words in _PLAIN_WORDS.items() if known in problem), problem)
    return source.problem(mark.line + 1, mark.column + 1, f"not YAML: {shown(plain, 120)}")


class _Builder:
    """Builds the tree from events, so that aliases and depth are refused before anything is expanded."""

    def __init__(self, source: Source, loader: Any) -> None:
        self._source = source
        self._loader = loader

    def document(self) -> Node:
        self._loader.get_event()
        if self._loader.check_event(yaml.StreamEndEvent):
            raise self._source.problem(1, 1, "the file is empty; it begins with 'schema: 1'")
        self._loader.get_event()
        root = self._node(0)
        self._loader.get_event()
        event = self._loader.get_event()
        if not isinstance(event, yaml.StreamEndEvent):
            raise self._problem(event, "a second document begins here; keep one in a file")
        return root

    def _problem(self, event: Any, what: str) -> PvbenchError:
        return self._source.problem(event.start_mark.line + 1, event.start_mark.column + 1, what)

    def _node(self, depth: int) -> Node:
        event = self._loader.get_event()
        if isinstance(event, yaml.AliasEvent) or getattr(event, "anchor", None) is not None:
            raise self._problem(event, "anchors and aliases (& and *) are not read; write the value out")
        if getattr(event, "tag", None) is not None:
            raise self._problem(event, "tags (!) are not read; write the plain value")
        if depth > MAX_DEPTH:
            raise self._problem(event, f"nested more than {MAX_DEPTH} levels deep")
        place = (self._source, event.start_mark.line + 1, event.start_mark.column + 1)
        if isinstance(event, yaml.MappingStartEvent):
            return Table(*place, tuple(self._entries(depth)))
        if isinstance(event, yaml.SequenceStartEvent):
            items = []
            while not self._loader.check_event(yaml.SequenceEndEvent):
                items.append(self._node(depth + 1))
            self._loader.get_event()
            return Sequence(*place, tuple(items))
        if not event.value.isprintable():
            raise self._problem(event, "a line break or another character that cannot be printed is in this text")
        tag = self._loader.resolve(yaml.ScalarNode, event.value, event.implicit)
        return Scalar(*place, event.value, tag.rpartition(":")[2])

    def _entries(self, depth: int) -> Iterable[tuple[Scalar, Node]]:
        seen: dict[str, int] = {}
        while not self._loader.check_event(yaml.MappingEndEvent):
            key = self._node(depth + 1)
            if not isinstance(key, Scalar):
                raise key.problem("a key is one word, not a list or a mapping")
            if key.tag == "merge":
                raise key.problem("merges (<<) are not read; write the keys out")
            if key.tag != "str":
                raise key.problem(f"the key '{shown(key.text)}' is read as {key.tag}; put it in quotes")
            if key.text in seen:
                raise key.problem(f"'{shown(key.text)}' is here twice; the first is in line {seen[key.text]}")
            seen[key.text] = key.line
            yield key, self._node(depth + 1)
        self._loader.get_event()
