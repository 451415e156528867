"""ComparisonPage → CSV: a row a comparison, its figures exact. RFC 4180, with the columns of COLUMNS.

A text that a spreadsheet would compute gets an apostrophe before it (OWASP, "CSV Injection").
"""

import csv
import io
from statistics import median

from pvbench.metrics import METRICS
from pvbench.printable import guarded
from pvbench.reports.page import Arm, ComparisonPage, Group, Row

ARM_COLUMNS = ("name", "device", "cell", "path", "status", "median", "value", "ok", "invalid", "not_measured")
COLUMNS = (
    *("run", "label", "host", "kind", "factor", "workload", "settings", "metric", "metric_unit"),
    *(f"{side}_{column}" for side in ("baseline", "candidate") for column in ARM_COLUMNS),
    *("verdict", "bound", "ratio", "low", "high", "indicative", "unit", "units", "notes"),
)
"""The ratio is candidate to baseline, above 1 where the candidate is better. Empty is what was not measured.

A `median` is as printed, `value` the same as a number of the metric's unit.
"""


def render(page: ComparisonPage) -> str:
    """Return the comparisons of a page as CSV."""
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(COLUMNS)
    writer.writerows(_row(page, group, row) for group in page.groups for row in group.rows)
    return out.getvalue()


def _row(page: ComparisonPage, group: Group, row: Row) -> list[str | float | None]:
    cells = (
        *(page.run_id, page.label, group.host, group.kind, row.factor, row.workload, row.settings),
        *(row.metric, METRICS[row.metric].unit),
        *(*_arm(row.baseline), *_arm(row.candidate)),
        *(row.tone, row.bound, row.point, row.low, row.high, str(row.indicative).lower(), row.unit, row.units),
        "; ".join(row.notes),
    )
    return [guarded(cell) for cell in cells]


def _arm(arm: Arm) -> tuple[str | float | None, ...]:
    counts = arm.ok, arm.invalid, arm.not_measured
    value = median(number for _, number in arm.values) if arm.values else None
    return (arm.name, arm.device, arm.cell, arm.io_path, arm.status, arm.median, value, *counts)
