import csv
import io
from dataclasses import replace
from typing import Any

import pytest

from pvbench.metrics import METRICS
from pvbench.printable import guarded
from pvbench.reports import comparison, csv_page


def test_every_comparison_is_a_row_with_exact_figures(run: Any) -> None:
    built = comparison.build(run.manifest, run.trials)

    read = list(csv.DictReader(io.StringIO(csv_page.render(built), newline="")))

    rows = [row for group in built.groups for row in group.rows]
    assert len(rows) == len(read) > 3
    for row, line in zip(rows, read, strict=True):
        assert [row.point, row.low, row.high] == [float(line[name]) if line[name] else None for name in FIGURES]
        assert (row.tone, row.candidate.cell) == (line["verdict"], line["candidate_cell"])
        told = METRICS[row.metric].text(float(line["baseline_value"])) if line["baseline_value"] else None
        assert row.baseline.median == (told or row.baseline.median)
        assert METRICS[row.metric].unit == line["metric_unit"]


FIGURES = ("ratio", "low", "high")


@pytest.mark.parametrize("begin", ["=", "+", "-", "@", "\t", "\r", "＝", "  ="])
def test_a_text_that_a_spreadsheet_would_compute_is_text(run: Any, begin: str) -> None:
    named = replace(run.manifest, run_id=f"{begin}HYPERLINK(1)")
    built = replace(comparison.build(named, run.trials), run_id=named.run_id)

    read = list(csv.DictReader(io.StringIO(csv_page.render(built), newline="")))

    assert {f"'{named.run_id}"} == {line["run"] for line in read}


def test_a_negative_figure_stays_a_figure() -> None:
    assert guarded(-1.5) == -1.5
