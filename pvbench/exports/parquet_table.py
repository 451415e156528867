"""Samples → Parquet, typed; null is what was not measured."""

import io
from collections.abc import Sequence

import pyarrow.parquet as pq

from pvbench.exports import samples
from pvbench.exports.nouns import ExportedRun


def encode(runs: Sequence[ExportedRun]) -> bytes:
    """Return the Parquet file of the samples."""
    buffer = io.BytesIO()
    pq.write_table(samples.table(runs), buffer)
    return buffer.getvalue()
