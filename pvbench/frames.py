"""A run as pandas DataFrames, for notebooks: a row a trial, a row a reading."""

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from pvbench.metrics import METRICS
from pvbench.model import Phase, Trial
from pvbench.store import Manifest, Store
from pvbench.store.parquet import table

READING = ("metric", "unit", "value")
"""The columns that a reading has beyond those of its trial."""
IN_SECONDS = {f"{phase}_s": "s" for phase in Phase}


@dataclass(frozen=True, eq=False)
class Loaded:
    """A run in tables; `attrs["units"]` of a table has the unit of each column that has one unit throughout.

    `trials` has a row for the last record of each trial; a tunable that was asked for is a column of its own name, and
    what was in force is in NAME_granted. `readings` has a row a reading, its unit beside it and by metric in
    `attrs["metrics"]`.
    """

    manifest: Manifest
    trials: pd.DataFrame
    readings: pd.DataFrame


def load(run: str | os.PathLike[str], results: str | os.PathLike[str] = "results") -> Loaded:
    """Return a run, given by its path, its id or the beginning of its id, in tables. Raises PvbenchError."""
    with Store.open(Path(results), os.fspath(run)) as store:
        manifest, made = store.manifest, store.trials()
    flat: pd.DataFrame = table(manifest, made).to_pandas()
    flat["started"] = _times(flat["started"])
    flat.attrs["units"] = IN_SECONDS
    return Loaded(manifest, _trials(flat, made), _readings(flat))


def _readings(flat: pd.DataFrame) -> pd.DataFrame:
    frame = flat[flat["metric"].notna()].reset_index(drop=True)
    frame.attrs["metrics"] = {name: METRICS[name].unit for name in frame["metric"].unique()}
    return frame


def _trials(flat: pd.DataFrame, made: Sequence[Trial]) -> pd.DataFrame:
    asked = [dict(trial.spec.cell.tunables) for trial in made]
    granted = [{f"{each.name}_granted": each.got for each in trial.granted} for trial in made]
    frame = flat.drop(columns=list(READING)).drop_duplicates("trial", ignore_index=True)
    frame["attempt"] = [trial.attempt for trial in made]
    frame["booted"] = _times(pd.Series([trial.booted for trial in made], dtype="object"))
    frame["flags"] = pd.Series([tuple(map(str, trial.flags)) for trial in made], dtype="object")
    for values in (asked, granted):
        for name in sorted({name for row in values for name in row}):
            frame[name] = [row.get(name) for row in values]
    return frame


def _times(moments: pd.Series) -> pd.Series:
    """Return ISO 8601 texts as times, UTC; what is no time, which an edited journal may hold, is unknown."""
    return pd.to_datetime(moments, utc=True, format="ISO8601", errors="coerce")
