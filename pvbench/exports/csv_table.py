"""Samples → CSV as RFC 4180 has it, in UTF-8; no cell is a spreadsheet's formula."""

import csv
import io
from collections.abc import Sequence

from pvbench.exports import samples
from pvbench.exports.nouns import ExportedRun
from pvbench.printable import guarded


def encode(runs: Sequence[ExportedRun]) -> bytes:
    """Return a row for each reading under a row of names; an empty cell is what was not measured."""
    made = samples.table(runs)
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(made.column_names)
    writer.writerows([guarded(cell) for cell in row.values()] for row in made.to_pylist())
    return out.getvalue().encode()
