"""Nights on the lab: a real regression goes the whole way, and kills at random moments lose no night.

PVBENCH_SOAK_SEED repeats the moments of an earlier run, which prints its seed; PVBENCH_SOAK_KILLS says how many kills.
"""

import json
import os
import random
import signal
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from pvbench.history.nouns import Role
from pvbench.history.store import History
from pvbench.model import Outcome
from pvbench.nightly import journal
from pvbench.store import Store
from pvbench.testing.histories import Simulation, simulated_history
from pvbench.testing.runs import SampleRun
from tests.lab.campaign import dom0, pvbench

pytestmark = [pytest.mark.lab, pytest.mark.soak, pytest.mark.usefixtures("lab")]

MATRIX = """\
schema: 1
hosts: [lab]
devices: {{block: [ide, blkfront]}}
placement: coexist
workloads:
  - fio: {{rw: read, bs: 1MiB, iodepth: 4, ioengine: libaio, runtime: 2s, warmup: 1s}}
scratch: 64MiB
run: {{blocks: {blocks}, seed: 1, traces: 0}}
compare: {{baseline: {{block: ide}}}}
{more}"""
PATCHED = "frontends: [{source: distro, patches: [blkfront.patch]}]\n"
PATCH = """\
blkfront: {what}

--- a/drivers/block/xen-blkfront.c
+++ b/drivers/block/xen-blkfront.c
@@ -43,6 +43,7 @@
 #include <linux/module.h>
 #include <linux/slab.h>
 #include <linux/major.h>
+#include <linux/delay.h>
 #include <linux/mutex.h>
 #include <linux/scatterlist.h>
 #include <linux/bitmap.h>
@@ -907,4 +908,5 @@
\x20
 \trinfo = get_rinfo(info, qid);
+\tudelay({microseconds});
 \tblk_mq_start_request(qd->rq);
 \tspin_lock_irqsave(&rinfo->ring_lock, flags);
"""
QUICK, SLOW = PATCH.format(what="Wait for nothing", microseconds=1), PATCH.format(what="Wait", microseconds=9000)
PERSISTENT = "/sys/module/xen_blkback/parameters/feature_persistent"
PAST = 40
CONTAMINATED = 5
KILLS, LONGEST_S = int(os.environ.get("PVBENCH_SOAK_KILLS") or 20), 90.0


@pytest.fixture
def posted(tmp_path: Path) -> Iterator[list[Any]]:
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
        threading.Thread(target=server.serve_forever, daemon=True).start()
        url = f"http://127.0.0.1:{server.server_port}/"
        (tmp_path / "nightly.yaml").write_text(f"schema: 1\nnotify: {{when: always, webhook: {{url: '{url}'}}}}\n")
        yield told
        server.shutdown()


@pytest.fixture
def worse(tmp_path: Path) -> Iterator[Callable[[], None]]:
    """Give what takes persistent grants from dom0's block backend; it gets them back."""

    def worsen() -> None:
        assert "N" == dom0(tmp_path, f"echo N > {PERSISTENT}; cat {PERSISTENT}").strip()

    yield worsen
    assert "Y" == dom0(tmp_path, f"echo Y > {PERSISTENT}; cat {PERSISTENT}").strip()


def with_a_past(results: Path) -> None:
    """Put simulated nights before the one that was measured, of its own figures, so that a level is known."""
    history = History.open(str(results / "history"))
    (night,) = history.nights()
    with Store.open(results, night.run_id) as store:
        run = SampleRun(store.manifest, store.trials())
    past = Simulation(
        nights=PAST,
        series=len(history.series()),
        first=datetime.now(UTC) - timedelta(days=PAST),
        noise=0.03,
        drift=0.04,
        outliers=0.0,
        hosts=("lab",),
    )
    simulated_history(history.place.where, past, run)


def measured_twice(folder: Path, worsen: Callable[[], None]) -> None:
    """Measure a night and, after something was worsened, another one, which confirms that."""
    first = pvbench(folder, "nightly", "m.yaml")
    print(first.stderr)
    assert first.returncode in (0, CONTAMINATED), first.stderr  # other load beside is told, and no regression
    with_a_past(folder / "results")
    worsen()
    second = pvbench(folder, "nightly", "m.yaml", "--anew")
    print(second.stderr)
    assert 1 == second.returncode


