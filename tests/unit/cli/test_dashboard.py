"""`pvbench dashboard`: the site of a history that lies here."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from pvbench.history.store import History
from pvbench.terminal.voice import Voice
from pvbench.testing.clock import FakeClock
from pvbench.testing.histories import Simulation, simulated_history
from pvbench.views.dashboard import counting

QUICK = Simulation(nights=2, series=4)


def test_the_site_says_where_it_is_and_what_was_written_anew(call: Callable[..., Any], here: Path) -> None:
    simulated_history("results/history", QUICK)
    first, again = call("dashboard"), call("dashboard", "--json")
    assert (first.code, first.out) == (0, "site/index.html\n")
    assert "2 runs, 4 series" in first.err
    assert json.loads(again.out)["written"] == []
    assert len(list((here / "site/series").glob("*.html"))) == 4


def test_without_a_night_there_is_a_site_that_says_so(call: Callable[..., Any], here: Path) -> None:
    assert call("dashboard", "-o", "out").code == 0
    assert "No night yet" in (here / "out/index.html").read_text()


def test_a_folder_that_takes_no_site_is_told_in_a_line(call: Callable[..., Any]) -> None:
    said = call("dashboard", "-o", "/dev/null/site")
    assert said.code == 2
    assert "cannot write /dev/null/site" in said.err


def test_a_damaged_night_is_told_and_left_out(call: Callable[..., Any], here: Path) -> None:
    simulated_history("results/history", QUICK)
    torn = next(here.glob("results/history/runs/*/*.parquet"))
    torn.write_bytes(torn.read_bytes()[:-50])
    said = call("dashboard")
    assert "1 run, 4 series" in said.err
    assert f"runs/{torn.parent.name}/{torn.name}" in said.err
    assert "1 file of the history cannot be read" in (here / "site/index.html").read_text()


def test_what_takes_long_says_how_long_yet(capsys: Any) -> None:
    clock = FakeClock()
    with counting(Voice(clock, {}), "pages") as tell:
        for number in range(1, 5):
            clock.sleep(1)
            tell(number, 10)
    assert "2 of 10 pages; about 8 s left" in capsys.readouterr().err


@pytest.fixture
def kept(here: Path) -> History:
    return simulated_history("results/history", QUICK)


@pytest.mark.parametrize("shape", ["{id}", "{short}", "site/series/{id}.html", "https://x.example/series/{id}.html#a"])
def test_a_series_is_annotated_by_its_id_or_the_address_of_its_page(
    call: Callable[..., Any], kept: History, shape: str
):
    name = kept.series()[1].key.id
    said = call("annotate", shape.format(id=name, short=name[:6]), "2026-01-02", "kernel update")
    assert (said.code, said.out) == (0, f"2026-01-02 {name}\n")
    assert [(each.series, each.text) for each in kept.fresh().annotations()] == [(name, "kernel update")]


def test_an_annotation_of_all_series_stands_on_every_page(call: Callable[..., Any], kept: History, here: Path) -> None:
    call("annotate", "all", "last", "<b>new firmware</b>")
    call("dashboard")
    pages = [path.read_text() for path in here.glob("site/series/*.html")]
    assert len(pages) == 4
    assert all("✎ 2026-01-02: &lt;b&gt;new firmware" in page for page in pages)


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("al", "last", "x"), "no series 'al'"),
        (("all", "2026-01-05", "x"), "no night of 2026-01-05; the nearest is 2026-01-02"),
        (("all", "2026-13-05", "x"), "no run '2026-13-05'"),
        (("all", "last", " "), "1 to 1,000 characters"),
        (("all", "last", "x" * 1001), "1 to 1,000 characters"),
    ],
)
def test_what_is_not_there_is_told_in_a_line(
    call: Callable[..., Any], kept: History, words: tuple[str, ...], told: str
) -> None:
    said = call("annotate", *words)
    assert said.code == 2
    assert told in said.err.splitlines()[0]


def test_nothing_can_be_said_of_a_history_without_nights(call: Callable[..., Any]) -> None:
    said = call("annotate", "all", "2026-01-01", "x")
    assert said.code == 2
    assert "no run '2026-01-01'" in said.err
