"""`pvbench history`: runs become nights, and are listed, looked at and checked."""

import csv
import io
import json
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from pvbench.history.store import History
from pvbench.model import Purpose
from pvbench.testing import SampleRun, flawed_run, sample_run
from pvbench.testing.clock import FakeClock
from pvbench.testing.histories import Fault, Injected, Simulation, simulated_history

Call = Callable[..., Any]
GONE = Simulation(nights=6, series=12, injected=(Injected(0, 4, Fault.VANISHED),), outliers=0, changed=(3,))


@pytest.fixture
def kept(here: Path) -> History:
    """A simulated history of six nights where --history is not given."""
    return simulated_history(str(here / "results/history"), GONE)


def stored(run: SampleRun, here: Path) -> str:
    run.stored(here / "results")
    return run.manifest.run_id


def test_a_run_is_added_once_and_listed(call: Call, here: Path) -> None:
    run = flawed_run()
    name = stored(run, here)
    assert call("history", "add", name).out == f"added  {name}\n"
    assert call("history", "add", name, name).out == f"there already  {name}\n" * 2
    (night,) = json.loads(call("history", "list", "--json").out)
    assert (night["run_id"], night["role"], night["expected"]) == (name, "night", len(run.trials))
    listed = call("history", "list").out.splitlines()
    assert f"{night['measured']} of {night['expected']}" in listed[1]
    assert listed[1].endswith("software emulation")


def test_a_history_that_is_not_there_says_how_one_begins(call: Call) -> None:
    Path("file").write_text("")
    assert "file is no folder" in call("history", "list", "--history", "file").err
    for verb in ("list", "series"):
        said = call("history", verb)
        assert (0, "", True) == (said.code, said.out, "pvbench history add" in said.err)
    assert call("history", "check").code == 0


def test_a_run_that_looks_again_names_a_night_there_is(call: Call, here: Path, kept: History) -> None:
    name, night = stored(sample_run(), here), kept.nights()[1]
    assert call("history", "add", name, "--again", night.run_id[:10]).code == 0
    again = json.loads(call("history", "list", "--json").out)
    assert [each["again"] for each in again if each["role"] == "again"] == [night.run_id]
    assert f"again {night.run_id}" in call("history", "list").out
    assert "it is there as a look again" in call("history", "add", name).err
    assert call("history", "add", name, "--again", name).code == 2  # what looks again is no night
    said = call("history", "add", name, "--again", "20991231")
    assert (2, "") == (said.code, said.out)
    assert "no run '20991231'" in said.err


def test_a_run_under_the_name_of_another_is_refused_in_one_line(call: Call, here: Path) -> None:
    run = sample_run()
    call("history", "add", stored(run, here))
    other = SampleRun(replace(run.manifest, started="2026-01-02T03:04:05Z"), run.trials)
    other.stored(here / "others")
    said = call("history", "add", run.manifest.run_id, "--results", "others", "--history", "results/history")
    assert (2, "") == (said.code, said.out)
    assert "2026-01-02T03:04:05Z" in said.err
    assert len(said.err.splitlines()) == 2, said.err


@pytest.mark.parametrize("purpose", [Purpose.PILOT, Purpose.CONTROL])
def test_what_gives_no_results_is_no_night(call: Call, here: Path, purpose: Purpose) -> None:
    run = sample_run()
    said = call("history", "add", stored(SampleRun(replace(run.manifest, purpose=purpose), run.trials), here))
    assert (2, True) == (said.code, purpose.words in said.err)
    assert call("history", "list").out == ""


def test_series_are_chosen_by_parts_of_their_names(call: Call, kept: History) -> None:
    every = json.loads(call("history", "series", "--json").out)
    chosen = json.loads(call("history", "series", "--device", "NetFront", "--json").out)
    assert {each["id"] for each in every} == {each.key.id for each in kept.series()}
    assert {each["id"] for each in chosen} == {each["id"] for each in every if "netfront" in each["arm"]} != set()
    assert call("history", "series", "--metric", "iops").out.count("I/O rate") > 0
    said = call("history", "series", "--device", "netfrnt")
    assert (2, "") == (said.code, said.out)
    assert "did you mean 'netfront'?" in said.err


