"""A run as pandas DataFrames, for notebooks: a row a trial, a row a reading, a row a comparison."""

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from pvbench.comparisons import Compared, Judged, compare_run
from pvbench.metrics import METRICS
from pvbench.model import Phase, Trial, canonical
from pvbench.store import Manifest, Store
from pvbench.store.parquet import storable, table

READING = ("metric", "unit", "value")
"""The columns that a reading has beyond those of its trial."""
COMPARED = (
    *("factor", "baseline", "candidate", "host", "kind", "device", "tool", "params", "workload", "metric", "unit"),
    *("baseline_median", "candidate_median", "ratio", "low", "high", "level", "verdict", "bound"),
    *("replicates", "replicated", "indicative", "p_adjusted"),
)
"""The columns of a comparison. A ratio is above 1 where the candidate is better, whichever way its metric is."""
SHARES = ("ratio", "low", "high", "level", "p_adjusted")
IN_SECONDS = {f"{phase}_s": "s" for phase in Phase}


@dataclass(frozen=True, eq=False)
class Loaded:
    """A run in tables; `attrs["units"]` of a table has the unit of each column that has one unit throughout.

    `trials` has a row for the last record of each trial; a tunable that was asked for is a column of its own name, and
    what was in force is in NAME_granted. `readings` has a row a reading, its unit beside it and by metric in
    `attrs["metrics"]`. `comparisons` has a row for each candidate and its baseline, as a report has; where there is no
    ratio `verdict` is "invalid" or "not_measured".
    """

    manifest: Manifest
    trials: pd.DataFrame
    readings: pd.DataFrame
    comparisons: pd.DataFrame


def load(run: str | os.PathLike[str], results: str | os.PathLike[str] = "results") -> Loaded:
    """Return a run, given by its path, its id or the beginning of its id, in tables. Raises PvbenchError."""
    with Store.open(Path(results), os.fspath(run)) as store:
        manifest, trials = store.manifest, store.trials()
    flat: pd.DataFrame = table(manifest, trials).to_pandas()
    flat["started"] = _times(flat["started"])
    flat.attrs["units"] = IN_SECONDS
    return Loaded(manifest, _trials(flat, trials), _readings(flat), _comparisons(compare_run(manifest, trials)))


def _readings(flat: pd.DataFrame) -> pd.DataFrame:
    """Return the rows of the flat table that are readings; a trial without one has a row there too."""
    frame = flat[flat["metric"].notna()].reset_index(drop=True)
    frame.attrs["metrics"] = {name: METRICS[name].unit for name in frame["metric"].unique()}
    return frame


def _trials(flat: pd.DataFrame, trials: Sequence[Trial]) -> pd.DataFrame:
    """Return a row a trial of the flat table, with what its boot was asked for and what was granted beside it."""
    asked = [dict(trial.spec.cell.tunables) for trial in trials]
    granted = [{f"{each.name}_granted": each.got for each in trial.granted} for trial in trials]
    frame = flat.drop(columns=list(READING)).drop_duplicates("trial", ignore_index=True)
    frame["attempt"] = [trial.attempt for trial in trials]
    frame["booted"] = _times(pd.Series([trial.booted for trial in trials], dtype="object"))
    frame["flags"] = pd.Series([tuple(map(str, trial.flags)) for trial in trials], dtype="object")
    for values in (asked, granted):
        for name in sorted({name for row in values for name in row}):
            frame[storable(name)] = [storable(row.get(name)) for row in values]
    return frame


def _comparisons(compared: Compared) -> pd.DataFrame:
    types = dict.fromkeys(("baseline_median", "candidate_median", *SHARES), "float64")
    types |= {"replicates": "Int64", "indicative": "boolean"}
    rows = [{name: storable(value) for name, value in _comparison(each).items()} for each in compared.judged]
    frame = pd.DataFrame(rows, columns=list(COMPARED)).astype(types)
    frame.attrs["units"] = dict.fromkeys(SHARES, "1")
    frame.attrs["metrics"] = {name: METRICS[name].unit for name in frame["metric"].unique()}
    frame.attrs["correction"] = str(compared.family.correction)
    return frame


def _comparison(judged: Judged) -> dict[str, object]:
    pair, pairing, comparison = judged.pair, judged.pair.pairing, judged.comparison
    cell, estimate = pair.candidate.cell, comparison.estimate if comparison else None
    interval = estimate.interval if estimate else None
    samples = [side.counted(pairing.switch) for side in (pair.baseline, pair.candidate)]
    values = [pairing.factor.value(side.cell.arm) for side in (pair.baseline, pair.candidate)]
    return {
        "factor": pairing.factor.name,
        "baseline": values[0],
        "candidate": values[1],
        "host": cell.host,
        "kind": str(cell.kind),
        "device": cell.device,
        "tool": cell.workload.tool,
        "params": canonical(dict(cell.workload.params)),
        "workload": pairing.title(pair.candidate),
        "metric": pair.candidate.metric.name,
        "unit": pair.candidate.metric.unit,
        "baseline_median": samples[0].median if samples[0] else None,
        "candidate_median": samples[1].median if samples[1] else None,
        "ratio": estimate.point if estimate else None,
        "low": interval.low if interval else None,
        "high": interval.high if interval else None,
        "level": interval.level if interval else None,
        "verdict": judged.verdict,
        "bound": str(comparison.bound) if comparison and comparison.bound else None,
        "replicates": comparison.units if comparison else None,
        "replicated": pairing.switch.unit,
        "indicative": comparison.indicative if comparison else None,
        "p_adjusted": judged.p,
    }


def _times(moments: pd.Series) -> pd.Series:
    """Return ISO 8601 texts as times, UTC; what is no time, which an edited journal may hold, is unknown."""
    return pd.to_datetime(moments, utc=True, format="ISO8601", errors="coerce")