def check_the_whole_way(folder: Path, posted: list[Any]) -> None:
    """Hold history, message and site of two such nights to what they must say."""
    history = History.open(str(folder / "results/history"))
    night, look = sorted(history.nights()[-2:], key=lambda each: each.role is Role.AGAIN)
    assert (Role.NIGHT, Role.AGAIN, night.run_id) == (night.role, look.role, look.again)
    arms = {each.key.id: each.key.arm for each in history.series()}
    print(json.dumps(posted[-1], indent=1))
    confirmed = [each for each in posted[-1]["alarms"] if (each["kind"], each["state"]) == ("regression", "confirmed")]
    alarm = confirmed[0]
    assert arms[alarm["series"]].startswith("blkfront")
    assert 1 == posted[-1]["exit_code"]
    page = (folder / "results/site/index.html").read_text()
    assert alarm["series"] in page
    assert "software emulation" in page


def replaced(patch: Path) -> None:
    patch.write_text(SLOW)


def test_a_driver_that_got_slow_between_two_nights_goes_the_whole_way(tmp_path: Path, posted: list[Any]) -> None:
    """What is built anew goes on with its series; the wait is long enough to be seen beside any other load."""
    (tmp_path / "m.yaml").write_text(MATRIX.format(blocks=1, more=PATCHED))
    patch = tmp_path / "blkfront.patch"
    patch.write_text(QUICK)
    measured_twice(tmp_path, lambda: replaced(patch))
    check_the_whole_way(tmp_path, posted)


def test_persistent_grants_that_dom0_lost_between_two_nights_go_the_whole_way(
    tmp_path: Path, posted: list[Any], worse: Callable[[], None]
) -> None:
    """They are worth a quarter of the throughput: this needs a machine on which nothing else runs."""
    (tmp_path / "m.yaml").write_text(MATRIX.format(blocks=3, more=""))
    measured_twice(tmp_path, worse)
    check_the_whole_way(tmp_path, posted)


class Killed:
    """Nights in a folder of results each, begun and killed again and again."""

    def __init__(self, folder: Path, moments: random.Random) -> None:
        self.folder, self.moments, self.number = folder, moments, 0
        self.reached: Counter[str] = Counter()
        (folder / "m.yaml").write_text(MATRIX.format(blocks=1, more=""))

    @property
    def results(self) -> Path:
        return self.folder / f"results{self.number}"

    @property
    def step(self) -> str:
        last = journal.read(self.results / "nightly/m")
        return str(last.step) if last else "nothing yet"

    def start(self) -> "subprocess.Popen[bytes]":
        argv = [sys.executable, "-m", "pvbench", "-q", "nightly", "m.yaml", "-o", self.results.name]
        return subprocess.Popen(argv, cwd=self.folder, stdin=subprocess.DEVNULL)

    def kill_once(self) -> bool:
        """Begin or go on, and kill at a random moment, of the whole or of what follows the measuring."""
        running, late = self.start(), self.moments.random() < 0.5
        deadline = time.monotonic() + self.moments.uniform(0.1, LONGEST_S)
        while running.poll() is None and (late or time.monotonic() < deadline):
            if late and self.step not in ("nothing yet", "measure"):
                time.sleep(self.moments.uniform(0.0, 1.0))
                break
            time.sleep(0.02)
        if running.poll() is not None:
            return False
        self.reached[self.step] += 1
        os.kill(running.pid, signal.SIGKILL)
        running.wait()
        return True

    def finish(self) -> None:
        """Go on until the night is done, a host that is not free yet asked again; hold it to what it must be."""
        deadline = time.monotonic() + 900
        while self.start().wait() == 4:
            assert time.monotonic() < deadline
            time.sleep(3)
        history = History.open(str(self.results / "history"))
        assert () == history.check()
        (night,) = history.nights()
        assert [night.run_id] == [path.name for path in (self.results / "runs").iterdir()]
        with Store.open(self.results, night.run_id) as store:
            assert {spec.id for spec in store.manifest.plan} == {trial.spec.id for trial in store.trials()}
            assert night.measured == sum(trial.outcome is Outcome.OK for trial in store.trials())
        assert (self.results / "site/index.html").read_text().rstrip().endswith("</html>")


def test_kills_at_random_moments_lose_double_and_tear_no_night(tmp_path: Path, posted: list[Any]) -> None:
    seed = int(os.environ.get("PVBENCH_SOAK_SEED") or time.time())
    print(f"\nseed {seed}")
    nights = Killed(tmp_path, random.Random(seed))
    kills = ended = 0
    while kills < KILLS:
        if nights.kill_once():
            kills += 1
            print(f"kill {kills} of {KILLS}, night {nights.number}: {dict(nights.reached)}", flush=True)
        elif nights.step == "done":
            nights.finish()
            nights.number += 1
        else:
            ended += 1
            assert ended < 2 * KILLS, "a night that ends by itself all the time is not tested by kills"
            time.sleep(3)
    nights.finish()
    runs = Counter(told["run"] for told in posted if told["run"])
    assert nights.number + 1 == len(runs)
    print(f"killed at {dict(nights.reached)}; told {dict(runs)}")
