"""iperf3's documents made whole: a stream of events (--json-stream, 3.17 on) is one, and so is the error below one."""

import dataclasses
import itertools
import re
from collections.abc import Iterator, Mapping
from typing import Any

from pvbench.foreign.documents import Document
from pvbench.foreign.values import at

_SAID = re.compile(r"^iperf3?: (?:error - )?(.*)$", re.MULTILINE)


def is_event(data: Mapping[str, Any]) -> bool:
    """Tell whether a document is a line of a stream."""
    return isinstance(data.get("event"), str) and "data" in data and data.keys() <= {"event", "data"}


def joined(documents: tuple[Document, ...]) -> tuple[Document, ...]:
    """Return documents in which lines of events are one document a test, placed where the first of them is."""
    done: list[Document] = []
    told: dict[str, Any] = {}
    first: Document | None = None
    for document in documents:
        if not is_event(document.data):
            done += _whole(told, first)
            told, first = {}, None
            if not (done and _same(done[-1], document)):
                done.append(document)
            continue
        name, data = str(document.data["event"]), document.data["data"]
        if name == "start" and told:
            done += _whole(told, first)
            told, first = {}, None
        first = first or document
        if name == "interval":
            told.setdefault("intervals", []).append(data)
        else:
            told[name] = data
    return (*done, *_whole(told, first))


def _whole(whole: Mapping[str, Any], first: Document | None) -> Iterator[Document]:
    if first is not None:
        yield Document(whole, first.place)


def _same(before: Document, document: Document) -> bool:
    """Tell whether a whole report only repeats the events before it (--json-stream-full-output)."""
    cookie = at(document.data, "start").get("cookie")
    return cookie is not None and cookie == at(before.data, "start").get("cookie") and document.data != before.data


def with_errors(documents: tuple[Document, ...], rest: str) -> tuple[Document, ...]:
    """Return documents with what iperf3 said on standard error below them: 3.9 and others say it there alone."""
    if "iperf3: " not in rest or not documents:
        return documents
    lines = rest.split("\n")
    ends = [document.place.line for document in documents[1:]] + [len(lines) + 1]
    return tuple(
        _with_error(document, "\n".join(itertools.islice(lines, document.place.line, end - 1)))
        for document, end in zip(documents, ends, strict=True)
    )


def _with_error(document: Document, below: str) -> Document:
    said = None if document.data.get("error") or "start" not in document.data else _SAID.search(below)
    return dataclasses.replace(document, data={**document.data, "error": said[1]}) if said else document
