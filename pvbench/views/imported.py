"""What `pvbench import` prints: the figures of other people's files, each with its unit, and that no path is proved."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from pvbench import figures
from pvbench.columns import columns
from pvbench.errors import ForeignError
from pvbench.foreign import Figure, Result
from pvbench.metrics import METRICS
from pvbench.plain_json import plain

SCHEMA = 1
_STEPS = {
    "bit/s": (figures.BITS, "/s"),
    "B/s": (figures.BYTES, "/s"),
    "B": (figures.BYTES, ""),
    "s": (figures.SECONDS, ""),
}
LEFT_OUT = ("_min", "_max", "_stddev", "_p60", "_p70", "_p80", "_p995", "_p9995")
"""Figures that are for programs alone."""


@dataclass(frozen=True)
class File:
    """A file that was asked for: its results, and what of it was refused."""

    name: str
    results: tuple[Result, ...] = ()
    refused: ForeignError | None = None


def render(files: Sequence[File]) -> str:
    """Return what the files come to, a table a result."""
    return "\n".join(text for file in files for result in file.results for text in _result(file.name, result))


def _result(file: str, result: Result) -> Iterator[str]:
    version = result.version or "version not known"
    yield f"{file}:{result.line}: {result.tool} {version}, {result.format}: {result.title}"
    yield f"  imported; path: {result.path} (nothing proves which device carried it)"
    if result.problem:
        yield f"  problem: {result.problem}"
    rows = [
        ("  " + figure.name, figure.part, text_of(figure))
        for figure in result.figures
        if not figure.name.endswith(LEFT_OUT)
    ]
    if rows:
        yield columns(rows).rstrip("\n")
    yield from (f"  note: {note}" for note in result.notes)
    yield ""


def text_of(figure: Figure) -> str:
    """Return a figure for people."""
    metric = METRICS.get(figure.name)
    if metric is not None:
        return metric.text(figure.value)
    if figure.name == "cpu" or figure.name.startswith("cpu_"):
        return f"{figures.significant(figure.value * 100)} %"
    steps, suffix = _STEPS.get(figure.unit, (None, ""))
    return figures.scaled(figure.value, steps, suffix) if steps else figures.plain(figure.value)


def as_data(files: Sequence[File]) -> dict[str, Any]:
    """Return the files for programs; a figure that is not in a file is not in the list."""
    return {"schema": SCHEMA, "files": [_file(file) for file in files]}


def _file(file: File) -> dict[str, Any]:
    return {
        "file": file.name,
        "results": [{**plain(result), "facts": dict(result.facts), "imported": True} for result in file.results],
        "refused": None if file.refused is None else file.refused.message,
    }
