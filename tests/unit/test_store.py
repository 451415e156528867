import errno
import json
import os
import resource
import signal
import subprocess
import sys
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest

from pvbench.errors import DiskFull, StoreError
from pvbench.model import (
    Arm,
    Cell,
    CommandRecord,
    Contrast,
    CpuBill,
    DeviceKind,
    Emulation,
    Flag,
    FlagKind,
    Granted,
    HostFacts,
    Mechanism,
    Outcome,
    Payer,
    Placement,
    RawFile,
    Reading,
    TrapCost,
    Trial,
    TrialSpec,
    Witness,
    Workload,
)
from pvbench.store import SCHEMA_VERSION, Manifest, Store, new_run_id, runs

FIO = Workload("fio", (("bs", 4096), ("direct", True), ("runtime", 2.5), ("rw", "randread")))
IDE, BLKFRONT = (Cell(Arm("lab", DeviceKind.BLOCK, device, Placement.COEXIST), FIO) for device in ("ide", "blkfront"))
PLAN = tuple(TrialSpec(cell, block, f"b{block:02}", n) for block in (1, 2, 3) for n, cell in enumerate((IDE, BLKFRONT)))
HOST = HostFacts("lab", Emulation.SOFTWARE, "QEMU", "xen 4.17", "6.1.0", "TCG CPU", 2, 2 << 30, 0.04, (("a", "b"),))
MANIFEST = Manifest(
    schema=SCHEMA_VERSION,
    run_id="20261122T231500Z-quickstart-ab12",
    tool_version="0.1.0",
    started="2026-11-22T23:15:00Z",
    command=("pvbench", "run", "quick start.yaml"),
    matrix_name="quickstart",
    matrix_text="schema: 1\n# café\n",
    matrix_digest="0123456789ab",
    placement=Placement.COEXIST,
    blocks=3,
    seed=1,
    contrasts=(Contrast("device", ((DeviceKind.BLOCK, "ide"),)), Contrast("queues", 1, 0.1)),
    hosts=(HOST,),
    guest=(("digest", "ff"),),
    stack=(("xl", "4.17"),),
    plan=PLAN,
    disturbed_above=0.1,
    setups=(("lab", (("storage", "memory"),)),),
)
STARTED = "2026-11-22T23:20:00Z"


def measured(spec, value=1.5):
    return Trial(
        spec,
        Outcome.OK,
        None,
        STARTED,
        readings=(Reading("iops", value), Reading("latency_p50", 0.25)),
        latency_bins=((1000, 3), (2000, 1)),
        witnesses=(
            Witness("guest", "vbd", 4096, 4100, 1, (("key", "1"), ("key", "2"))),
            Witness("host", None, None, None),
        ),
        cache_mode="none",
        booted=STARTED,
        attempt=2,
        disturbance=(("other guests", 0.25),),
        commands=(CommandRecord("guest", ("fio", "--name=é"), 0, 2.5), CommandRecord("host", ("xl",), None, None)),
        raw=(RawFile("raw/x/fio.json", "00", 3),),
        seconds=(("boot", 101.5), ("tool", 5)),
        flags=(Flag(FlagKind.UNSTEADY, "range 31 %"), Flag(FlagKind.OTHER, "of its own: \udc80")),
        windows=(1.0, 2.0),
        granted=(Granted("queues", "4", "1"), Granted("fifo_events", "no", None)),
        bill=CpuBill(5.5, 2, ((Payer.GUEST, 2.5), (Payer.IDLE, 8)), 100, 409600),
        mechanism=Mechanism(2.0, 88.5, (("exit: port I/O", 2300),), (("port I/O", 1.5),), 3, 1.25),
        traps=(TrapCost("empty hypercall", ((900, 3), (1100, 1))),),
        ceiling=(Reading("iops", 12000.0),),
        in_use=(("scheduler", "credit2"), ("a part of a later pvbench", "é\udc80")),
        guest_facts=(("distribution", "Debian GNU/Linux 13 (trixie)"), ("a fact of a later pvbench", "é\udc80")),
    )


def not_ok(spec, outcome=Outcome.NOT_MEASURED):
    return Trial(spec, outcome, 'the guest\ndid not "boot"', STARTED)


