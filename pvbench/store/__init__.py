"""The files under results/: one folder a run with manifest, journal, raw outputs; Parquet is derived."""

from pvbench.store.find import RunInfo, latest, runs
from pvbench.store.folder import Store
from pvbench.store.manifest import SCHEMA_VERSION, Manifest, new_run_id

__all__ = ["SCHEMA_VERSION", "Manifest", "RunInfo", "Store", "latest", "new_run_id", "runs"]
