"""Text → the JSON documents in it, wherever each begins, and the text around them."""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from pvbench.errors import ForeignError
from pvbench.foreign.nouns import Place

_NAN = re.compile(r"(?<=[:\[,\s])(-?)(?:nan|inf)(?=[\s,}\]])")
_BEGINS = re.compile(r"^[^\n{\"]{0,200}?(?P<begin>\{(?=\s*[\"}])|\[(?=\s*\{))", re.MULTILINE)
_NOTE = re.compile(r"^\s*(?:fio|iperf3|netperf|warning|note|ssh|client|server)\b[^\"{}\n]*$", re.IGNORECASE)
_MOST_NOTES = 20


@dataclass(frozen=True)
class Document:
    """A JSON object of a file, and where it begins."""

    data: Mapping[str, Any]
    place: Place


@dataclass(frozen=True)
class Found:
    """A file taken apart: its documents, its text with as many lines in their place, and what is broken."""

    documents: tuple[Document, ...]
    rest: str
    broken: ForeignError | None = None


def find(text: str, file: str) -> Found:
    """Return the documents of a text, in order; nothing is read behind one that is broken."""
    documents: list[Document] = []
    rest: list[str] = []
    done, line = 0, 1
    while begun := _BEGINS.search(text, done):
        begin = begun.start("begin")
        line += text.count("\n", done, begin)  # counted on: a stream of events has a document a line
        place = Place(file, line, begin - text.rfind("\n", 0, begin))
        try:
            value, end, text = _decoded(text, begin, file)
        except ForeignError as broken:
            return Found(tuple(documents), "".join([*rest, text[done:begin]]), broken)
        lines = text.count("\n", begin, end)
        rest += [text[done:begin], "\n" * lines]
        line += lines
        documents += [Document(each, place) for each in _objects(value)]
        done = end
    return Found(tuple(documents), "".join([*rest, text[done:]]))


def _objects(value: Any) -> Iterator[Mapping[str, Any]]:
    if isinstance(value, dict):
        yield value
    elif isinstance(value, list):
        for each in value:
            yield from _objects(each)


def _decoded(text: str, begin: int, file: str) -> tuple[Any, int, str]:
    """Return what begins there, where it ends, and the text without the notes that stood inside of it."""
    decoder = json.JSONDecoder()
    for _ in range(_MOST_NOTES):
        try:
            return *decoder.raw_decode(text, begin), text
        except RecursionError:
            raise _place(text, begin, file).refusal("nested too deeply for a result") from None
        except ValueError as error:
            at = getattr(error, "pos", begin)
            reason = getattr(error, "msg", str(error))
        mended = _mended(text, begin, at)
        if mended is None:
            break
        text = mended
    raise _broken(text, begin, at, reason, file)


def _mended(text: str, begin: int, at: int) -> str | None:
    """Return the text without the note at the failing line, or with C's nan as JSON has it; None where it is neither.

    Lengths stay, so that places do.
    """
    from_, to = text.rfind("\n", begin, at) + 1 or begin, text.find("\n", at)
    to = len(text) if to < 0 else to
    if _NOTE.match(text, from_, to) or (from_ < at and _NOTE.match(text[from_:to])):
        return text[:from_] + " " * (to - from_) + text[to:]
    mended = text[:begin] + _NAN.sub(lambda found: " " * len(found[1]) + "NaN", text[begin:])
    return None if mended == text else mended


def _broken(text: str, begin: int, at: int, reason: str, file: str) -> ForeignError:
    begun = _place(text, begin, file)
    if not text[at:].strip() or "Unterminated" in reason:
        at = len(text.rstrip())
        return _place(text, at, file).refusal(
            f"the JSON that begins in line {begun.line} is cut off here", "the tool was ended early, or the copy was"
        )
    return _place(text, at, file).refusal(f"the JSON that begins in line {begun.line} is broken here: {reason}")


def _place(text: str, at: int, file: str) -> Place:
    return Place(file, text.count("\n", 0, at) + 1, at - text.rfind("\n", 0, at))