@pytest.fixture
def store(tmp_path):
    with Store.create(tmp_path, MANIFEST) as created:
        yield created


def reopened(store, **how):
    store.close()
    return Store.open(store.path.parents[1], store.path, **how)


def test_what_was_stored_is_read_back_equal(store):
    trials = (measured(PLAN[0]), not_ok(PLAN[1]), not_ok(PLAN[2], Outcome.INVALID))
    for trial in trials:
        store.append(trial)
    again = reopened(store)
    assert MANIFEST == again.manifest
    assert trials == again.trials()


def test_text_from_outside_is_stored_whatever_it_holds(tmp_path):
    odd = "\udc80 \x00 \u2028 \r\n \U0001f600"
    with Store.create(tmp_path, replace(MANIFEST, command=(odd,))) as store:
        store.append(replace(not_ok(PLAN[0]), reason=odd))
        assert odd == reopened(store).trials()[0].reason
    assert (odd,) == Store.open(tmp_path, "2026").manifest.command


def test_a_run_id_sorts_by_time_and_is_fit_for_a_folder():
    now = datetime(2026, 11, 22, 23, 15, tzinfo=UTC)
    assert "20261122T231500Z-quick-start-2-ba2d" == new_run_id(now, "Quick start / 2", "x")
    assert new_run_id(now, "z", "x") < new_run_id(now + timedelta(seconds=1), "a", "x")
    assert new_run_id(now, "m", "x") == new_run_id(now.astimezone(timezone(timedelta(hours=2))), "m", "x")
    assert new_run_id(now, "m", "x") != new_run_id(now, "m", "y")
    assert new_run_id(now, "../..", "x").startswith("20261122T231500Z-matrix-")


def test_a_reader_sees_what_was_appended_since_it_last_looked(store):
    store.append(measured(PLAN[0]))
    with Store.open(store.path.parents[1], store.path) as reader:
        assert (measured(PLAN[0]),) == reader.trials() == reader.records()
        store.append(measured(PLAN[1]))
        assert (measured(PLAN[0]), measured(PLAN[1])) == reader.trials()


def test_a_measurement_made_again_replaces_the_one_that_failed_and_the_journal_keeps_both(store):
    store.append(not_ok(PLAN[0]))
    store.append(measured(PLAN[1]))
    assert {PLAN[1].id} == store.finished_ids()
    store.append(measured(PLAN[0]))
    assert (measured(PLAN[0]), measured(PLAN[1])) == store.trials()
    assert (not_ok(PLAN[0]), measured(PLAN[1]), measured(PLAN[0])) == store.records()
    assert {PLAN[0].id, PLAN[1].id} == store.finished_ids()


def test_a_store_syncs_each_line_and_each_file_before_it_says_that_they_are_kept(store, monkeypatch):
    synced = []
    monkeypatch.setattr(os, "fsync", lambda fd: synced.append(Path(f"/proc/self/fd/{fd}").readlink().name))
    store.append(measured(PLAN[0]))
    assert "journal.ndjson" == synced[-1]
    store.keep(PLAN[1].id, "fio.json", b"")
    file, folder = synced[-2:]
    assert file.endswith(".new"), "before it is renamed into place"
    assert PLAN[1].id == folder, "then the folder, so that the name is kept too"


def test_an_invalid_trial_is_finished(store):
    store.append(not_ok(PLAN[0], Outcome.INVALID))
    assert {PLAN[0].id} == store.finished_ids()


@pytest.mark.parametrize("step", [pytest.param(1, marks=pytest.mark.thorough), 17])
def test_a_line_torn_anywhere_by_a_crash_is_dropped_reported_and_written_anew(store, step):
    store.append(measured(PLAN[0]))
    whole = (store.path / "journal.ndjson").read_bytes()
    store.append(measured(PLAN[1]))
    both = (store.path / "journal.ndjson").read_bytes()
    store.close()
    for end in (*range(len(whole), len(both), step), len(both) - 1):
        (store.path / "journal.ndjson").write_bytes(both[:end])
        reader = Store.open(store.path.parents[1], store.path)
        assert (end - len(whole), 1) == (reader.torn_bytes, len(reader.trials()))
        if (end - len(whole)) % (100 * step) == 0 or end == len(both) - 1:
            with reopened(store, write=True) as writer:
                assert end - len(whole) == writer.torn_bytes
                writer.append(measured(PLAN[1]))
            assert both == (store.path / "journal.ndjson").read_bytes()


