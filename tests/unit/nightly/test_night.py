"""A night: its steps are done once each, whatever ends the calls that do them."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from pvbench.cli.main import main
from pvbench.errors import Unreachable
from pvbench.history.nouns import Night
from pvbench.store import runs
from pvbench.testing.campaign import MATRIX
from pvbench.testing.world import FakeWorld

Call = Callable[..., int]
Nights = Callable[[], tuple[Night, ...]]
HOURS = 3600.0


def stop_at(world: FakeWorld, number: int, error: type[BaseException] = KeyboardInterrupt) -> None:
    def stop(_device: str, reached: int) -> None:
        if reached == number:
            raise error

    world.hypervisor.before_run = stop


def test_a_night_is_a_run_that_is_in_the_history(nightly: Call, nights: Nights) -> None:
    assert 0 == nightly()
    (night,) = nights()
    (run,) = runs(Path("results"))
    assert (run.run_id, 8, 8) == (night.run_id, night.measured, night.expected)


def test_a_second_call_of_tonight_measures_nothing_and_says_so(
    nightly: Call, world: FakeWorld, capsys: pytest.CaptureFixture[str], nights: Nights
) -> None:
    nightly()
    made = len(world.hypervisor.runs)
    assert 0 == nightly()
    assert "tonight's is done" in capsys.readouterr().err
    assert (made, 1) == (len(world.hypervisor.runs), len(nights()))


def test_the_next_night_and_one_that_is_asked_for_anew_are_measured(
    nightly: Call, world: FakeWorld, nights: Nights
) -> None:
    nightly()
    world.clock.sleep(24 * HOURS)
    assert 0 == nightly()
    world.clock.sleep(HOURS)
    assert 0 == nightly("--anew")
    assert 3 == len(nights())


def test_a_night_that_was_interrupted_goes_on_as_the_same_run(nightly: Call, world: FakeWorld, nights: Nights) -> None:
    stop_at(world, 3)
    assert 130 == nightly()
    assert () == nights()
    stop_at(world, 0)
    assert 0 == nightly()
    (night,) = nights()
    assert ([night.run_id], 8) == ([each.run_id for each in runs(Path("results"))], night.measured)


def test_a_night_that_was_cut_off_yesterday_is_kept_as_incomplete_and_tonights_is_measured(
    nightly: Call, world: FakeWorld, nights: Nights
) -> None:
    stop_at(world, 3)
    assert 130 == nightly()
    stop_at(world, 0)
    world.clock.sleep(24 * HOURS)
    assert 0 == nightly()
    assert [(2, 8), (8, 8)] == [(night.measured, night.expected) for night in nights()]


def test_a_night_whose_matrix_changed_is_kept_as_incomplete(
    nightly: Call, world: FakeWorld, here: Path, nights: Nights
) -> None:
    stop_at(world, 3)
    assert 130 == nightly()
    stop_at(world, 0)
    world.clock.sleep(60)
    (here / "quick.yaml").write_text(MATRIX.replace("blocks: 2", "blocks: 1"))
    assert 0 == nightly()
    assert [(2, 8), (4, 4)] == [(night.measured, night.expected) for night in nights()]


def test_a_night_whose_traffic_took_another_path_is_contaminated(
    nightly: Call, world: FakeWorld, nights: Nights
) -> None:
    world.hypervisor.carrier = {"ide": "vbd"}
    assert 5 == nightly()
    assert [(6, 8)] == [(night.measured, night.expected) for night in nights()]


def test_a_night_is_held_by_one_and_the_second_says_by_whom(
    nightly: Call, world: FakeWorld, capsys: pytest.CaptureFixture[str], nights: Nights
) -> None:
    codes: list[Any] = []

    def call_again(_device: str, number: int) -> None:
        if number == 1:
            codes.append(nightly())

    world.hypervisor.before_run = call_again
    assert 0 == nightly()
    assert [4] == codes
    assert "measured already, by " in (said := capsys.readouterr().err)
    assert ", process " in said
    assert 1 == len(nights())


def test_a_journal_that_is_none_is_told_with_its_place(
    nightly: Call, here: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = here / "results/nightly/quick"
    folder.mkdir(parents=True)
    (folder / "journal.json").write_text("{")
    assert 2 == nightly()
    assert "results/nightly/quick/journal.json is no journal of a night" in capsys.readouterr().err


def test_a_night_that_cannot_be_measured_is_told_once_for_each_reason_and_goes_on(
    nightly: Call, world: FakeWorld, nights: Nights, here: Path
) -> None:
    (here / "nightly.yaml").write_text("schema: 1\nnotify: {markdown: told.md}\n")
    told = here / "told.md"
    away = replace(world.edges(), connect=no_host)
    assert 4 == main(["nightly", "quick.yaml"], away)
    assert "nothing was measured" in told.read_text()
    assert "xen1 is not there" in told.read_text()
    told.unlink()
    assert 4 == main(["nightly", "quick.yaml"], away)
    assert not told.exists()
    assert 0 == nightly()
    assert 1 == len(nights())


@contextmanager
def no_host(*_: Any) -> Iterator[Any]:
    raise Unreachable("xen1 is not there")
    yield


def test_pages_that_cannot_be_written_cost_themselves_alone(
    nightly: Call, nights: Nights, here: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (here / "plain").write_text("")
    assert 4 == nightly("--site", "plain/site")
    assert "the night is kept, and goes on without" in capsys.readouterr().err
    assert 1 == len(nights())


def test_a_dry_run_contacts_and_writes_nothing(nightly: Call, here: Path, world: FakeWorld) -> None:
    assert 0 == nightly("--dry-run")
    assert ([], False) == (world.hypervisor.boots, (here / "results").exists())


def test_an_old_night_that_cannot_be_kept_does_not_keep_tonights_from_being_measured(
    nightly: Call, world: FakeWorld, nights: Nights, here: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (here / "plain").write_text("")
    assert 0 != nightly("--history", "plain/history")
    assert "'append'" in (here / "results/nightly/quick/journal.json").read_text().replace('"', "'")
    world.clock.sleep(24 * HOURS)
    (here / "results/runs").rename(here / "gone")  # and now its run is nowhere either
    assert 0 == nightly()
    assert "is given up: " in capsys.readouterr().err
    assert [(8, 8)] == [(night.measured, night.expected) for night in nights()]