def test_a_series_has_the_same_values_as_table_csv_and_json(call: Call, kept: History) -> None:
    one = kept.series()[0]
    data = json.loads(call("history", "series", one.key.id[:8], "--json").out)
    assert [point["value"] for point in data["points"]] == [point.value for point in one.points]
    assert (data["expected"], data["measured"], data["labels"]) == (6, 4, ["software emulation", "simulation"])
    rows = list(csv.DictReader(io.StringIO(call("history", "series", one.key.id, "--csv").out)))
    assert [float(row["value"]) if row["value"] else None for row in rows] == [point.value for point in one.points]
    shown = call("history", "series", one.key.id).out
    assert shown.splitlines()[1] == "figures under software emulation, simulation"
    assert shown.count("not measured") == 2
    assert shown.count("another host, stack or guest image than before") == 1
    assert all(one.key.of.text(point.value) in shown for point in one.points)


def test_nights_are_chosen_by_their_dates(call: Call, kept: History) -> None:
    dates = ["--since", "2026-01-03", "--until", "2026-01-04"]
    listed = json.loads(call("history", "list", *dates, "--json").out)
    assert [night["night"] for night in listed] == ["2026-01-03", "2026-01-04"]
    one = kept.series()[1]
    data = json.loads(call("history", "series", one.key.id, *dates, "--json").out)
    assert [point["value"] for point in data["points"]] == [point.value for point in one.points[2:4]]
    assert "none of the 6 nights" in call("history", "list", "--since", "2027-01-01").err
    said = call("history", "series", "--until", "2025-01-01")
    assert (0, "", True) == (said.code, said.out, "none of the 12 series" in said.err)
    assert call("history", "list", "--since", "yesterday").code == 2


def test_a_series_that_is_not_there_is_one_line(call: Call, kept: History) -> None:
    said = call("history", "series", "nosuch")
    assert (2, "", 2) == (said.code, said.out, len(said.err.splitlines()))
    assert call("history", "series", "--json", "--csv").code == 2


def test_damage_is_told_by_check_and_beside_what_can_be_read(call: Call, here: Path, kept: History) -> None:
    assert call("history", "check").out == "results/history: ok, 6 nights, 12 series\n"
    torn = sorted((here / "results/history/runs").rglob("*.parquet"))[2]
    torn.write_bytes(torn.read_bytes()[:-9])
    said = call("history", "check")
    assert (2, "") == (said.code, said.out)
    assert torn.name in said.err.splitlines()[0]
    assert "1 problem, and 5 nights without one" in said.err
    listed = call("history", "list")
    assert (0, 6, True) == (listed.code, len(listed.out.splitlines()), torn.name in listed.err)


def test_a_dropped_run_is_named_and_can_be_added_again(call: Call, here: Path, kept: History) -> None:
    name = stored(sample_run(), here)
    call("history", "add", name)
    said = call("history", "drop", name[:12])
    assert (0, True) == (said.code, said.out.startswith(f"dropped  {name}  a night of 2026-11-22, 48 measured trials"))
    assert call("history", "drop", name).code == 2
    assert call("history", "list").out.count("\n") == 7
    assert call("history", "add", name).out == f"added  {name}\n"


def test_rows_of_nights_long_ago_are_dropped_and_said(call: Call, world: Any, kept: History) -> None:
    before = call("history", "series", "--csv").out
    world.clock = FakeClock(began=datetime(2026, 3, 4, tzinfo=UTC))
    days = "60"  # back to 3 January
    said = call("history", "thin", "--keep-rows", days)
    assert [line.split()[2] for line in said.out.splitlines()] == [night.run_id for night in kept.nights()[:2]]
    assert call("history", "thin", "--keep-rows", days).out == ""
    assert call("history", "series", "--csv").out == before
    assert [line.count("night, no rows") for line in call("history", "list").out.splitlines()] == [0, 1, 1, 0, 0, 0, 0]
    assert call("history", "check").code == 0


def test_nights_are_written_for_otava_with_its_configuration(call: Call, here: Path, kept: History) -> None:
    said = call("history", "export", "--format", "otava", "-o", "nights.csv")
    assert (0, ["nights.csv", "nights-2.csv", "otava.yaml"]) == (said.code, said.out.split())
    assert len((here / "nights.csv").read_text().splitlines()) == 7
    assert call("history", "export", "--format", "otava", "-o", "-").code == 2
    assert call("history", "export", "--format", "otava", "--history", "none").code == 3