def test_a_killed_writer_loses_nothing_it_had_stored_and_leaves_no_lock(tmp_path):
    told, tell = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            store = Store.create(tmp_path, MANIFEST)
            (store.path / "raw" / ".fio.json.1.new").touch()
            while True:
                store.append(measured(PLAN[0]))
                os.write(tell, b".")
        finally:
            os._exit(1)
    os.close(tell)
    with os.fdopen(told, "rb") as heard:
        assert b"....." == heard.read(5)
        os.kill(child, signal.SIGKILL)
        stored = 5 + len(heard.read())
    os.waitpid(child, 0)
    with Store.open(tmp_path, MANIFEST.run_id, write=True) as store:
        assert len(store.records()) in (stored, stored + 1)  # one may be stored and not yet told
        assert [] == list((store.path / "raw").iterdir())


def test_one_controller_at_a_time_may_write_and_anybody_may_read(store):
    root = store.path.parents[1]
    with pytest.raises(StoreError, match="another controller is writing"):
        Store.open(root, store.path, write=True)
    store.append(measured(PLAN[0]))
    assert 1 == len(Store.open(root, store.path).trials())
    reopened(store, write=True).close()


def test_a_reader_cannot_write(store):
    reader = reopened(store)
    with pytest.raises(StoreError, match="open for reading only"):
        reader.append(measured(PLAN[0]))
    with pytest.raises(StoreError, match="open for reading only"):
        reader.keep(PLAN[0].id, "fio.json", b"")


def test_a_trial_that_was_not_planned_is_not_stored(store):
    with pytest.raises(StoreError, match="is not in the plan"):
        store.append(measured(replace(PLAN[0], block=9, boot="b09")))


def test_a_run_is_not_begun_twice(store):
    with pytest.raises(StoreError, match="exists already"):
        Store.create(store.path.parents[1], MANIFEST)
    assert [MANIFEST.run_id] == [path.name for path in store.path.parent.iterdir()]


def test_outputs_are_kept_verbatim_and_those_of_an_earlier_attempt_too(store):
    first = store.keep(PLAN[0].id, "fio.json", b"one\x00\xff")
    second = store.keep(PLAN[0].id, "fio.json", b"two")
    assert f"raw/{PLAN[0].id}/fio.json" == first.path
    assert f"raw/{PLAN[0].id}/fio.2.json" == second.path
    assert (b"one\x00\xff", b"two") == (store.raw(first), store.raw(second))
    assert ("3fc4ccfe745870e2c0d99f71f30ff0656c8dedd41cc1d7d3d376b0dbe685e2f3", 3) == (second.sha256, second.size_bytes)


def test_an_altered_output_is_not_passed_off_as_the_one_kept(store):
    kept = store.keep(PLAN[0].id, "fio.json", b"one")
    (store.path / kept.path).write_bytes(b"two")
    with pytest.raises(StoreError, match="was altered"):
        store.raw(kept)


@pytest.mark.parametrize(("trial", "name"), [("..", "x"), ("a/b", "x"), ("x", "../y"), ("x", ""), ("x", ".y")])
def test_an_output_cannot_be_kept_outside_its_folder(store, trial, name):
    with pytest.raises(StoreError, match="not fit for the name of a file"):
        store.keep(trial, name, b"")


def test_a_record_cannot_point_outside_the_raw_folder(store):
    with pytest.raises(StoreError, match="not among the raw outputs"):
        store.raw(RawFile("raw/../../../../etc/passwd", "00", 1))


