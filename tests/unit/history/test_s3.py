"""A history at an address of S3, kept by a real server of that protocol on loopback."""

import logging
import multiprocessing
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
import s3fs
from moto.server import ThreadedMotoServer

from pvbench.cli.main import main
from pvbench.errors import PlaceUnreachable, StoreError
from pvbench.exit_codes import ExitCode
from pvbench.history.nouns import Annotation
from pvbench.history.store import History, name_of
from pvbench.testing import SampleRun, sample_run
from pvbench.testing.histories import Simulation, simulated_history

pytestmark = pytest.mark.thorough
SAID = Annotation("", "2026-11-03", "kernel update", "2026-11-04T08:00:00Z")


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    """The address of a server, as S3's own programs are told it."""
    server = ThreadedMotoServer("127.0.0.1", 0, verbose=False)
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    server.start()
    host, port = server.get_host_and_port()
    yield f"http://{host}:{port}"
    server.stop()


@pytest.fixture
def where(server: str, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest) -> str:
    """A bucket of its own for a test, and the environment in which it is found."""
    environment = {
        "AWS_ENDPOINT_URL": server,
        "AWS_ACCESS_KEY_ID": "testing",
        "AWS_SECRET_ACCESS_KEY": "testing",
        "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_CONFIG_FILE": "/dev/null",
        "AWS_SHARED_CREDENTIALS_FILE": "/dev/null",
    }
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    s3fs.S3FileSystem.clear_instance_cache()
    bucket = f"b{abs(hash(request.node.name)):x}"
    s3fs.S3FileSystem().mkdir(bucket)
    return f"s3://{bucket}/lab/history"


def dated(run: SampleRun, day: int) -> SampleRun:
    started = f"2026-11-{day:02d}T23:45:10Z"
    return SampleRun(replace(run.manifest, run_id=f"202611{day:02d}-sample", started=started), run.trials)


def add(where: str, run: SampleRun) -> bool:
    return History.open(where).append(run.manifest, run.trials)


def add_days(where: str, days: list[int]) -> None:
    for day in days:
        add(where, dated(sample_run(blocks=1, seed=day), day))


def test_a_history_reads_back_what_was_put_there_and_keeps_it_once(where: str, tmp_path: Path) -> None:
    run = dated(sample_run(), 3)
    assert History.open(where).nights() == ()
    assert [add(where, run), add(where, run)] == [True, False]
    history, local = History.open(where), History.open(str(tmp_path))
    local.append(run.manifest, run.trials)
    history.annotate(SAID)
    assert (history.nights(), history.series()) == (local.nights(), local.series())
    assert history.rows().equals(local.rows())
    assert history.fresh().annotations() == (SAID,)
    assert history.check() == ()


def test_a_run_that_went_on_replaces_what_is_there_and_one_that_lost_trials_does_not(where: str) -> None:
    run = dated(sample_run(), 3)
    half = SampleRun(run.manifest, run.trials[:10])
    assert [add(where, half), add(where, run)] == [True, True]
    with pytest.raises(StoreError, match="38 measured trials that the run has no more"):
        add(where, half)
    assert [night.measured for night in History.open(where).nights()] == [len(run.trials)]


def test_a_write_is_refused_where_another_was_faster(where: str) -> None:
    place = History.open(where).place
    assert place.swap("runs/a", b"first", None)
    assert not place.swap("runs/a", b"second", None)
    (before,) = place.entries("runs")
    assert place.swap("runs/a", b"third", before)
    assert not place.swap("runs/a", b"fourth", before)
    assert place.read("runs/a") == b"third"


def test_writers_at_the_same_time_lose_no_rows(where: str) -> None:
    context = multiprocessing.get_context("spawn")
    shares = [[1, 2, 3, 4], [3, 4, 5, 6], [5, 6, 1, 2]]
    writers = [context.Process(target=add_days, args=(where, days)) for days in shares]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
    history = History.open(where)
    assert [writer.exitcode for writer in writers] == [0, 0, 0]
    assert [night.night for night in history.nights()] == [f"2026-11-{day:02d}" for day in range(1, 7)]
    assert len(history.rows()) == 6 * len(sample_run(blocks=1).trials)
    assert history.check() == ()


def test_a_torn_object_is_told_and_the_rest_is_read(where: str) -> None:
    add_days(where, [1, 2, 3])
    history = History.open(where)
    torn = name_of(history.nights()[1])
    history.place.write(torn, history.place.read(torn)[:-100])
    again = history.fresh()
    assert len(again.nights()) == 2
    assert [torn in problem for problem in again.problems()] == [True]
    assert add(where, dated(sample_run(blocks=1, seed=2), 2))
    assert History.open(where).check() == ()


def test_only_new_objects_are_fetched(where: str, tmp_path: Path) -> None:
    simulated_history(where, Simulation(nights=10, series=10))
    counts: list[tuple[int, int]] = []
    first = History.open(where, lambda *done: counts.append(done), tmp_path)
    assert (len(first.nights()), counts[-1]) == (10, (10, 10))
    counts.clear()
    simulated_history(where, Simulation(nights=11, series=10))
    second = History.open(where, lambda *done: counts.append(done), tmp_path)
    assert (len(second.nights()), counts) == (11, [(1, 1)])
    assert second.series() == History.open(where).series()


def test_a_server_that_refuses_or_is_not_there_is_one_line(
    where: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["history", "list", "--history", where]) == ExitCode.DONE
    assert main(["history", "list", "--history", "s3://no-such-bucket/history"]) == ExitCode.DONE
    with pytest.raises(PlaceUnreachable, match="no-such-bucket"):
        add("s3://no-such-bucket/history", dated(sample_run(blocks=1), 3))
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
    s3fs.S3FileSystem.clear_instance_cache()
    capsys.readouterr()
    assert main(["history", "list", "--history", where]) == ExitCode.INFRASTRUCTURE
    said = capsys.readouterr()
    assert (said.out, len(said.err.splitlines())) == ("", 1)
    assert where in said.err
