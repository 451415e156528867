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
_NEXT = re.compile(r"\n(?=\{)")
_NOTE = re.compile(
    r"^(?![ \t]*(?:[\"{}\[\],\d-]|true|false|null|nan|inf)|[ \t]*$)[^\"{}\n]*$", re.MULTILINE | re.IGNORECASE
)
"""A line that JSON cannot have: what a tool, or a shell, said between two lines of it."""
_BINS = re.compile(r'"bins"\s*:\s*\{[^{}]*\}')
_LARGE = 8 << 20
_MOST_BROKEN = 20


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
    """Return the documents of a text, in order, and the first that is broken; reading goes on behind it."""
    text = _BINS.sub(_emptied, text) if len(text) > _LARGE else text
    source = _Source(text, file)
    documents: list[Document] = []
    broken: list[ForeignError] = []
    rest: list[str] = []
    done, line = 0, 1
    while (begun := _BEGINS.search(text, done)) and len(broken) < _MOST_BROKEN:
        begin = begun.start("begin")
        line += text.count("\n", done, begin)  # counted on: a stream of events has a document a line
        place = Place(file, line, begin - text.rfind("\n", 0, begin))
        try:
            value, end = source.decoded(begin)
            documents += [Document(each, place) for each in _objects(value)]
        except ForeignError as error:
            broken.append(error)
            following = _NEXT.search(text, begin)
            end = following.end() if following else len(text)
        lines = text.count("\n", begin, end)
        rest += [text[done:begin], "\n" * lines]
        line += lines
        done = end
    return Found(tuple(documents), "".join([*rest, text[done:]]), broken[0] if broken else None)


def _emptied(bins: re.Match[str]) -> str:
    """Return json+'s bins with one of them, as long as they were: nothing reads them, and they are most of a file."""
    return '"bins":{"0":0' + re.sub(r"[^\n]", " ", bins[0][13:-1]) + "}" if len(bins[0]) > 14 else bins[0]


def _objects(value: Any) -> Iterator[Mapping[str, Any]]:
    if isinstance(value, dict):
        yield value
    elif isinstance(value, list):
        for each in value:
            yield from _objects(each)


class _Source:
    """A text to decode documents from; what is mended in it keeps its length, so that places do."""

    def __init__(self, text: str, file: str) -> None:
        self._text, self._file = text, file
        self._mended = False

    def decoded(self, begin: int) -> tuple[Any, int]:
        """Return what begins there, and where it ends. Raises ForeignError, at its line and column, where it breaks."""
        try:
            try:
                return json.JSONDecoder().raw_decode(self._text, begin)
            except ValueError:
                if self._mended:
                    raise
            self._mend()
            return json.JSONDecoder().raw_decode(self._text, begin)
        except RecursionError:
            raise self._place(begin).refusal("nested too deeply for a result") from None
        except ValueError as error:
            raise self._broken(begin, getattr(error, "pos", begin), getattr(error, "msg", str(error))) from None

    def _mend(self) -> None:
        """Blank the notes that stand between lines of JSON, and write C's nan as JSON's; once for all documents."""
        self._mended = True
        text = _NOTE.sub(lambda note: " " * len(note[0]), self._text)
        self._text = _NAN.sub(lambda each: " " * len(each[1]) + each[0][len(each[1]) :].replace("nan", "NaN"), text)

    def _broken(self, begin: int, at: int, reason: str) -> ForeignError:
        begun = self._place(begin)
        if not self._text[at:].strip() or "Unterminated" in reason:
            at = len(self._text.rstrip())
            return self._place(at).refusal(
                f"the JSON that begins in line {begun.line} is cut off here",
                "the tool was ended early, or the copy was",
            )
        return self._place(at).refusal(f"the JSON that begins in line {begun.line} is broken here: {reason}")

    def _place(self, at: int) -> Place:
        return Place(self._file, self._text.count("\n", 0, at) + 1, at - self._text.rfind("\n", 0, at))