def alter(store, change):
    """Change the second of two lines of the journal."""
    store.append(measured(PLAN[0]))
    store.append(measured(PLAN[1]))
    path = store.path / "journal.ndjson"
    first, second = path.read_text().splitlines()
    data = json.loads(second)
    change(data)
    path.write_text(first + "\n" + json.dumps(data) + "\n")


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (lambda d: d.update(schema=4), "schema 4, and this pvbench reads schemas 1 to 3"),
        (lambda d: d.update(mood="good"), "the trial has unknown mood"),
        (lambda d: d.pop("witnesses"), "the trial lacks witnesses"),
        (lambda d: d.update(id="b01-ide-000000000000"), "trial b01-ide-000000000000 is not in the run's plan"),
        (lambda d: d["spec"].update(block=7), "is not the plan's"),
        (lambda d: d["spec"]["cell"]["arm"].update(device="ahci"), "is not the plan's"),
        (lambda d: d.update(outcome="fine"), "'fine' is not a valid Outcome"),
        (lambda d: d.update(reason="odd"), "a trial has a reason exactly when it is not OK"),
        (lambda d: d.update(readings=[]), "a trial without readings is not OK"),
        (lambda d: d["readings"][0].update(metric="speed"), "unknown metric 'speed'"),
        (lambda d: d["readings"][0].update(value="fast"), "value is not a number but 'fast'"),
        (lambda d: d["readings"][0].update(value=float("nan")), "NaN is not a figure"),
        (lambda d: d["readings"][0].update(value=True), "value is not a number but True"),
        (lambda d: d["latency_bins"].update(count=[1]), "shorter"),
        (lambda d: d["latency_bins"].update(ns=[1, 2.5]), "latency_bins holds something other than whole numbers"),
        (lambda d: d["witnesses"][0].update(asked_bytes=1.5), "asked_bytes is not a whole number but 1.5"),
        (
            lambda d: d["witnesses"][0].update(facts=[["a"]]),
            "facts holds something other than arrays of the right length",
        ),
        (lambda d: d["witnesses"][0].update(facts=[1]), "facts holds something other than arrays"),
        (lambda d: d["commands"][0].update(argv=["a", 1]), "argv holds something other than text"),
        (lambda d: d.update(started=None), "started is not text but None"),
        (lambda d: d.update(raw={}), "raw is not an array but {}"),
    ],
)
def test_a_line_that_is_not_a_trial_of_this_run_is_refused_with_its_number(store, change, says):
    alter(store, change)
    with pytest.raises(StoreError) as raised:
        store.trials()
    assert f"{store.path / 'journal.ndjson'}:2: " in raised.value.message
    assert says in raised.value.message


@pytest.mark.parametrize("line", [b"\n", b"{]\n", b"\xff\n", b"3\n", b"[]\n", b"[" * 100_000 + b"\n"])
def test_a_line_that_is_no_json_object_is_refused_with_its_number(store, line):
    (store.path / "journal.ndjson").write_bytes(line)
    with pytest.raises(StoreError, match=r"journal\.ndjson:1: "):
        store.trials()


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (lambda d: d.update(schema=99), "schema 99, and this pvbench reads schemas 1 to 3"),
        (lambda d: d.pop("seed"), "the manifest lacks seed"),
        (lambda d: d.update(seed="1"), "seed is not a whole number but '1'"),
        (lambda d: d["hosts"][0].pop("cpu"), "a host lacks cpu"),
        (lambda d: d["cells"][IDE.id]["arm"].update(device="blkfront"), f"cell {IDE.id} was altered"),
        (lambda d: d["cells"][IDE.id]["arm"].pop("stack"), "an arm lacks stack"),
        (lambda d: d["cells"][IDE.id]["arm"].update(mode="pvm"), "'pvm' is not a valid GuestMode"),
        (lambda d: d["contrasts"][0].update(factor="mood"), "this pvbench knows no factor 'mood'"),
        (lambda d: d["contrasts"][0].update(baseline={"disk": "ide"}), "'disk' is not a valid DeviceKind"),
        (lambda d: d["contrasts"][1].update(baseline=[1]), "baseline is not an object of plain values"),
        (
            lambda d: d["cells"][IDE.id]["arm"].update(tunables={"vcpus": "two"}),
            "vcpus is not a whole number but 'two'",
        ),
        (lambda d: d["plan"][0].update(cell="0"), "that the manifest does not hold"),
        (lambda d: d["plan"][0].update(twin=True), f"planned trial {PLAN[0].id} was altered"),
        (lambda d: d.update(plan=[1]), "a planned trial is not an object"),
        (lambda d: d.update(cells=[]), "cells is not an object"),
    ],
)
def test_a_manifest_of_another_kind_is_refused(store, change, says):
    path = store.path / "manifest.json"
    data = json.loads(path.read_text())
    change(data)
    path.write_text(json.dumps(data))
    with pytest.raises(StoreError, match="manifest") as raised:
        reopened(store)
    assert says in raised.value.message


