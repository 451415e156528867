"""Samples → NDJSON: a JSON object a line, in ASCII (https://github.com/ndjson/ndjson-spec)."""

import json
from collections.abc import Sequence

from pvbench.exports import samples
from pvbench.exports.nouns import ExportedRun


def encode(runs: Sequence[ExportedRun]) -> bytes:
    """Return a line for each reading; null is what was not measured."""
    rows = samples.table(runs).to_pylist()
    return "".join(json.dumps(row, allow_nan=False) + "\n" for row in rows).encode()
