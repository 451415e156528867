"""Histories of earlier schemas open with the same figures."""

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from pvbench.errors import Damaged, StoreError
from pvbench.history import file, record
from pvbench.history.older import modern
from pvbench.history.store import History
from pvbench.testing.histories import Simulation, simulate
from tests.golden.history.record import says

GOLDEN = Path(__file__).parents[2] / "golden/history"
SCHEMAS = sorted(path for path in GOLDEN.iterdir() if (path / "says.json").is_file())


def known(now: Any, then: Any) -> Any:
    """Return what is said now, without names that were not there then."""
    if isinstance(then, dict):
        return {name: known(now[name], then[name]) for name in then}
    if isinstance(then, list) and len(now) == len(then):
        return [known(*both) for both in zip(now, then, strict=True)]
    return now


def test_there_is_a_history_of_each_schema_up_to_that_of_now():
    assert [path.name for path in SCHEMAS] == [f"schema-{each}" for each in range(1, record.SCHEMA_VERSION + 1)]


@pytest.mark.parametrize("folder", SCHEMAS, ids=lambda path: path.name)
def test_a_history_of_any_schema_opens_with_the_same_figures(folder: Path, tmp_path: Path):
    shutil.copytree(folder / "history", tmp_path / "history")
    then = json.loads((folder / "says.json").read_text())
    history = History.open(str(tmp_path / "history"))
    assert known(says(history), then) == then
    assert (len(then["nights"]), then["problems"], history.check()) == (3, [], ())
    assert {"regression"} == {alarm["kind"] for alarm in then["alarms"]}


def third(record):
    return {**record, "schema": 3, "night": {**record["night"], "label": record["night"]["label"] + ", migrated"}}


def second(record):
    return {**record, "schema": 2, "content": f"{record['content']}-2"}


def test_a_record_goes_through_every_schema_between_its_own_and_that_of_now():
    ((run, rows),) = simulate(Simulation(nights=1, series=4))
    data = file.encode_rows(run, rows)
    read = file.read_columns("it", data, 3, {1: second, 2: third}).run
    assert (read.content, read.night.label) == (f"{run.content}-2", "software emulation, migrated")
    assert read.points == run.points
    assert file.read_columns("it", data, 1, {1: second, 2: third}).run == file.read_run("it", data) == run


def test_a_step_that_no_schema_has_is_damage_and_not_guessed_at():
    ((run, rows),) = simulate(Simulation(nights=1, series=4))
    with pytest.raises(Damaged, match="it"):
        file.read_columns("it", file.encode_rows(run, rows), 3, {1: second})
    with pytest.raises(StoreError, match="newer"):
        file.read_columns("it", file.encode_rows(run, rows), 0)


@pytest.mark.parametrize("schema", [None, "1", True, 0, -1, 1.5, []])
def test_what_is_no_schema_is_refused(schema: object):
    with pytest.raises(ValueError, match="schema is"):
        modern({"schema": schema}, 1)
