import contextlib
import json
import multiprocessing
from dataclasses import replace
from pathlib import Path

import duckdb
import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest

from pvbench.errors import Damaged, StoreError
from pvbench.history import events, file, record
from pvbench.history.nouns import Alarm, AlarmKind, Annotation, Role, Side, State
from pvbench.history.seal import sealed
from pvbench.history.store import History
from pvbench.model import Outcome, digest
from pvbench.testing import SampleRun, failed, flawed_run, sample_run


def dated(run: SampleRun, day: int) -> SampleRun:
    """Return the run as if it had begun on a day of November."""
    started = f"2026-11-{day:02d}T23:45:10Z"
    trials = tuple(replace(trial, started=f"2026-11-{day:02d}{trial.started[10:]}") for trial in run.trials)
    return SampleRun(replace(run.manifest, run_id=f"202611{day:02d}-sample", started=started), trials)


def add(history: History, run: SampleRun, **asked) -> bool:
    return history.append(run.manifest, run.trials, **asked)


def only_file(history: History) -> Path:
    (found,) = (Path(history.place.where) / "runs").rglob("*.parquet")
    return found


@pytest.fixture
def history(tmp_path: Path) -> History:
    return History.open(str(tmp_path / "history"))


def test_a_history_that_is_not_there_is_empty(history):
    assert history.nights() == history.series() == history.problems() == ()
    assert history.rows().empty


def test_a_run_is_a_night_with_what_was_expected_and_measured(history):
    run = dated(flawed_run(), 3)
    assert add(history, run)
    (night,) = history.nights()
    failures = sum(trial.outcome is not Outcome.OK for trial in run.trials)
    assert (night.night, night.expected, night.measured) == (
        "2026-11-03",
        len(run.trials),
        len(run.trials) - failures,
    )
    assert night.label == "software emulation"


def test_a_series_is_made_of_each_cell_and_of_each_cell_beside_its_baseline(history):
    for day in (4, 3, 5):
        add(history, dated(sample_run(seed=day), day))
    series = history.series()
    assert [point.run_id for point in series[0].points] == ["20261103-sample", "20261104-sample", "20261105-sample"]
    ratios = [each for each in series if each.key.side is Side.RATIO]
    values = {(each.key.cell, each.key.side): each for each in series}
    assert len(ratios) == len(series) - len(ratios) - len(ratios)  # two devices a workload, one of them the baseline
    for each in ratios:
        assert all(point.low <= point.value <= point.high for point in each.points)
        assert (each.key.against_cell, Side.VALUE) in values


def test_a_cell_without_a_figure_has_a_point_that_says_why(history):
    add(history, dated(flawed_run(), 3))
    without = [each for each in history.series() if each.points[0].value is None]
    assert {each.key.side for each in without} == {Side.VALUE, Side.RATIO}
    assert all("netserver did not answer" in each.points[0].reason for each in without)


def test_a_run_that_is_there_is_not_added_again(history):
    run = dated(sample_run(), 3)
    assert [add(history, run), add(history, run)] == [True, False]
    assert len(history.nights()) == 1


