import http.client
import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from pvbench.dashboard.kept_fresh import KeptFresh
from pvbench.dashboard.running import running
from pvbench.dashboard.server import is_ours, serving
from pvbench.errors import UsageError
from pvbench.history.nouns import Annotation
from pvbench.history.store import History
from pvbench.store import Store
from pvbench.testing.clock import FakeClock
from pvbench.testing.histories import Simulation, simulated_history
from pvbench.testing.runs import sample_run
from pvbench.views.serve import under_way

HOSTILE = "</script><img src=x onerror=alert(1)>"


@pytest.fixture(scope="module")
def history(tmp_path_factory: pytest.TempPathFactory) -> History:
    return simulated_history(str(tmp_path_factory.mktemp("kept") / "history"), Simulation(nights=2, series=3))


@pytest.fixture(scope="module")
def fresh(history: History, tmp_path_factory: pytest.TempPathFactory) -> KeptFresh:
    folder = tmp_path_factory.mktemp("served")
    reports = folder / "reports"
    reports.mkdir()
    (reports / f"{history.nights()[0].run_id}.html").write_text("<p>a report")
    (folder / "secret.html").write_text("secret")
    return KeptFresh(history, reports, FakeClock(), print)


@pytest.fixture(scope="module")
def port(fresh: KeptFresh) -> Iterator[int]:
    with serving(fresh, lambda: [f"{HOSTILE}: 1 of 4 trials"], 0) as port:
        yield port


def ask(port: int, target: str, host: str = "localhost", method: str = "GET") -> tuple[int, str, dict[str, str]]:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
    connection.putrequest(method, target, skip_host=True)
    if host:
        connection.putheader("Host", host)
    connection.endheaders()
    answer = connection.getresponse()
    content = answer.read().decode()
    connection.close()
    return answer.status, content, dict(answer.getheaders())


def test_the_site_is_served_with_what_is_measured_now(port, history):
    status, text, headers = ask(port, "/")
    assert status == 200
    assert 'src="assets/live.js"' in text
    assert headers["Content-Type"] == "text/html; charset=utf-8"
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert ask(port, f"/series/{history.series()[0].key.id}.html#x")[0] == 200
    assert json.loads(ask(port, "/live.json")[1]) == {"times": 1, "running": [f"{HOSTILE}: 1 of 4 trials"]}
    assert ask(port, "/", method="HEAD")[:2] == (200, "")


@pytest.mark.parametrize(
    "target",
    [
        "/../secret.html",
        "/reports/../secret.html",
        "/reports/%2e%2e/secret.html",
        "/reports/..%2fsecret.html",
        "//etc/passwd",
        "/reports//etc/passwd",
        "/series/../../secret.html",
        "/%00",
        "/reports/%ff.html",
        "http://localhost/../secret.html",
    ],
)
def test_nothing_beside_the_site_is_read(port, target):
    status, text, _ = ask(port, target)
    assert status == 404
    assert "secret" not in text


def test_a_report_is_read_by_its_exact_name(port, history):
    assert ask(port, f"/reports/{history.nights()[0].run_id}.html")[:2] == (200, "<p>a report")
    assert f'href="reports/{history.nights()[0].run_id}.html"' in ask(port, "/")[1]


@pytest.mark.parametrize(
    "host", ["", "evil.example", "evil.example:8765", "localhost.evil.example", "[::1", "127.0.0.2"]
)
def test_a_name_that_is_not_this_machines_own_is_answered_with_nothing(port, host):
    status, text, _ = ask(port, "/live.json", host)
    assert status == 421
    assert HOSTILE not in text


@pytest.mark.parametrize("host", ["localhost", "LOCALHOST:1", "127.0.0.1:8765", "[::1]:80"])
def test_this_machines_own_names_are_answered_at_any_port(host):
    assert is_ours(host)


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "OPTIONS"])
def test_nothing_can_be_changed(port, method):
    assert ask(port, "/", method=method)[0] == 501


def test_a_port_that_is_taken_is_told(fresh, port):
    with pytest.raises(UsageError, match=f"port {port} cannot be had"), serving(fresh, list, port):
        pass


def test_the_site_is_made_anew_when_the_history_has_grown(tmp_path):
    history = simulated_history(str(tmp_path / "history"), Simulation(nights=2, series=3))
    fresh = KeptFresh(history, tmp_path, FakeClock(), print)
    assert not fresh.look()
    assert fresh.made.times == 1
    history.annotate(Annotation("", history.nights()[0].night, "a new switch", "2026-01-01T00:00:00Z"))
    assert fresh.look()
    assert fresh.made.times == 2
    page = fresh.made.files[f"series/{history.series()[0].key.id}.html"]
    assert b"a new switch" in page
    assert not fresh.look()


def test_a_run_that_is_under_way_is_told_with_what_is_left(tmp_path):
    run = sample_run()
    with Store.create(tmp_path, run.manifest) as store:
        for trial in run.trials[:-1]:
            store.append(trial)
        clock = FakeClock(began=run_time(store))
        (there,) = running(tmp_path, clock.now())
        assert (there.done, there.total) == (len(run.trials) - 1, len(run.manifest.plan))
        assert under_way(there).startswith(
            f"{run.manifest.matrix_name}: {there.done} of {there.total} trials; the last "
        )
        assert " left (" in under_way(there)
        assert "silent for 20 min" in under_way(replace(there, silent_s=1200))
        assert running(tmp_path, clock.now() + timedelta(hours=7)) == ()
        store.append(run.trials[-1])
    assert running(tmp_path, clock.now()) == ()
    assert running(tmp_path / "none", clock.now()) == ()


def run_time(store: Store) -> datetime:
    return datetime.fromtimestamp((store.path / "journal.ndjson").stat().st_mtime, UTC)
