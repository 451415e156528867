"""Trials as a flat table: a row a reading, so that pandas needs no unpacking. Derived; the journal is the record."""

import io
from collections.abc import Iterable
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from pvbench.metrics import METRICS
from pvbench.model import Phase, Trial, canonical

_TEXT = ("run_id", "trial", "host", "kind", "device", "placement", "tool", "params", "cell", "comparison", "boot")

COLUMNS = pa.schema(
    [(name, pa.string()) for name in _TEXT]
    + [("block", pa.int64()), ("position", pa.int64()), ("run", pa.int64()), ("twin", pa.bool_())]
    + [(name, pa.string()) for name in ("outcome", "reason", "started", "cache_mode", "metric", "unit")]
    + [("value", pa.float64())]
    + [(f"{phase}_s", pa.float64()) for phase in Phase]
)


def encode(run_id: str, trials: Iterable[Trial]) -> bytes:
    """Return the Parquet file of a run's trials."""
    buffer = io.BytesIO()
    pq.write_table(table(run_id, trials), buffer)
    return buffer.getvalue()


def table(run_id: str, trials: Iterable[Trial]) -> pa.Table:
    """Return a row a reading, and a row with an empty metric for a trial that has none."""
    return pa.Table.from_pylist([row for trial in trials for row in _rows(run_id, trial)], schema=COLUMNS)


def _rows(run_id: str, trial: Trial) -> list[dict[str, Any]]:
    spec, cell, seconds = trial.spec, trial.spec.cell, dict(trial.seconds)
    common = {
        "run_id": run_id,
        "trial": spec.id,
        "host": cell.host,
        "kind": str(cell.kind),
        "device": cell.device,
        "placement": str(cell.placement),
        "tool": cell.workload.tool,
        "params": canonical(dict(cell.workload.params)),
        "cell": cell.id,
        "comparison": cell.comparison,
        "boot": spec.boot,
        "block": spec.block,
        "position": spec.position,
        "run": spec.run,
        "twin": spec.twin,
        "outcome": str(trial.outcome),
        "reason": trial.reason,
        "started": trial.started,
        "cache_mode": trial.cache_mode,
    } | {f"{phase}_s": seconds.get(phase) for phase in Phase}
    common = {name: _text(value) if isinstance(value, str) else value for name, value in common.items()}
    readings = [{"metric": r.metric, "unit": METRICS[r.metric].unit, "value": r.value} for r in trial.readings]
    return [common | reading for reading in readings or [{"metric": None, "unit": None, "value": None}]]


def _text(value: str) -> str:
    return value.encode(errors="backslashreplace").decode()  # a lone surrogate, which Parquet does not have
