"""Results that other people's fio, iperf3 and netperf wrote: a file's bytes → its results, or a refusal with its place.

Pure. Each reader is a row of READERS (JSON) or FINDERS (text); the path of whatever is imported is not known.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from pvbench.foreign import fio_json, fio_terse, iperf3_json, netperf_omni, netperf_text, others
from pvbench.foreign.documents import Document, find
from pvbench.foreign.nouns import PATH_UNKNOWN, Figure, Result
from pvbench.foreign.text import MOST_BYTES, text_of

__all__ = ["MOST_BYTES", "PATH_UNKNOWN", "Figure", "Result", "read"]


@dataclass(frozen=True)
class Reader:
    """Whose JSON a document is, and what it comes to."""

    claims: Callable[[Mapping[str, Any]], bool]
    read: Callable[[Document], tuple[Result, ...]]


READERS = (Reader(fio_json.claims, fio_json.read), Reader(iperf3_json.claims, iperf3_json.read))
FINDERS: tuple[Callable[[str, str], tuple[tuple[Result, ...], str]], ...] = (
    fio_terse.find,
    netperf_omni.find,
    netperf_text.find,
)


def read(content: bytes, file: str) -> tuple[Result, ...]:
    """Return the results of a file, in its order. Raises ForeignError, with its place, where there is none."""
    found = find(text_of(content, file), file)
    results: list[Result] = []
    for document in iperf3_json.joined(found.documents):
        reader = next((reader for reader in READERS if reader.claims(document.data)), None)
        if reader is not None:
            results += reader.read(document)
    rest = found.rest
    for finder in FINDERS:
        more, rest = finder(rest, file)
        results += more
    if results:
        return tuple(sorted(results, key=lambda each: each.line))
    if found.documents:
        first = found.documents[0]
        raise first.place.refusal(
            f"JSON, but neither of fio nor of iperf3: its keys are {_keys(first.data)}",
            f"what is imported: {others.KNOWN}",
        )
    raise others.refusal(rest, file)


def _keys(data: Mapping[str, Any]) -> str:
    from pvbench.printable import clean

    return ", ".join(repr(clean(str(key)[:30])) for key in list(data)[:6]) or "none"