def test_a_run_that_went_on_is_there_as_it_is_now(history):
    run = dated(sample_run(), 3)
    half = SampleRun(run.manifest, run.trials[: len(run.trials) // 2])
    assert add(history, half)
    assert add(history, run)
    assert [night.measured for night in history.nights()] == [len(run.trials)]


def test_a_run_that_lost_trials_is_refused_and_nothing_is_lost(history):
    run = dated(sample_run(), 3)
    add(history, run)
    with pytest.raises(StoreError, match="measured trials that the run has no more"):
        add(history, run.changed(lambda trial: failed(trial, Outcome.INVALID, "no")))
    assert [night.measured for night in history.fresh().nights()] == [len(run.trials)]


def test_a_run_whose_measured_trials_are_others_is_refused(history):
    run = dated(flawed_run(), 3)
    add(history, run)
    shifted = run.changed(
        lambda trial: replace(trial, started="2026-11-03T23:59:59Z") if trial.spec.block == 1 else trial
    )
    with pytest.raises(StoreError, match="measured trials that the run has no more"):
        add(history, shifted)
    assert history.fresh().rows().equals(history.rows())


def test_a_night_is_not_quietly_a_look_again_nor_the_other_way_round(history):
    run = dated(sample_run(), 3)
    add(history, run)
    with pytest.raises(StoreError, match="it is there as a night, and not as a look again at 20261102-sample"):
        add(history, run, role=Role.AGAIN, again="20261102-sample")


def test_a_dropped_run_is_gone_and_all_else_stays(history):
    for day in (3, 4, 5):
        add(history, dated(sample_run(seed=day), day))
    history.annotate(Annotation("", "2026-11-04", "kernel", "2026-11-04T08:00:00Z"))
    assert history.drop("20261104-sample").night == "2026-11-04"
    assert [night.night for night in history.nights()] == ["2026-11-03", "2026-11-05"]
    assert len(history.fresh().annotations()) == 1
    with pytest.raises(StoreError, match="no run '20261104-sample'"):
        history.drop("20261104-sample")
    assert add(history, dated(sample_run(seed=4), 4))
    assert len(history.nights()) == 3


def test_rows_of_old_nights_go_and_their_judged_values_stay(history):
    for day in (3, 4, 5):
        add(history, dated(sample_run(seed=day), day))
    before = history.series()
    assert [night.night for night in history.thin("2026-11-05")] == ["2026-11-03", "2026-11-04"]
    again = history.fresh()
    assert again.series() == before
    assert [night.rows_kept for night in again.nights()] == [False, False, True]
    assert set(again.rows()["night"]) == {"2026-11-05"}
    assert again.check() == again.thin("2026-11-05") == ()
    assert not add(again, dated(sample_run(seed=3), 3))  # the run is there, and stays as it was made


def test_a_run_that_went_on_has_its_rows_again(history):
    run = dated(sample_run(), 3)
    add(history, SampleRun(run.manifest, run.trials[:-4]))
    history.thin("2026-11-30")
    assert add(history, run)
    assert len(history.rows()) == len(run.trials)


def test_a_run_that_looks_again_says_at_which_night(history):
    add(history, dated(sample_run(), 3))
    add(history, dated(sample_run(seed=2), 4), role=Role.AGAIN, again="20261103-sample")
    assert [(night.role, night.again) for night in history.nights()] == [
        (Role.NIGHT, None),
        (Role.AGAIN, "20261103-sample"),
    ]


def test_rows_are_one_a_trial_with_its_readings_by_metric(history):
    run = dated(flawed_run(), 3)
    add(history, run)
    rows = history.rows()
    assert len(rows) == len(run.trials)
    for trial, readings in zip(run.trials, rows["readings"], strict=True):
        assert dict(readings) == {reading.metric: reading.value for reading in trial.readings}


def test_pandas_and_duckdb_read_the_folder_as_it_is(history):
    for day in (3, 4):
        add(history, dated(sample_run(seed=day), day))
    runs = Path(history.place.where) / "runs"
    ours = history.rows()
    frame = pd.read_parquet(runs)
    assert (len(frame), set(frame["month"])) == (len(ours), {"2026-11"})
    query = f"select night, count(*), avg(readings['iops']) from '{runs}/**/*.parquet' group by night order by night"
    for night, count, iops in duckdb.sql(query).fetchall():
        own = ours[ours["night"] == night]
        values = [dict(readings)["iops"] for readings in own["readings"] if "iops" in dict(readings)]
        assert (count, iops) == (len(own), pytest.approx(np.mean(values)))


def test_a_changed_host_is_another_environment(history):
    run = dated(sample_run(), 3)
    add(history, run)
    newer = dated(sample_run(), 4)
    add(history, newer.on(replace(run.manifest.hosts[0], kernel="Linux 6.12.0")))
    before, after = history.nights()
    assert before.environments != after.environments
    assert all(len({point.environment for point in each.points}) == 2 for each in history.series())


def test_alarms_and_annotations_are_kept_in_the_order_of_the_nights_that_told_them(history):
    for day in (3, 4):
        add(history, dated(sample_run(), day))
    suspect = Alarm("abc", AlarmKind.REGRESSION, State.SUSPECT, "20261103-sample", "20261103-sample", 0.92, 0.02, 0.06)
    confirmed = replace(suspect, state=State.CONFIRMED, seen="20261104-sample")
    said = Annotation("", "2026-11-03", "</script> kernel \ud800", "2026-11-04T08:00:00Z")
    history.record([confirmed])
    history.record([suspect, confirmed])
    history.annotate(said)
    again = history.fresh()
    assert again.alarms() == (suspect, confirmed)
    assert again.annotations()[0].text.startswith("</script> kernel ")
    assert again.problems() == ()


def test_a_file_cut_anywhere_or_with_any_bit_flipped_is_told_and_the_others_are_read(history):
    for day in (2, 3):
        add(history, dated(sample_run(seed=day), day))
    torn = next(Path(history.place.where).rglob("*03-sample.parquet"))
    content = torn.read_bytes()
    assert pq.read_table(torn).num_rows == len(sample_run().trials)  # by a reader that knows nothing of the seal
    rng = np.random.default_rng(7)
    cuts = [content[:size] for size in (0, 1, 3, 8, 40, 41, len(content) - 1, *rng.integers(0, len(content), 30))]
    flips = []
    for place in rng.integers(0, len(content), 60):
        flipped = bytearray(content)
        flipped[place] ^= 1 << int(rng.integers(8))
        flips.append(bytes(flipped))
    for wrong in (*cuts, *flips, content + b"\0", content[:8] + content[9:], b"PAR1" * 20):
        with pytest.raises(Damaged):
            file.read_run("it", wrong)
        with pytest.raises(Damaged):
            file.rows_of("it", wrong)
    torn.write_bytes(flips[0])
    again = history.fresh()
    assert [night.night for night in again.nights()] == ["2026-11-02"]
    assert [torn.name in problem for problem in again.problems()] == [True]
    assert again.check() == again.problems()


def test_a_torn_file_is_mended_by_adding_its_run_again(history):
    run = dated(sample_run(), 3)
    add(history, run)
    torn = only_file(history)
    torn.write_bytes(torn.read_bytes()[:-9])
    assert add(history.fresh(), run)
    assert history.fresh().check() == ()


def test_a_run_of_another_month_under_the_name_of_one_is_refused(history):
    run = dated(sample_run(), 3)
    add(history, run)
    with pytest.raises(StoreError, match="another run of its name"):
        add(history, SampleRun(replace(run.manifest, started="2026-01-02T03:04:05Z"), run.trials))
    elsewhere = History.open(history.place.where + "2")
    add(elsewhere, SampleRun(replace(run.manifest, started="2026-01-02T03:04:05Z"), run.trials[:-1]))
    stray = Path(history.place.where) / "runs/month=2026-01" / only_file(elsewhere).name
    stray.parent.mkdir()
    stray.write_bytes(only_file(elsewhere).read_bytes())
    assert len(history.fresh().nights()) == 1
    assert ["has its name too" in problem for problem in history.fresh().problems()] == [True]


def test_a_night_that_is_there_under_two_names_is_told_and_counts_once(history):
    run = dated(sample_run(), 3)
    add(history, run)
    first = only_file(history)
    first.with_name("copy.parquet").write_bytes(first.read_bytes())
    again = history.fresh()
    assert len(again.nights()) == 1
    assert ["copy.parquet" in problem for problem in again.problems()] == [True]


def test_measurements_that_are_there_as_two_runs_are_told_and_count_once(history):
    run = dated(sample_run(), 3)
    add(history, run)
    add(history, SampleRun(replace(run.manifest, run_id="20261103-twice"), run.trials))
    assert [night.run_id for night in history.nights()] == ["20261103-sample"]
    assert any("20261103-twice" in problem and "20261103-sample" in problem for problem in history.problems())


def altered(path: Path, change, *, seal: bool) -> None:
    table = pq.read_table(path)
    content = json.loads(table.schema.metadata[file.SAID])
    change(content)
    pq.write_table(table.replace_schema_metadata({file.SAID: json.dumps(content)}), path)
    if seal:
        path.write_bytes(sealed(path.read_bytes()))


def test_a_file_of_a_newer_schema_is_told_and_not_guessed_at(history):
    run = dated(sample_run(), 3)
    add(history, run)
    altered(only_file(history), lambda content: content.update(schema=record.SCHEMA_VERSION + 1), seal=True)
    again = history.fresh()
    assert again.nights() == ()
    with pytest.raises(StoreError, match="a newer one wrote it"):
        add(again, run)
    assert [f"schema is {record.SCHEMA_VERSION + 1}" in problem for problem in again.problems()] == [True]


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (
            lambda said: said["series"]["metric"].__setitem__(0, "luck"),
            "metric 'luck', which this pvbench does not know",
        ),
        (lambda said: said["series"]["host"].__setitem__(0, 7), "host holds something"),
        (lambda said: said["series"]["side"].__setitem__(0, "upside"), "upside"),
        (lambda said: said["series"].pop("arm"), "arm"),
        (lambda said: said["points"]["value"].__setitem__(0, "much"), "value holds something"),
        (lambda said: said["points"]["units"].pop(), "a series is there twice"),
        (lambda said: said["points"].__setitem__("reason", None), "no file of a history"),
        (lambda said: said["night"].__setitem__("measured", "all"), "measured holds"),
        (lambda said: said["night"].__setitem__("night", "yesterday"), "yesterday"),
        (lambda said: said["night"].__setitem__("role", "day"), "day"),
        (lambda said: said["night"].__setitem__("more", 1), "more"),
        (lambda said: said.clear(), "schema"),
    ],
)
def test_a_file_that_is_whole_and_says_what_cannot_be_is_told(history, change, says):
    for day in (2, 3):
        add(history, dated(sample_run(seed=day), day))
    (path,) = Path(history.place.where).rglob("*03-sample.parquet")
    altered(path, change, seal=True)
    again = history.fresh()
    assert [night.night for night in again.nights()] == ["2026-11-02"]
    (problem,) = again.problems()
    assert path.name in problem
    assert says in problem


