"""Samples → CSV as RFC 4180 has it, in UTF-8; no cell is a spreadsheet's formula, nor moves a terminal's cursor."""

import csv
import io
from collections.abc import Sequence
from typing import Any

from pvbench.exports import samples
from pvbench.exports.nouns import ExportedRun
from pvbench.printable import clean, guarded


def encode(runs: Sequence[ExportedRun]) -> bytes:
    """Return a row for each reading under a row of names; an empty cell is what was not measured."""
    made = samples.table(runs)
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(made.column_names)
    writer.writerows(map(_cell, row.values()) for row in made.to_pylist())
    return out.getvalue().encode()


def _cell(value: Any) -> Any:
    return guarded(clean(value, keep="\n\t")) if isinstance(value, str) else value
