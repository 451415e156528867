"""Runs → a report as text: of one run, or of several side by side, in a format, redacted where that is asked for.

What one kind of report alone needs is loaded for that kind alone.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from pvbench.errors import UsageError
from pvbench.reports.page import ComparisonPage
from pvbench.reports.several.page import RunsPage
from pvbench.store.record import Record

if TYPE_CHECKING:
    from pvbench.redaction import Redaction

FORMATS = ("html", "json", "md", "csv")
MOST_RUNS = 12
"""Of more runs nobody sees which column is which; a history is for those."""


@dataclass(frozen=True)
class Made:
    """A report: its text, a name for its file without an ending, what is wrong with kept outputs, what was removed."""

    name: str
    text: str
    altered: tuple[str, ...]
    redacted: str


def make(records: Iterable[Record], form: str, *, redacted: bool) -> Made:
    """Return the report of runs. Raises UsageError for a run that is named twice or for too many, NotRedacted."""
    page, altered, redaction = _page(records, redacted=redacted)
    name = f"{page.runs[0].run_id}-and-{len(page.runs) - 1}-more" if isinstance(page, RunsPage) else page.run_id
    text = _of_several(page, form) if isinstance(page, RunsPage) else _of_one(page, form)
    if redaction:
        redaction.check(f"{name}\n{text}")
    return Made(name, text, altered, page.redacted)


def _page(
    records: Iterable[Record], *, redacted: bool
) -> "tuple[ComparisonPage | RunsPage, tuple[str, ...], Redaction | None]":
    """Return the page and what of it was altered. The trials are let go of: a page of thousands takes room too."""
    every, redaction = tuple(records), None
    _check(every)
    if redacted:
        from pvbench.redaction import redact

        every, redaction = redact(every)
    page = _built(every)
    altered = tuple(problem for each in every for problem in each.altered)
    return replace(page, redacted=redaction.sentence()) if redaction else page, altered, redaction


def _built(records: Sequence[Record]) -> ComparisonPage | RunsPage:
    if len(records) > 1:
        from pvbench.reports.several.build import build

        return build(records)
    from pvbench.reports import comparison

    (only,) = records
    return comparison.build(only.manifest, only.trials, only.earlier, only.altered)


def _of_one(page: ComparisonPage, form: str) -> str:
    from pvbench.reports import csv_page, html, json_page, markdown

    return {"html": html.render, "json": json_page.render, "md": markdown.render, "csv": csv_page.render}[form](page)


def _of_several(page: RunsPage, form: str) -> str:
    from pvbench.reports.several import html, texts

    return {"html": html.render, "json": texts.as_json, "md": texts.as_markdown, "csv": texts.as_csv}[form](page)


def _check(records: Sequence[Record]) -> None:
    names = [each.manifest.run_id for each in records]
    twice = next((name for name in names if names.count(name) > 1), None)
    if twice is not None:
        raise UsageError(f"{twice} beside itself tells nothing", hint="name each run once")
    if len(names) > MOST_RUNS:
        raise UsageError(
            f"{len(names)} runs are too many to stand side by side; {MOST_RUNS} at most",
            hint="`pvbench dashboard` shows the nights of a history",
        )