def test_a_value_that_somebody_altered_is_told(history):
    add(history, dated(sample_run(), 3))
    altered(only_file(history), lambda content: content["points"]["value"].__setitem__(0, 1e9), seal=False)
    assert ["altered" in problem for problem in history.fresh().problems()] == [True]


def test_torn_events_are_told(history):
    history.annotate(Annotation("", "2026-11-03", "kernel", "2026-11-04T08:00:00Z"))
    (path,) = (Path(history.place.where) / "events").iterdir()
    path.write_bytes(path.read_bytes()[:-5])
    again = history.fresh()
    assert again.annotations() == ()
    assert [path.name in problem for problem in again.problems()] == [True]


@pytest.mark.parametrize(
    "wrong",
    [
        b"",
        b"[" * 100_000,
        b"{}",
        b"[]",
        b"\xff",
        b'{"said": NaN, "digest": ""}',
        json.dumps({"said": 1, "digest": digest(1, 32)}).encode(),
        events.encode(annotations=[Annotation("", "2026-11-03", 7, "")])[1],
        events.encode(alarms=[Alarm("a", AlarmKind.MISSING, State.SUSPECT, "r", 1)])[1],
        events.encode(alarms=[Alarm("a", AlarmKind.MISSING, State.SUSPECT, "r", "s", "big")])[1],
    ],
)
def test_what_are_no_events_is_told_and_the_others_are_read(history, wrong):
    said = Annotation("", "2026-11-03", "kernel", "2026-11-04T08:00:00Z")
    history.annotate(said)
    history.place.write("events/wrong.json", wrong)
    again = history.fresh()
    assert again.annotations() == (said,)
    assert ["wrong.json" in problem for problem in again.problems()] == [True]


