"""`pvbench dashboard`: the site of a history that lies here."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

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
    assert f"left out: runs/{torn.parent.name}/{torn.name}" in said.err


def test_what_takes_long_says_how_long_yet(capsys: Any) -> None:
    clock = FakeClock()
    with counting(Voice(clock, {}), "pages") as tell:
        for number in range(1, 5):
            clock.sleep(1)
            tell(number, 10)
    assert "2 of 10 pages; about 8 s left" in capsys.readouterr().err
