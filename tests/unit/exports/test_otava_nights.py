"""The nights of a history for Apache Otava, which finds in them what was put in."""

import csv
import io
import json
import subprocess
from dataclasses import replace
from pathlib import Path

import pytest
import yaml

from pvbench.exports import otava_nights
from pvbench.exports.otava import CONFIG
from pvbench.history.nouns import Role, Side
from pvbench.history.store import History
from pvbench.testing.histories import Fault, Injected, Simulation, simulated_history

STEP = 25
SIMULATION = Simulation(
    nights=40, series=12, outliers=0, injected=(Injected(0, STEP, ratio=0.6), Injected(2, 30, Fault.VANISHED, until=33))
)


@pytest.fixture(scope="module")
def history(tmp_path_factory: pytest.TempPathFactory) -> History:
    return simulated_history(str(tmp_path_factory.mktemp("history")), SIMULATION)


def read(data: bytes) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(data.decode(), newline="")))


def test_every_value_of_every_night_stands_in_one_file_and_no_cell_is_empty(history: History, tmp_path: Path) -> None:
    *tables, config = otava_nights.files(history.nights(), history.series(), tmp_path / "x.csv")
    rows = [read(file.data) for file in tables]
    tests = yaml.safe_load(config.data)["tests"]
    assert [len(each) for each in rows] == [40, 37]
    for one in history.series():
        (number,) = [n for n, each in enumerate(rows) if any(name.endswith(one.key.id) for name in each[0])]
        (name,) = [name for name in rows[number][0] if name.endswith(one.key.id)]
        ours = [point.value for point in one.points if point.value is not None]
        factors = {round(float(row[name]) / value, 9) for row, value in zip(rows[number], ours, strict=True)}
        assert factors == ({0.125} if one.key.metric == "goodput" and one.key.side is Side.VALUE else {1.0})
        assert name in list(tests.values())[number]["metrics"]
    assert {row["labels"] for row in rows[0]} == {"software emulation, simulation"}


def test_a_look_again_is_no_night(history: History, tmp_path: Path) -> None:
    nights = list(history.nights())
    nights[5] = replace(nights[5], role=Role.AGAIN, again=nights[4].run_id)
    table = otava_nights.files(nights, history.series(), tmp_path / "x.csv")[0]
    assert nights[5].run_id not in {row["run"] for row in read(table.data)}


@pytest.mark.thorough
def test_otava_finds_the_night_from_which_a_cell_is_slower(
    history: History, otava_program: str, tmp_path: Path
) -> None:
    for file in otava_nights.files(history.nights(), history.series(), tmp_path / "nights.csv"):
        file.path.write_bytes(file.data)

    argv = [otava_program, "analyze", "pvbench", "--config-file", str(tmp_path / CONFIG), "--since", "2025-12-01"]
    done = subprocess.run([*argv, "--output", "json"], capture_output=True, text=True, check=False)

    assert done.returncode == 0, done.stderr
    at_step = next(
        each
        for each in json.loads(done.stdout)["pvbench"]
        if each["attributes"]["run"] == history.nights()[STEP].run_id
    )
    slower = history.series()[0].key.id
    assert any(change["metric"].endswith(slower) for change in at_step["changes"])
