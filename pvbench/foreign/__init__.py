"""Results that other people's fio, iperf3 and netperf wrote: a file's bytes → its results, or a refusal with its place.

Pure. Each reader is a row of READERS (JSON) or FINDERS (text); the path of whatever is imported is not known.
"""

import dataclasses
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from pvbench.errors import ForeignError
from pvbench.foreign import fio_interim, fio_json, fio_terse, iperf3_events, iperf3_json, netperf, others
from pvbench.foreign.documents import Document, Found, find
from pvbench.foreign.nouns import PATH_UNKNOWN, Figure, Result, Taken
from pvbench.foreign.prefixes import without_prefix
from pvbench.foreign.text import MOST_BYTES, text_of
from pvbench.printable import clean

__all__ = ["MOST_BYTES", "PATH_UNKNOWN", "Figure", "Imported", "Result", "read"]


@dataclass(frozen=True)
class Reader:
    """Whose JSON a document is, and what it comes to."""

    claims: Callable[[Mapping[str, Any]], bool]
    read: Callable[[Document], tuple[Result, ...]]


READERS = (Reader(fio_json.claims, fio_json.read), Reader(iperf3_json.claims, iperf3_json.read))
_DEEPEST = 3
FINDERS: tuple[Callable[[str, str], Taken], ...] = (fio_terse.find, netperf.find)


@dataclass(frozen=True)
class Imported:
    """What a file came to, in its order; `refused` is what of it is broken or not known, None where nothing is."""

    results: tuple[Result, ...]
    refused: ForeignError | None = None


def read(content: bytes, file: str) -> Imported:
    """Return a file's results, of its whole parts too where another one is broken; none is always refused."""
    try:
        text = without_prefix(text_of(content, file))
    except ForeignError as error:
        return Imported((), error)
    return _of_text(text, file, envelopes=True)


def _of_text(text: str, file: str, *, envelopes: bool) -> Imported:
    found = find(text, file)
    results: list[Result] = []
    refused: list[ForeignError] = []
    for document in iperf3_events.with_errors(iperf3_events.joined(found.documents), found.rest):
        for part in _of_document(document, file, envelopes=envelopes):
            if isinstance(part, Result):
                results.append(part)
            else:
                refused.append(part)
    rest = found.rest
    for finder in FINDERS if not rest.isspace() else ():
        taken = finder(rest, file)
        results += taken.results
        refused += taken.refused
        rest = taken.rest
    refused += [found.broken] if found.broken else []
    if not results and not refused:
        refused.append(_not_known(found, file))
    ordered = fio_interim.marked(sorted(results, key=lambda each: each.line))
    return Imported(tuple(ordered), refused[0] if refused else None)


def _of_document(document: Document, file: str, *, envelopes: bool) -> Iterator[Result | ForeignError]:
    """Yield a document's results and refusals: its own, or an envelope's, which may hold an output as one string."""
    parts = [*_claimed(document.data)]
    for part in parts:
        reader = next(reader for reader in READERS if reader.claims(part))
        try:
            yield from reader.read(Document(part, document.place))
        except ForeignError as error:
            yield error
    for text in _strings(document.data) if envelopes and not parts else ():
        for result in _of_text(text, file, envelopes=False).results:
            yield dataclasses.replace(result, line=document.place.line)


def _strings(data: Any, depth: int = _DEEPEST) -> Iterator[str]:
    """Yield the strings of an envelope that have more than one line, as an output has."""
    if isinstance(data, str) and "\n" in data.strip():
        yield data
    elif depth and isinstance(data, Mapping | list):
        for value in data.values() if isinstance(data, Mapping) else data:
            yield from _strings(value, depth - 1)


def _claimed(data: Mapping[str, Any], depth: int = _DEEPEST) -> Iterator[Mapping[str, Any]]:
    """Yield the object if a tool wrote it, else what tools wrote inside of it: scripts put results into envelopes."""
    if any(reader.claims(data) for reader in READERS):
        yield data
    elif depth:
        for value in data.values():
            for part in value if isinstance(value, list) else [value]:
                if isinstance(part, Mapping):
                    yield from _claimed(part, depth - 1)


def _not_known(parts: Found, file: str) -> ForeignError:
    if not parts.documents:
        return others.refusal(parts.rest, file)
    first = parts.documents[0]
    return first.place.refusal(
        f"JSON, but neither of fio nor of iperf3: its keys are {_keys(first.data)}", f"what is imported: {others.KNOWN}"
    )


def _keys(data: Mapping[str, Any]) -> str:
    return ", ".join(repr(clean(str(key)[:30])) for key in list(data)[:6]) or "none"
