"""Runs → a table with a row a reading, and one row for a trial that gave none. What NDJSON, CSV and Parquet hold."""

from collections.abc import Sequence

import pyarrow as pa
import pyarrow.compute as pc

from pvbench.exports.nouns import ExportedRun, path_of
from pvbench.store import parquet


def table(runs: Sequence[ExportedRun]) -> pa.Table:
    """Return the samples of runs, with the columns of trials.parquet and those that say how far to trust a row."""
    return pa.concat_tables([_of(run) for run in runs])


def _of(run: ExportedRun) -> pa.Table:
    made = parquet.table(run.manifest, run.trials)
    value = made.column("value")
    finite = pc.if_else(pc.is_finite(value), value, pa.scalar(None, pa.float64()))
    made = made.set_column(made.schema.get_field_index("value"), "value", finite)
    of_row = [trial for trial in run.trials for _ in trial.readings or (None,)]
    added = {
        "path": [path_of(trial) for trial in of_row],
        "emulation": [run.emulation(trial.spec.cell.host) for trial in of_row],
        "purpose": [str(run.manifest.purpose)] * len(of_row),
        "flags": [parquet.storable("; ".join(map(str, trial.flags))) for trial in of_row],
    }
    for name, values in added.items():
        made = made.append_column(name, pa.array(values, pa.string()))
    return made
