"""Trials as a flat table: a row a reading, so that pandas needs no unpacking. Derived; the journal is the record."""

import io
from collections.abc import Iterable
from dataclasses import replace
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from pvbench.metrics import METRICS
from pvbench.model import Cell, Phase, Trial, canonical
from pvbench.store.manifest import Manifest

_ARM = (
    "host",
    "host_identity",
    "stack",
    "guest",
    "mode",
    "frontends",
    "backends",
    "kind",
    "device",
    "placement",
    "tunables",
)
_TEXT = ("run_id", "trial", *_ARM, "tool", "params", "cell", "comparison", "boot", "deployment")

COLUMNS = pa.schema(
    [(name, pa.string()) for name in _TEXT]
    + [
        ("block", pa.int64()),
        ("position", pa.int64()),
        ("run", pa.int64()),
        ("round", pa.int64()),
        ("twin", pa.bool_()),
    ]
    + [(name, pa.string()) for name in ("outcome", "reason", "started", "cache_mode", "environment", "metric", "unit")]
    + [("value", pa.float64())]
    + [(f"{phase}_s", pa.float64()) for phase in Phase]
)


def encode(manifest: Manifest, trials: Iterable[Trial]) -> bytes:
    """Return the Parquet file of a run's trials."""
    buffer = io.BytesIO()
    pq.write_table(table(manifest, trials), buffer)
    return buffer.getvalue()


def table(manifest: Manifest, trials: Iterable[Trial]) -> pa.Table:
    """Return a row a reading, and a row with an empty metric for a trial that has none."""
    hosts = {host.name: host.identity for host in manifest.hosts}
    cells: dict[Cell, dict[str, Any]] = {}
    rows = []
    for trial in trials:
        cell = trial.spec.cell
        if cell not in cells:
            cells[cell] = {"run_id": manifest.run_id, "host_identity": hosts.get(cell.host)} | cell_row(cell)
        rows += _rows(cells[cell], trial)
    return pa.Table.from_pylist(rows, schema=COLUMNS)


def cell_row(cell: Cell) -> dict[str, Any]:
    """Return the columns that all trials of a cell share."""
    arm, workload = cell.arm, cell.workload
    return {
        "host": arm.host,
        "stack": arm.stack,
        "guest": arm.guest,
        "mode": str(arm.mode),
        "frontends": arm.frontends,
        "backends": arm.backends,
        "kind": str(arm.kind),
        "device": arm.device,
        "placement": str(arm.placement),
        "tunables": canonical(dict(arm.tunables)),
        "tool": workload.tool,
        "params": canonical(dict(workload.params)),
        "cell": cell.id,
        "comparison": Cell(replace(arm, device=""), workload).id,
    }


def trial_row(of_cell: dict[str, Any], trial: Trial) -> dict[str, Any]:
    """Return the columns of a trial beside its readings, those of its cell included."""
    spec, seconds = trial.spec, dict(trial.seconds)
    common = of_cell | {
        "trial": spec.id,
        "boot": spec.boot,
        "deployment": spec.deployment,
        "block": spec.block,
        "position": spec.position,
        "run": spec.run,
        "round": spec.round,
        "twin": spec.twin,
        "outcome": str(trial.outcome),
        "reason": trial.reason,
        "started": trial.started,
        "cache_mode": trial.cache_mode,
        "environment": trial.environment,
    }
    common |= {f"{phase}_s": seconds.get(phase) for phase in Phase}
    return {name: storable(value) for name, value in common.items()}


def _rows(of_cell: dict[str, Any], trial: Trial) -> list[dict[str, Any]]:
    common = trial_row(of_cell, trial)
    readings = [{"metric": r.metric, "unit": METRICS[r.metric].unit, "value": r.value} for r in trial.readings]
    return [common | reading for reading in readings or [{"metric": None, "unit": None, "value": None}]]


def storable(value: Any) -> Any:
    """Return a value as a table can hold it: a lone surrogate, which Arrow does not have, as its escape."""
    return value.encode(errors="backslashreplace").decode() if isinstance(value, str) else value
