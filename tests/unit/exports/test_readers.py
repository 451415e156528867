"""The programs that the exports are for read them: pandas, DuckDB, jq and promtool, where those two are installed."""

import json
import shutil
import subprocess
from dataclasses import replace
from pathlib import Path

import duckdb
import pandas as pd
import pytest

from pvbench.exports import csv_table, ndjson, parquet_table, prometheus
from pvbench.exports.nouns import ExportedRun
from pvbench.metrics import METRICS
from pvbench.model import Reading
from pvbench.printable import clean

JQ, PROMTOOL = shutil.which("jq"), shutil.which("promtool")
SAMPLES = {"ndjson": ndjson.encode, "csv": csv_table.encode, "parquet": parquet_table.encode}
EACH_SAMPLES = pytest.mark.parametrize("form", SAMPLES)


@pytest.fixture(params=["flawed", "hostile_run"])
def run(request: pytest.FixtureRequest) -> ExportedRun:
    found: ExportedRun = request.getfixturevalue(request.param)
    return found


def values(run: ExportedRun) -> list[float]:
    return [reading.value for trial in run.trials for reading in trial.readings]


def rows(run: ExportedRun) -> int:
    return sum(len(trial.readings) or 1 for trial in run.trials)


@EACH_SAMPLES
def test_duckdb_reads_every_row_with_its_type(run: ExportedRun, form: str, tmp_path: Path) -> None:
    path = tmp_path / f"x.{form}"
    path.write_bytes(SAMPLES[form]([run]))

    with duckdb.connect() as base:
        names = base.execute(f"select value, twin, outcome, host from '{path}'").fetchall()
        (total,) = base.execute(f"select typeof(sum(value)) from '{path}'").fetchall()

    assert rows(run) == len(names)
    assert values(run) == [value for value, *_ in names if value is not None]
    assert {False} == {twin for _, twin, *_ in names}
    assert ("DOUBLE",) == total
    assert {str(trial.outcome) for trial in run.trials} == {outcome for _, _, outcome, _ in names}


@EACH_SAMPLES
def test_pandas_reads_every_row_and_a_trial_without_a_figure_as_none(
    run: ExportedRun, form: str, tmp_path: Path
) -> None:
    path = tmp_path / f"x.{form}"
    path.write_bytes(SAMPLES[form]([run]))

    readers = {"csv": pd.read_csv, "parquet": pd.read_parquet}
    frame = readers[form](path) if form in readers else pd.read_json(path, lines=True)

    assert rows(run) == len(frame)
    assert values(run) == pytest.approx(frame["value"].dropna().tolist(), rel=1e-12)
    assert frame["value"].isna().tolist() == frame["metric"].isna().tolist()


@pytest.mark.skipif(JQ is None, reason="jq is not installed")
def test_jq_reads_each_line_and_the_names_as_they_are(run: ExportedRun, tmp_path: Path) -> None:
    path = tmp_path / "x.ndjson"
    path.write_bytes(ndjson.encode([run]))

    done = subprocess.run([str(JQ), "-c", "[.host, .value]", path], capture_output=True, text=True, check=True)

    told = [json.loads(line) for line in done.stdout.splitlines()]
    assert values(run) == [value for _, value in told if value is not None]
    assert {host.name.replace("\ud800", "\\ud800") for host in run.manifest.hosts} == {host for host, _ in told}


@pytest.mark.skipif(PROMTOOL is None, reason="promtool, of Debian's package prometheus, is not installed")
def test_promtool_finds_nothing_amiss_in_any_metric(run: ExportedRun) -> None:
    every = tuple(Reading(metric, 1.5) for metric in METRICS)
    trials = tuple(replace(trial, readings=every) if trial.readings else trial for trial in run.trials)
    more = ExportedRun(run.manifest, trials)

    argv = [str(PROMTOOL), "check", "metrics"]
    done = subprocess.run(argv, input=prometheus.encode([more]), capture_output=True, check=False)

    assert (0, b"", b"") == (done.returncode, done.stdout, done.stderr)


def test_what_moves_a_cursor_is_spelt_out_in_csv(hostile_run: ExportedRun) -> None:
    text = csv_table.encode([hostile_run]).decode()

    assert [line for line in text.splitlines() if line != clean(line, keep="\n\t\r")] == []