def write_days(where: str, days: list[int]) -> None:
    history = History.open(where)
    for day in days:
        add(history, dated(sample_run(blocks=1, seed=day), day))


def write_prefixes(where: str, sizes: list[int]) -> None:
    run = dated(sample_run(), 3)
    history = History.open(where)
    for size in sizes:
        with contextlib.suppress(StoreError):  # another process has more by now
            add(history, SampleRun(run.manifest, run.trials[:size]))


@pytest.mark.thorough
def test_writers_of_one_run_at_the_same_time_leave_the_one_with_the_most(history):
    whole = len(sample_run().trials)
    context = multiprocessing.get_context("spawn")
    shares = [[*range(first, whole, 4), whole - first + 1] for first in (1, 2, 3, 4)]
    writers = [context.Process(target=write_prefixes, args=(history.place.where, sizes)) for sizes in shares]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
    assert [writer.exitcode for writer in writers] == [0] * len(writers)
    assert [night.measured for night in history.nights()] == [whole]
    assert (len(history.rows()), history.check()) == (whole, ())


@pytest.mark.thorough
def test_writers_at_the_same_time_lose_no_rows(history):
    context = multiprocessing.get_context("spawn")
    shares = [list(range(1, 11)), list(range(6, 16)), list(range(11, 21)), list(range(1, 21))]
    writers = [context.Process(target=write_days, args=(history.place.where, days)) for days in shares]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
    assert [writer.exitcode for writer in writers] == [0] * len(writers)
    assert [night.night for night in history.nights()] == [f"2026-11-{day:02d}" for day in range(1, 21)]
    assert len(history.rows()) == 20 * len(sample_run(blocks=1).trials)
    assert history.check() == ()


@pytest.mark.thorough
def test_a_writer_that_is_killed_leaves_whole_files_alone_and_holds_nobody_up(history):
    context, rng = multiprocessing.get_context("spawn"), np.random.default_rng(3)
    for _ in range(6):
        writer = context.Process(target=write_days, args=(history.place.where, list(range(1, 29)) * 9))
        writer.start()
        writer.join(timeout=float(rng.uniform(1, 4)))
        writer.kill()
        writer.join()
        assert history.fresh().check() == ()
    before = len(history.fresh().nights())
    write_days(history.place.where, list(range(1, 29)))
    assert before <= 28 == len(history.fresh().nights())
    assert len(history.fresh().rows()) == 28 * len(sample_run(blocks=1).trials)