def make_runs(root, *names):
    for name in names:
        Store.create(root, replace(MANIFEST, run_id=name)).close()


def test_a_run_is_found_by_its_id_the_beginning_of_it_or_its_path(tmp_path, monkeypatch):
    make_runs(tmp_path, "20261122T1-a", "20261123T1-a", "20261123T1-ab")
    for name in ("20261122", "20261122T1-a", tmp_path / "runs" / "20261122T1-a"):
        assert "20261122T1-a" == Store.open(tmp_path, name).manifest.run_id
    assert "20261123T1-a" == Store.open(tmp_path, "20261123T1-a").manifest.run_id
    monkeypatch.chdir(tmp_path / "runs")
    assert "20261123T1-ab" == Store.open(tmp_path / "elsewhere", "20261123T1-ab").manifest.run_id


def test_an_ambiguous_or_unknown_run_is_told_with_its_neighbours(tmp_path):
    with pytest.raises(StoreError, match="no run 'x'") as none:
        Store.open(tmp_path, "x")
    assert "`pvbench run` makes one" == none.value.hint
    make_runs(tmp_path, "20261123T1-a", "20261123T1-b")
    with pytest.raises(StoreError, match="begins several runs: 20261123T1-a, 20261123T1-b"):
        Store.open(tmp_path, "2026")
    with pytest.raises(StoreError, match="no run '20261123T1-c'") as near:
        Store.open(tmp_path, "20261123T1-c")
    assert "the nearest is 20261123T1-" in near.value.hint
    with pytest.raises(StoreError, match="no run ''"):
        Store.open(tmp_path, "")


def test_all_runs_are_listed_oldest_first_the_broken_ones_with_their_problem(tmp_path):
    assert () == runs(tmp_path)
    make_runs(tmp_path, "3", "2")
    (tmp_path / "runs" / "1").mkdir()
    (tmp_path / "runs" / ".4.9.new").mkdir()
    with Store.open(tmp_path, "2", write=True) as store:
        for trial in (not_ok(PLAN[0]), measured(PLAN[0]), not_ok(PLAN[1])):
            store.append(trial)
    (tmp_path / "runs" / "3" / "journal.ndjson").write_text("{}\n")
    broken, fine, worse = runs(tmp_path)
    assert ("1", None) == (broken.run_id, broken.planned)
    assert "cannot read" in broken.problem
    assert "journal.ndjson:1 is not a trial of this run" == worse.problem
    assert {Outcome.OK: 1, Outcome.INVALID: 0, Outcome.NOT_MEASURED: 1} == dict(fine.outcomes)
    assert ("quickstart", ("lab",), 6, False) == (fine.matrix_name, fine.hosts, fine.planned, fine.finished)


def test_reading_and_listing_runs_needs_no_heavy_library(store):
    store.append(measured(PLAN[0]))
    program = (
        "import sys; from pathlib import Path; from pvbench.store import Store, runs\n"
        "root = Path(sys.argv[1]); runs(root)[0]; Store.open(root, '2026').trials()\n"
        "print([name for name in ('pyarrow', 'numpy', 'filelock') if name in sys.modules])"
    )
    argv = [sys.executable, "-c", program, str(store.path.parents[1])]
    assert "[]\n" == subprocess.run(argv, capture_output=True, text=True, check=True).stdout


def test_parquet_has_a_row_a_reading_and_a_row_for_a_trial_without(store):
    import pyarrow.parquet as pq

    store.append(measured(PLAN[0]))
    store.append(not_ok(PLAN[1]))
    rows = pq.read_table(store.export_parquet()).to_pylist()
    assert [("iops", 1.5, "1/s"), ("latency_p50", 0.25, "s"), (None, None, None)] == [
        (row["metric"], row["value"], row["unit"]) for row in rows
    ]
    assert ["ok", "ok", "not_measured"] == [row["outcome"] for row in rows]
    assert (101.5, 5.0, None) == (rows[0]["boot_s"], rows[0]["tool_s"], rows[0]["warmup_s"])
    assert '{"bs":4096,"direct":true,"runtime":2.5,"rw":"randread"}' == rows[0]["params"]


