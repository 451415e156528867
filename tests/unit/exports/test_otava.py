"""The CSV and otava.yaml; Apache Otava itself, where it is installed, finds a step that was put in."""

import csv
import io
import json
import subprocess
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest
import yaml

from pvbench.exports import otava
from pvbench.exports.nouns import ExportedRun
from pvbench.model import Reading, Trial
from pvbench.testing.runs import sample_run

FIRST, NIGHTS, STEP = datetime(2026, 1, 1), 40, 25


def night(number: int, slower: float = 1.0) -> ExportedRun:
    """Return a night's run; from one on, blkfront is slower by so much."""

    def changed(trial: Trial) -> Trial:
        if trial.spec.cell.device != "blkfront":
            return trial
        return replace(trial, readings=tuple(Reading(each.metric, each.value * slower) for each in trial.readings))

    began = FIRST + timedelta(days=number)
    run = sample_run(seed=number).changed(changed)
    return ExportedRun(replace(run.manifest, run_id=f"night-{number:03d}", started=f"{began.isoformat()}Z"), run.trials)


def read(data: bytes) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(data.decode(), newline="")))


def test_a_run_is_a_row_in_the_order_they_began(tmp_path: Path) -> None:
    table, config = otava.files([night(2), night(0), night(1)], tmp_path / "x.csv")

    assert ["night-000", "night-001", "night-002"] == [row["run"] for row in read(table.data)]
    tests = yaml.safe_load(config.data)["tests"]
    assert {"pvbench"} == set(tests)
    assert set(read(table.data)[0]) == {*otava.FIXED, *tests["pvbench"]["metrics"]}
    assert str(tmp_path / "x.csv") == tests["pvbench"]["file"]


def test_what_some_runs_lack_stands_in_a_file_of_its_own_without_empty_cells(
    tmp_path: Path, flawed: ExportedRun
) -> None:
    *tables, config = otava.files([night(0), flawed, night(1)], tmp_path / "x.csv")

    assert ["x.csv", "x-2.csv"] == [file.path.name for file in tables]
    assert [3, 2] == [len(read(file.data)) for file in tables]
    assert [cell for file in tables for row in read(file.data) for cell in row.values() if cell == ""] == []
    assert ["pvbench", "pvbench-2"] == list(yaml.safe_load(config.data)["tests"])


def test_runs_without_a_figure_are_rows_without_one(tmp_path: Path, flawed: ExportedRun) -> None:
    table, config = otava.files([replace(flawed, trials=())], tmp_path / "x.csv")

    assert [list(otava.FIXED)] == [list(row) for row in read(table.data)]
    assert {} == yaml.safe_load(config.data)["tests"]["pvbench"]["metrics"]


def test_more_is_worse_for_a_latency(tmp_path: Path) -> None:
    config = otava.files([night(0)], tmp_path / "x.csv")[-1]

    metrics = yaml.safe_load(config.data)["tests"]["pvbench"]["metrics"]
    ways = {name.split()[-1]: row["direction"] for name, row in metrics.items() if " ratio to " not in name}
    assert (-1, 1) == (ways["latency_mean_seconds"], ways["goodput_bytes_per_second"])


def test_a_hostile_name_is_no_formula_and_breaks_no_row(tmp_path: Path, hostile_run: ExportedRun) -> None:
    table, config = otava.files([hostile_run], tmp_path / "x.csv")

    assert {*read(table.data)[0]} >= {*yaml.safe_load(config.data)["tests"]["pvbench"]["metrics"]}
    assert [name for name in read(table.data)[0] if not name.isprintable() or name.startswith("=")] == []


@pytest.mark.thorough
def test_otava_finds_the_night_from_which_a_device_is_slower(otava_program: str, tmp_path: Path) -> None:
    runs = [night(number, 0.6 if number >= STEP else 1.0) for number in range(NIGHTS)]
    for file in otava.files(runs, tmp_path / "nights.csv"):
        file.path.write_bytes(file.data)

    argv = [otava_program, "analyze", "pvbench", "--config-file", str(tmp_path / otava.CONFIG), "--since", "2025-12-01"]
    done = subprocess.run([*argv, "--output", "json"], capture_output=True, text=True, check=False)

    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)["pvbench"]
    at_step = next(each for each in found if each["attributes"]["run"] == f"night-{STEP:03d}")
    slower = {name for name in metrics(tmp_path / otava.CONFIG) if " blkfront " in name and " ratio to " not in name}
    assert slower
    assert slower <= {change["metric"] for change in at_step["changes"]}


def metrics(config: Path) -> set[str]:
    return set(yaml.safe_load(config.read_text())["tests"]["pvbench"]["metrics"])
