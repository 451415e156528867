"""Runs → a report as text: of one run, or of several side by side, in a format, redacted where that is asked for."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from pvbench.errors import UsageError
from pvbench.redaction import Record, Redaction, redact
from pvbench.reports import comparison, csv_page, html, json_page, markdown
from pvbench.reports.page import ComparisonPage
from pvbench.reports.several import build, texts
from pvbench.reports.several import html as several_html
from pvbench.reports.several.page import RunsPage

OF_ONE: Mapping[str, Callable[[ComparisonPage], str]] = {
    "html": html.render,
    "json": json_page.render,
    "md": markdown.render,
    "csv": csv_page.render,
}
OF_SEVERAL: Mapping[str, Callable[[RunsPage], str]] = {
    "html": several_html.render,
    "json": texts.as_json,
    "md": texts.as_markdown,
    "csv": texts.as_csv,
}


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
    if isinstance(page, RunsPage):
        name, text = f"{page.runs[0].run_id}-and-{len(page.runs) - 1}-more", OF_SEVERAL[form](page)
    else:
        name, text = page.run_id, OF_ONE[form](page)
    if redaction:
        redaction.check(f"{name}\n{text}")
    return Made(name, text, altered, page.redacted)


def _page(
    records: Iterable[Record], *, redacted: bool
) -> tuple[ComparisonPage | RunsPage, tuple[str, ...], Redaction | None]:
    """Return the page and what of it was altered. The trials are let go of: a page of thousands takes room too."""
    every, redaction = tuple(records), None
    _distinct(every)
    if redacted:
        every, redaction = redact(every)
    page = build.build(every) if len(every) > 1 else _of_one(every[0])
    altered = tuple(problem for each in every for problem in each.altered)
    return replace(page, redacted=redaction.sentence()) if redaction else page, altered, redaction


def _of_one(record: Record) -> ComparisonPage:
    return comparison.build(record.manifest, record.trials, record.earlier, record.altered)


def _distinct(records: Sequence[Record]) -> None:
    names = [each.manifest.run_id for each in records]
    twice = next((name for name in names if names.count(name) > 1), None)
    if twice is not None:
        raise UsageError(f"{twice} beside itself tells nothing", hint="name each run once")
    if len(names) > build.MOST_RUNS:
        raise UsageError(
            f"{len(names)} runs are too many to stand side by side; {build.MOST_RUNS} at most",
            hint="`pvbench dashboard` shows the nights of a history",
        )