def fill(store):
    for _ in range(100):
        store.append(measured(PLAN[0]))


def test_on_a_full_disk_the_journal_stays_whole_and_the_run_goes_on_once_there_is_room(small_disk):
    store = Store.create(small_disk, MANIFEST)
    (small_disk / "ballast").write_bytes(b"x" * 16_384)
    with pytest.raises(DiskFull, match="No space left on device") as raised:
        fill(store)
    assert (4, True) == (raised.value.exit_code, "--resume" in raised.value.hint)
    stored = len(store.records())
    assert (store.path / "journal.ndjson").read_bytes().endswith(b"}\n")
    with pytest.raises(DiskFull):
        store.keep(PLAN[0].id, "fio.json", b"x" * 65_536)
    assert [] == list((store.path / "raw" / PLAN[0].id).iterdir())
    with pytest.raises(DiskFull):
        Store.create(small_disk, replace(MANIFEST, run_id="2", matrix_text="x" * 65_536))
    assert [store.path] == list(store.path.parent.iterdir())
    (small_disk / "ballast").unlink()
    store.append(measured(PLAN[1]))
    store.close()
    assert stored + 1 == len(Store.open(small_disk, store.path).records())


def test_a_write_cut_short_in_the_middle_of_a_line_is_taken_back(store):
    store.append(measured(PLAN[0]))
    journal = store.path / "journal.ndjson"
    size, (soft, hard) = journal.stat().st_size, resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size + 100, hard))
    try:
        with pytest.raises(DiskFull):
            store.append(measured(PLAN[1]))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert size == journal.stat().st_size
    store.append(measured(PLAN[1]))
    assert 2 == len(store.trials())


def test_a_line_the_disk_did_not_confirm_is_taken_back(store, monkeypatch):
    def refuse(_fd):
        raise OSError(errno.EIO, os.strerror(errno.EIO))

    store.append(measured(PLAN[0]))
    with monkeypatch.context() as broken:
        broken.setattr(os, "fsync", refuse)
        with pytest.raises(StoreError, match=r"cannot write .*journal\.ndjson: Input/output error"):
            store.append(measured(PLAN[1]))
        with pytest.raises(StoreError, match="Input/output error"):
            store.keep(PLAN[1].id, "fio.json", b"")
    assert (measured(PLAN[0]),) == store.trials()
    assert [] == list((store.path / "raw" / PLAN[1].id).iterdir())


def test_a_write_refused_for_another_reason_names_the_path(store):
    (store.path / "raw" / PLAN[0].id).write_bytes(b"in the way")
    with pytest.raises(StoreError, match=r"cannot write .*raw") as raised:
        store.keep(PLAN[0].id, "fio.json", b"")
    assert not isinstance(raised.value, DiskFull)


def test_the_documented_fields_are_the_stored_ones(store):
    store.append(measured(PLAN[0]))
    documented = (Path(__file__).parents[2] / "results" / "README.md").read_text()
    line = json.loads((store.path / "journal.ndjson").read_text())
    manifest = json.loads((store.path / "manifest.json").read_text())
    nested = [line["spec"], line["spec"]["cell"], line["witnesses"][0], line["commands"][0], line["raw"][0]]
    nested += [
        manifest,
        manifest["hosts"][0],
        manifest["plan"][0],
        manifest["contrasts"][0],
        line["spec"]["cell"]["arm"],
    ]
    for key in {key for data in (line, *nested) for key in data}:
        assert f"`{key}`" in documented, key


def as_of_then(cell):
    """Return a cell as it stood before arms were objects."""
    return {name: cell["arm"][name] for name in ("host", "kind", "device", "placement", "tunables")} | {
        "workload": cell["workload"]
    }


def as_planned_then(spec):
    del spec["round"], spec["deployment"]
    return spec


