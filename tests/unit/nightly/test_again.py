"""A change from a night on, as a night tells it: suspected, measured again with fresh boots, confirmed, told, shown."""

import json
import re
import shutil
import threading
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from pvbench.history.nouns import Alarm, AlarmKind, Role, Side, State
from pvbench.history.store import History
from pvbench.model import Outcome
from pvbench.testing.campaign import begin, measure
from pvbench.testing.histories import Simulation, simulated_history
from pvbench.testing.hypervisor import FakeHypervisor
from pvbench.testing.outputs import Output, recorded, times
from pvbench.testing.runs import SampleRun
from pvbench.testing.world import FakeWorld

pytestmark = pytest.mark.thorough

Call = Callable[..., int]
PROGRAMS = {"ide": "fio", "blkfront": "fio", "e1000": "netperf", "netfront": "netperf"}
NIGHTS = 200


@pytest.fixture
def factors(world: FakeWorld) -> dict[str, float]:
    """By device, how many times as fast it is as it was recorded; each trial besides varies a little."""
    rng, by_device = np.random.default_rng(7), dict.fromkeys(PROGRAMS, 1.0)

    def vary(device: str, _number: int) -> None:
        program = PROGRAMS[device]
        by = by_device[device] * np.exp(rng.normal(0, 0.004))
        world.hypervisor.outputs[program] = times(recorded(program), float(by))

    world.hypervisor.before_run = vary
    return by_device


@pytest.fixture(scope="module")
def past(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A history of 200 simulated nights of what the made-up world measures."""
    results = tmp_path_factory.mktemp("past")
    with begin(results) as store:
        measure(store, FakeHypervisor().hold)
        run = SampleRun(store.manifest, store.trials())
    first = datetime(2026, 1, 1, tzinfo=UTC) - timedelta(days=NIGHTS)
    whole = Simulation(nights=NIGHTS, series=6, seed=5, first=first, noise=0.01, outliers=0.0)
    return Path(simulated_history(str(results / "history"), whole, run).place.where)


@pytest.fixture
def years(here: Path, past: Path) -> None:
    shutil.copytree(past, here / "results/history")


@pytest.fixture
def hook(here: Path) -> Iterator[list[Any]]:
    """What is posted to a server on loopback that nightly.yaml names."""
    posted: list[Any] = []

    class Hook(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            posted.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
            self.send_response(204)
            self.end_headers()

        def log_message(self, *_: Any) -> None:
            pass

    with HTTPServer(("127.0.0.1", 0), Hook) as server:
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        url = f"http://127.0.0.1:{server.server_port}/night"
        (here / "nightly.yaml").write_text(f"schema: 1\nnotify: {{webhook: {{url: '{url}'}}}}\n")
        yield posted
        server.shutdown()


def break_blkfront(world: FakeWorld, after: int) -> None:
    """Have fio over blkfront print nothing that can be read, after so many runs of a tool."""
    vary = world.hypervisor.before_run

    def broken(device: str, number: int) -> None:
        vary(device, number)
        if device == "blkfront" and number > after:
            world.hypervisor.outputs["fio"] = Output(b"it broke", 0)

    world.hypervisor.before_run = broken


def alarms_of_the_last(history: History) -> list[Alarm]:
    """Return every alarm that the last night told, as it was and as it is."""
    last = [night.run_id for night in history.nights() if night.role is Role.NIGHT][-1]
    return [alarm for alarm in history.alarms() if alarm.seen == last]


def test_eight_percent_less_in_one_cell_goes_the_whole_way(
    nightly: Call,
    call: Call,
    years: None,
    factors: dict[str, float],
    history: Callable[[], History],
    hook: list[Any],
    here: Path,
) -> None:
    factors["blkfront"] = 0.92
    assert 1 == nightly()
    night, look = sorted(history().nights()[-2:], key=lambda each: each.role is Role.AGAIN)
    assert (Role.AGAIN, night.run_id) == (look.role, look.again)
    assert (8, 4) == (night.expected, look.expected)

    keys = {each.key.id: each.key for each in history().series()}
    states = {(keys[each.series].arm, keys[each.series].side, each.state) for each in alarms_of_the_last(history())}
    assert {("blkfront", Side.VALUE, State.SUSPECT), ("blkfront", Side.VALUE, State.CONFIRMED)} <= states
    assert {"blkfront"} == {arm for arm, _, _ in states}

    (told,) = hook
    assert ("regression", "confirmed") == (told["alarms"][0]["kind"], told["alarms"][0]["state"])
    assert 0.92 == pytest.approx(told["alarms"][0]["ratio"], abs=0.02)
    assert "regression" in told["text"]
    first = re.search(r'<th scope="row"><a href="series/(\w+)\.html">', (here / "results/site/index.html").read_text())
    assert first is not None
    assert "blkfront" == keys[first[1]].arm
    assert 1 == call("gate", night.run_id, "--against", "history")


@pytest.mark.thorough
def test_a_cell_that_vanishes_is_looked_at_again_and_ends_with_three(
    nightly: Call, years: None, world: FakeWorld, history: Callable[[], History], hook: list[Any]
) -> None:
    break_blkfront(world, 0)
    assert 3 == nightly()
    assert AlarmKind.MISSING in {each.kind for each in history().alarms() if each.state is State.CONFIRMED}
    (told,) = hook
    assert ("missing", "confirmed", 3) == (told["alarms"][0]["kind"], told["alarms"][0]["state"], told["exit_code"])
    assert "without a figure" in told["text"]


@pytest.mark.thorough
def test_a_cell_that_always_gives_the_same_is_told_and_ends_with_three(
    nightly: Call, years: None, world: FakeWorld, factors: dict[str, float], hook: list[Any]
) -> None:
    vary = world.hypervisor.before_run

    def stuck(device: str, number: int) -> None:
        vary(device, number)
        if device == "blkfront":
            world.hypervisor.outputs["fio"] = recorded("fio")

    world.hypervisor.before_run = stuck
    codes = []
    for _ in range(3):
        codes.append(nightly())
        world.clock.sleep(24 * 3600)
    assert 3 == codes[-1]
    assert "constant" in {alarm["kind"] for told in hook for alarm in told["alarms"]}


@pytest.mark.thorough
def test_what_fresh_boots_do_not_show_is_cleared_and_a_night_without_news_tells_nobody(
    nightly: Call,
    years: None,
    factors: dict[str, float],
    world: FakeWorld,
    history: Callable[[], History],
    hook: list[Any],
) -> None:
    vary = world.hypervisor.before_run

    def once(device: str, number: int) -> None:
        vary(device, number)
        if number > 8:
            factors["blkfront"] = 1.0

    world.hypervisor.before_run = once
    factors["blkfront"] = 0.9
    assert 0 == nightly()
    assert {State.SUSPECT, State.CLEARED} == {each.state for each in alarms_of_the_last(history())}
    assert [] == hook


@pytest.mark.thorough
def test_a_second_look_that_could_not_be_had_leaves_a_suspect_and_ends_with_three(
    nightly: Call,
    years: None,
    factors: dict[str, float],
    world: FakeWorld,
    history: Callable[[], History],
    hook: list[Any],
) -> None:
    factors["blkfront"] = 0.92
    break_blkfront(world, 8)
    assert 3 == nightly()
    assert {State.SUSPECT} == {each.state for each in alarms_of_the_last(history())}
    assert Outcome.NOT_MEASURED in set(history().rows().tail(12)["outcome"])
    assert ["suspect"] == sorted({alarm["state"] for alarm in hook[0]["alarms"]})
