"""RunsPage → JSON for programs, Markdown for a pull request, CSV with a row a cell and run."""

import csv
import io
from collections.abc import Sequence

from pvbench import plain_json
from pvbench.printable import guarded
from pvbench.reports import json_page
from pvbench.reports.markdown import escaped
from pvbench.reports.several.page import CellRow, CellSide, RatioSide, RunsPage, RunView
from pvbench.version import VERSION

COLUMNS = (
    *(
        "run",
        "letter",
        "started",
        "label",
        "host",
        "device",
        "path",
        "workload",
        "settings",
        "metric",
        "cell",
        "status",
    ),
    *("median", "value", "units", "invalid", "not_measured"),
    *("verdict", "ratio", "low", "high", "conditions"),
)
"""`ratio`, `low` and `high` are to the first run, above 1 where better; empty is what was not measured."""


def as_json(page: RunsPage) -> str:
    """Return the page as JSON."""
    told = {"schema": json_page.SCHEMA, "generated_by": f"pvbench {VERSION}", "runs": page}
    return plain_json.dumps(told) + "\n"


def as_csv(page: RunsPage) -> str:
    """Return the cells as CSV (RFC 4180), those that one run alone has not among them."""
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(COLUMNS)
    for row in page.cells:
        for run, side in zip(page.runs, row.sides, strict=True):
            if side is not None:
                writer.writerow([guarded(value) for value in _line(run, row, side)])
    return out.getvalue()


def as_markdown(page: RunsPage) -> str:
    """Return the page as GitHub-flavoured Markdown."""
    heads = [f"{run.letter}" for run in page.runs]
    parts = [f"### {escaped(page.headline)}"]
    parts += [f"> **{escaped(page.warning)}.**"] if page.warning else []
    parts += ["\n".join(f"- **{run.letter}**: {escaped(run.run_id)}, {escaped(run.finding)}" for run in page.runs)]
    if page.conditions:
        rows = [(condition.kind, condition.fact, *condition.values) for condition in page.conditions]
        parts.append(_table("What differs", ("Of", "Fact", *heads), rows))
    if page.ratios:
        told = [
            (row.workload, f"{row.candidate} against {row.baseline}", *(_ratio(side) for side in row.sides))
            for row in page.ratios
        ]
        parts.append(_table(f"Ratios of each run{_label(page)}", ("Workload", "Comparison", *heads), told))
    if page.cells:
        cells = [(row.workload, row.device, *(_cell(side) for side in row.sides)) for row in page.cells]
        parts.append(_table(f"Cells{_label(page)}", ("Workload", "Device", *heads), cells))
    if page.lone:
        lone = [(each.letter, each.workload, each.device, each.median) for each in page.lone]
        parts.append(_table(f"In one run alone{_label(page)}", ("Run", "Workload", "Device", "Median"), lone))
    parts += [escaped(page.label_note), escaped(f"Redacted: {page.redacted}." if page.redacted else "")]
    notes = "\n".join(f"- {escaped(note)}" for note in page.notes)
    parts.append(f"<details><summary>How to read this</summary>\n\n{notes}\n\n</details>")
    return "\n\n".join(part for part in parts if part) + "\n"


def _line(run: RunView, row: CellRow, side: CellSide) -> list[str | float | None]:
    return [
        *(
            run.run_id,
            run.letter,
            run.started,
            run.label,
            row.host,
            row.device,
            row.io_path,
            row.workload,
            row.settings,
        ),
        *(row.metric, side.cell, side.status, side.median, side.value, side.units, side.invalid, side.not_measured),
        *(side.verdict, side.point, side.low, side.high, side.why),
    ]


def _table(caption: str, heads: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    lines = [f"**{escaped(caption)}**", "", _joined(heads), _joined(["---"] * len(heads))]
    return "\n".join([*lines, *(_joined([escaped(text) for text in row]) for row in rows)])


def _joined(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _label(page: RunsPage) -> str:
    return f" · {page.label}" if page.label else ""


def _ratio(side: RatioSide | None) -> str:
    return (
        "not in this run"
        if side is None
        else " ".join(filter(None, (side.bound + side.ratio, side.interval, side.verdict)))
    )


def _cell(side: CellSide | None) -> str:
    if side is None:
        return "not in this run"
    told = ", ".join(filter(None, (" ".join(filter(None, (side.ratio, side.interval, side.verdict))), side.why)))
    return f"{side.median} ({told})" if told else side.median