def as_of_schema_2(head):
    for name in ("contrasts", "purpose", "disturbed_above", "setups", "vcpus"):
        del head[name]
    cells = {name: as_of_then(cell) for name, cell in head["cells"].items()}
    plan = list(map(as_planned_then, head["plan"]))
    return head | {"cells": cells, "plan": plan, "baseline": [["block", "ide"]], "margin": 0.1}


@pytest.mark.parametrize(
    ("words", "purpose"),
    [(["run", "m.yaml"], "run"), (["pilot", "m.yaml"], "pilot"), (["run", "m.yaml", "--negative-control"], "control")],
)
def test_a_run_of_schema_2_is_read_and_its_command_line_says_what_it_was_for(store, words, purpose):
    store.append(measured(PLAN[0]))
    store.close()
    journal, manifest = store.path / "journal.ndjson", store.path / "manifest.json"
    line, head = json.loads(journal.read_text()), as_of_schema_2(json.loads(manifest.read_text()))
    del line["booted"], line["attempt"], line["disturbance"]
    as_planned_then(line["spec"])["cell"] = as_of_then(line["spec"]["cell"])
    journal.write_text(json.dumps(line | {"schema": 2}) + "\n")
    manifest.write_text(json.dumps(head | {"schema": 2, "command": ["pvbench", *words]}))

    read = Store.open(store.path.parents[1], store.path)

    assert (purpose, None, ()) == (read.manifest.purpose, read.manifest.disturbed_above, read.manifest.setups)
    assert (Contrast("device", ((DeviceKind.BLOCK, "ide"),), 0.1),) == read.manifest.contrasts
    assert [(1, ())] == [(trial.attempt, trial.disturbance) for trial in read.trials()]


def test_what_came_late_in_schema_3_is_left_out_where_it_is_as_usual_and_runs_without_it_are_read(store):
    trial = replace(measured(PLAN[0]), in_use=(), guest_facts=())
    store.append(trial)
    written = (store.path / "manifest.json").read_text() + (store.path / "journal.ndjson").read_text()
    assert not [late for late in ("in_use", "guest_facts", "frontends", "backends") if f'"{late}"' in written]
    again = reopened(store)
    assert (trial,) == again.trials()
    assert again.trials()[0].environment is None
    assert {(spec.cell.arm.frontends, spec.cell.arm.backends) for spec in again.manifest.plan} == {("stock", "stock")}


def test_a_run_of_schema_1_is_read_with_what_it_did_not_have_yet_left_empty(store):
    store.append(measured(PLAN[0]))
    store.close()
    journal, manifest = store.path / "journal.ndjson", store.path / "manifest.json"
    line, head = json.loads(journal.read_text()), as_of_schema_2(json.loads(manifest.read_text()))
    as_planned_then(line["spec"])["cell"] = as_of_then(line["spec"]["cell"])
    for new in (
        "flags",
        "windows",
        "granted",
        "bill",
        "mechanism",
        "traps",
        "ceiling",
        "booted",
        "attempt",
        "disturbance",
    ):
        del line[new]
    for spec in (line["spec"], *head["plan"]):
        del spec["run"], spec["twin"]
    for cell in (line["spec"]["cell"], *head["cells"].values()):
        del cell["tunables"]
    line["schema"] = head["schema"] = 1
    journal.write_text(json.dumps(line) + "\n")
    manifest.write_text(json.dumps(head))

    (read,) = Store.open(store.path.parents[1], store.path).trials()

    assert PLAN[0] == read.spec
    assert (None, ()) == (read.mechanism, read.flags)


def test_payers_and_disturbances_that_were_named_in_the_terms_of_xen_are_read_as_what_they_are(store):
    store.append(replace(measured(PLAN[0]), bill=CpuBill(5.5, 2, ((Payer.HOST, 2.5), (Payer.OTHERS, 8)))))
    store.close()
    journal = store.path / "journal.ndjson"
    old = [("rest of the host", "rest of dom0"), ("other guests", "other domains")]
    text = journal.read_text()
    for now, before in old:
        text = text.replace(now, before)
    journal.write_text(text)

    (read,) = Store.open(store.path.parents[1], store.path).trials()

    assert read.bill.paid == ((Payer.HOST, 2.5), (Payer.OTHERS, 8))
    assert read.disturbance == (("other guests", 0.25),)


