"""What is older than is to be kept goes, where it is a night's own; everything else stays."""

from collections.abc import Callable
from pathlib import Path

import pytest

from pvbench.history.nouns import Night
from pvbench.history.store import History
from pvbench.store import runs
from pvbench.testing.world import FakeWorld

pytestmark = pytest.mark.thorough

Call = Callable[..., int]
DAY_S = 24 * 3600.0


@pytest.fixture
def three(nightly: Call, world: FakeWorld, here: Path) -> Callable[[], list[str]]:
    """Measure three nights, of which two are to be kept; return the runs' ids."""

    def measure() -> list[str]:
        (here / "nightly.yaml").write_text("schema: 1\nkeep: {runs: 2, reports: 1}\n")
        for _ in range(3):
            nightly()
            world.clock.sleep(DAY_S)
        return [night.run_id for night in History.open("results/history").nights()]

    return measure


def there() -> list[str]:
    return [each.run_id for each in runs(Path("results"))]


def test_run_folders_and_reports_of_older_nights_go_and_their_rows_stay(
    three: Callable[[], list[str]], nights: Callable[[], tuple[Night, ...]], capsys: pytest.CaptureFixture[str]
) -> None:
    first, second, third = three()
    assert [second, third] == there()
    assert [f"{third}.html"] == [path.name for path in Path("results/site/reports").iterdir()]
    assert 24 == len(History.open("results/history").rows())
    assert f"removed the run results/runs/{first}; its rows are in the history" in capsys.readouterr().err


def test_a_run_that_no_night_made_stays(three: Callable[[], list[str]], call: Callable[..., int]) -> None:
    assert 0 == call("run", "quick.yaml")
    (own,) = there()
    _, second, third = three()
    assert [own, second, third] == there()


@pytest.mark.parametrize("way", ["not in the history", "a link", "another's"])
def test_a_folder_that_is_not_what_the_history_has_stays_and_that_is_said(
    nightly: Call, world: FakeWorld, here: Path, capsys: pytest.CaptureFixture[str], way: str
) -> None:
    nightly()
    (first,) = (here / "results/runs").iterdir()
    if way == "not in the history":
        for kept in (here / "results/history/runs").rglob("*.parquet"):
            kept.unlink()
    elif way == "a link":
        first.rename(here / "moved")
        first.symlink_to(here / "moved")
    else:
        (first / "manifest.json").write_text("{}")
    (here / "nightly.yaml").write_text("schema: 1\nkeep: {runs: 1}\n")
    world.clock.sleep(DAY_S)
    nightly()
    assert first.exists()
    assert f"left alone results/runs/{first.name}: " in capsys.readouterr().err


def test_a_removal_that_a_kill_cut_off_is_finished(three: Callable[[], list[str]], nightly: Call, here: Path) -> None:
    first, *_ = three()
    half = here / f"results/runs/.{first}.removed"
    half.mkdir()
    (half / "journal.ndjson").write_text("")
    assert 0 == nightly()
    assert not half.exists()


def test_rows_that_are_older_than_is_kept_go_and_the_judged_values_stay(
    nightly: Call, world: FakeWorld, here: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (here / "nightly.yaml").write_text("schema: 1\nkeep: {rows: 1}\n")
    for _ in range(3):
        nightly()
        world.clock.sleep(DAY_S)
    first = History.open("results/history").nights()[0]
    assert f"dropped the rows of {first.run_id}; its judged values stay" in capsys.readouterr().err
    assert 16 == len(History.open("results/history").rows())
    assert {3} == {len(series.points) for series in History.open("results/history").series()}
