"""NDJSON, CSV and Parquet hold the same rows, and their readers get them back."""

import csv
import io
import json
import math
from dataclasses import replace
from typing import Any

import pandas as pd
import pytest

from pvbench.exports import csv_table, ndjson, parquet_table, samples
from pvbench.exports.nouns import ExportedRun
from pvbench.model import Outcome, Reading


def of_ndjson(data: bytes) -> list[dict[str, Any]]:
    return [json.loads(line) for line in data.decode().split("\n")[:-1]]


def of_parquet(data: bytes) -> pd.DataFrame:
    return pd.read_parquet(io.BytesIO(data))


def of_csv(data: bytes) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(data.decode(), newline="")))


@pytest.mark.parametrize("name", ["flawed", "hostile_run"])
def test_every_reading_is_a_row_in_each_format(name: str, request: pytest.FixtureRequest) -> None:
    run: ExportedRun = request.getfixturevalue(name)

    values = [reading.value for trial in run.trials for reading in trial.readings]
    lines, frame, rows = of_ndjson(ndjson.encode([run])), of_parquet(parquet_table.encode([run])), None
    rows = of_csv(csv_table.encode([run]))

    assert values == [line["value"] for line in lines if line["metric"]]
    assert values == frame["value"].dropna().tolist()
    assert values == [float(row["value"]) for row in rows if row["value"]]
    assert len(lines) == len(frame) == len(rows) == sum(len(trial.readings) or 1 for trial in run.trials)


def test_a_trial_that_gave_nothing_is_a_row_with_its_reason_and_no_value(flawed: ExportedRun) -> None:
    lost = [trial for trial in flawed.trials if trial.outcome is not Outcome.OK]

    rows = [line for line in of_ndjson(ndjson.encode([flawed])) if line["value"] is None]

    assert [(trial.reason, str(trial.outcome)) for trial in lost] == [(row["reason"], row["outcome"]) for row in rows]
    assert {("invalid", "not proved"), ("not_measured", "unknown")} == {(row["outcome"], row["path"]) for row in rows}


def test_every_row_says_what_its_host_ran_on(flawed: ExportedRun) -> None:
    assert {"software emulation"} == {line["emulation"] for line in of_ndjson(ndjson.encode([flawed]))}


def test_no_cell_of_csv_begins_as_a_formula_does(hostile_run: ExportedRun) -> None:
    cells = [cell for row in of_csv(csv_table.encode([hostile_run])) for cell in row.values()]

    assert [cell for cell in cells if cell[:1] in {"=", "+", "-", "@", "\t", "\r"}] == []
    assert [cell for cell in cells if cell.startswith("'=cmd|")]


@pytest.mark.parametrize("wrong", [math.nan, math.inf, -math.inf])
def test_a_figure_that_is_not_finite_is_none(flawed: ExportedRun, wrong: float) -> None:
    first = replace(flawed.trials[0], readings=(Reading("iops", wrong),))
    run = replace(flawed, trials=(first, *flawed.trials[1:]))

    assert samples.table([run]).column("value").to_pylist()[0] is None
    assert b"NaN" not in ndjson.encode([run])
    assert first.spec.cell.id not in {cell.id for cell in run.measured if cell.trials == (first,)}