def test_flags_that_were_texts_are_read_as_what_they_are(store):
    store.append(measured(PLAN[0]))
    store.close()
    journal = store.path / "journal.ndjson"
    texts = ["steal: the guest waited", "mechanism: TraceError: no room", "disturbed", "a new one: of tomorrow"]
    line = json.loads(journal.read_text()) | {"flags": texts}
    journal.write_text(json.dumps(line) + "\n")

    (read,) = Store.open(store.path.parents[1], store.path).trials()

    assert [str(flag) for flag in read.flags] == texts
    assert [flag.kind for flag in read.flags] == [FlagKind.STEAL, FlagKind.MECHANISM, FlagKind.OTHER, FlagKind.OTHER]


def another_controller_adds(store, line):
    """Add to the journal as a controller on another machine would, whom our lock does not hold."""
    with (store.path / "journal.ndjson").open("ab") as journal:
        journal.write(line)


@pytest.mark.parametrize("added", [b'{"id": "theirs"}\n', b'{"id": "the', b"\n"])
def test_what_another_writer_added_is_never_cut_and_stops_us(store, added):
    store.append(measured(PLAN[0]))
    another_controller_adds(store, added)
    before = (store.path / "journal.ndjson").read_bytes()
    for _ in range(2):
        with pytest.raises(StoreError, match="holds what another writer added") as raised:
            store.append(measured(PLAN[1]))
    assert "--resume" in raised.value.hint
    assert before == (store.path / "journal.ndjson").read_bytes()


def test_a_line_that_another_writer_was_in_the_middle_of_when_we_opened_is_not_cut(store):
    store.append(measured(PLAN[0]))
    store.close()
    another_controller_adds(store, b'{"id": "the')
    with reopened(store, write=True) as ours:
        assert 11 == ours.torn_bytes
        another_controller_adds(store, b'irs"}\n')
        with pytest.raises(StoreError, match="holds what another writer added"):
            ours.append(measured(PLAN[1]))
    assert (store.path / "journal.ndjson").read_bytes().endswith(b'{"id": "theirs"}\n')


def test_a_journal_that_was_replaced_cut_or_written_anew_stops_us(store):
    store.append(measured(PLAN[0]))
    journal = store.path / "journal.ndjson"
    content = journal.read_bytes()
    for meddle, says in (
        (lambda: (journal.rename(journal.with_name("old")), journal.write_bytes(content)), "was replaced"),
        (
            lambda: (journal.unlink(), journal.with_name("old").rename(journal), os.truncate(journal, 9)),
            "was cut short",
        ),
        (lambda: journal.write_bytes(b"x" * len(content)), "was cut short or written anew"),
    ):
        meddle()
        before = journal.read_bytes()
        with pytest.raises(StoreError, match=says):
            store.append(measured(PLAN[1]))
        assert before == journal.read_bytes()


def test_a_run_is_not_written_through_links(store):
    store.close()
    journal = store.path / "journal.ndjson"
    journal.rename(store.path.parent / "elsewhere")
    journal.symlink_to("../elsewhere")
    with pytest.raises(StoreError, match="is a symbolic link"):
        reopened(store, write=True)


def test_two_writers_never_take_the_same_name_for_an_output(store):
    folder = store.path / "raw" / PLAN[0].id
    folder.mkdir(parents=True)
    (folder / "fio.json").symlink_to("/nowhere")
    assert f"raw/{PLAN[0].id}/fio.2.json" == store.keep(PLAN[0].id, "fio.json", b"x").path
    assert not Path("/nowhere").exists()


@pytest.mark.parametrize("value", [float("inf"), float("nan"), -1.0, 1e300])
def test_a_trial_with_a_figure_that_nobody_could_read_is_a_row_that_says_so(store, value):
    store.append(measured(PLAN[0], value))
    store.append(measured(PLAN[1]))
    odd, fine = store.trials()
    assert (Outcome.NOT_MEASURED, measured(PLAN[1])) == (odd.outcome, fine)
    assert odd.reason.startswith("what was measured cannot be kept: ")
