"""A real process of a night, killed with signal 9 at random moments: no night is lost, doubled or torn."""

import json
import multiprocessing
import os
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from pvbench.cli.main import main
from pvbench.clock import SystemClock
from pvbench.history.nouns import Role
from pvbench.history.store import History
from pvbench.model import Outcome
from pvbench.nightly import journal
from pvbench.store import Store
from pvbench.testing.world import FakeWorld

NIGHTS, KILLS = 10, 2
SPAWN = multiprocessing.get_context("forkserver")
SPAWN.set_forkserver_preload(["pvbench.testing.world", "pvbench.nightly.steps", "pvbench.cli.main", "pyarrow.parquet"])


class Hurried(SystemClock):
    """The machine's clock, of one who does not wait."""

    def sleep(self, seconds: float) -> None:
        """Return at once."""


def night(here: str, results: str) -> None:
    """Be a process that measures a night: 20 ms a trial, one cell without a figure so that it is looked at again."""
    os.chdir(here)
    world = FakeWorld(Path(here) / "home", clock=Hurried())  # type: ignore[arg-type]

    def work(device: str, _number: int) -> None:
        time.sleep(0.02)
        if device == "blkfront":
            raise ValueError("this cell vanished")

    world.hypervisor.before_run = work
    os._exit(main(["-qq", "nightly", "quick.yaml", "-o", results], world.edges()))


@pytest.fixture
def posted(here: Path) -> Iterator[list[Any]]:
    """What a server that nightly.yaml names was told."""
    told: list[Any] = []

    class Hook(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            told.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
            self.send_response(204)
            self.end_headers()

        def log_message(self, *_: Any) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Hook) as server:
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        url = f"http://127.0.0.1:{server.server_port}/"
        (here / "nightly.yaml").write_text(f"schema: 1\nnotify: {{webhook: {{url: '{url}'}}}}\n")
        yield told
        server.shutdown()


def begun(here: Path, number: int) -> Any:
    process = SPAWN.Process(target=night, args=(str(here), f"results{number}"))
    process.start()
    return process


def step_of(results: Path) -> str:
    last = journal.read(results / "nightly/quick")
    return str(last.step) if last else "nothing yet"


def check(results: Path) -> None:
    """Hold what a night left to what it must be, whatever happened to it."""
    history = History.open(str(results / "history"))
    nights = {each.run_id: each for each in history.nights()}
    assert () == history.check()
    assert [Role.AGAIN, Role.NIGHT] == sorted((each.role for each in nights.values()), key=str)
    folders = sorted(path.name for path in (results / "runs").iterdir())
    assert sorted(nights) == [name for name in folders if not name.startswith(".")]
    for run in nights:
        with Store.open(results, run) as store:
            assert {spec.id for spec in store.manifest.plan} == {trial.spec.id for trial in store.trials()}
            assert nights[run].measured == sum(trial.outcome is Outcome.OK for trial in store.trials())
    for page in ("index.html", *(f"reports/{run}.html" for run in nights)):
        assert (results / "site" / page).read_text().rstrip().endswith("</html>")


@pytest.mark.thorough
def test_no_night_is_lost_doubled_or_torn_by_twenty_kills(here: Path, posted: list[Any]) -> None:
    rng = np.random.default_rng()
    started = time.monotonic()
    first = begun(here, 0)
    first.join()
    whole_s = time.monotonic() - started
    assert 3 == first.exitcode
    check(here / "results0")

    reached: list[str] = []
    for number in range(1, NIGHTS + 1):
        posted.clear()
        for _ in range(KILLS):
            process = begun(here, number)
            process.join(float(rng.uniform(0.0, 0.9 * whole_s)))
            reached.append(step_of(here / f"results{number}"))
            process.kill()
            process.join()
        last = begun(here, number)
        last.join()
        assert 3 == last.exitcode, reached
        check(here / f"results{number}")
        assert 1 == len({json.dumps(told, sort_keys=True) for told in posted}), reached
    print("killed at:", ", ".join(reached))
