import json
from pathlib import Path

import pytest

from pvbench.errors import UsageError
from pvbench.workloads import WORKLOADS, Disk, Peer

FIO = WORKLOADS["fio"]
FOLDER = Path(__file__).parents[2] / "golden" / "workloads" / "fio"
PARAMS = {
    "rw": "randwrite",
    "bs": 4096,
    "iodepth": 1,
    "numjobs": 1,
    "ioengine": "psync",
    "direct": True,
    "runtime": 2.5,
    "warmup": 1,
}
DISK = Disk("/dev/xvde", 1 << 30, 42)


def test_beside_its_log_the_only_file_named_is_the_disk_given_and_fio_may_neither_create_it_nor_write_a_mounted_one():
    argv = FIO.argv(PARAMS, DISK)
    assert ["--filename=/dev/xvde", "--write_iops_log=/tmp/pvb"] == [word for word in argv if "/" in word]
    assert {"--allow_file_create=0", "--allow_mounted_write=0", "--size=1073741824"} <= set(argv)


@pytest.mark.parametrize("path", ["/dev/xvde:/dev/xvda", "xvde", "", "/dev/x\\y", "-"])
def test_a_path_that_fio_could_take_for_several_files_is_refused(path):
    with pytest.raises(UsageError, match="not the path of one disk"):
        FIO.argv(PARAMS, Disk(path, 1 << 30, 1))


def test_several_jobs_get_a_part_of_the_disk_each_in_whole_requests():
    argv = FIO.argv(PARAMS | {"numjobs": 3, "bs": 65536, "rw": "read"}, Disk("/dev/xvde", 1_000_000, 1))
    assert "--size=327680" in argv
    assert "--offset_increment=327680" in argv
    assert "--norandommap" not in argv


def test_requests_larger_than_the_disk_are_refused():
    with pytest.raises(UsageError, match="do not fit on /dev/xvde"):
        FIO.argv(PARAMS | {"bs": 1 << 21}, Disk("/dev/xvde", 1 << 20, 1))


def test_durations_keep_their_fractions_and_the_seed_is_the_blocks():
    argv = FIO.argv(PARAMS, DISK)
    assert {"--runtime=2500ms", "--ramp_time=1000ms", "--randseed=42"} <= set(argv)


def test_a_peer_is_no_target_for_fio():
    with pytest.raises(UsageError, match="fio works on a disk"):
        FIO.argv(PARAMS, Peer("10.0.0.1", 5201, "10.0.0.2"))


@pytest.mark.parametrize("case", ["3.33-randread", "3.33-write-256k"])
def test_percentiles_are_those_fio_reports_itself(case):
    golden = json.loads((FOLDER / f"{case}.json").read_text())
    job = json.loads(golden["stdout"])["jobs"][0]
    theirs = next(job[d]["lat_ns"]["percentile"] for d in ("read", "write") if job[d]["total_ios"])
    ours = {r.metric: r.value for r in FIO.parse(golden["stdout"].encode(), golden["params"]).readings}
    assert theirs["50.000000"] == pytest.approx(ours["latency_p50"] * 1e9)
    assert theirs["99.000000"] == pytest.approx(ours["latency_p99"] * 1e9)


def test_a_percentile_needs_enough_requests_beyond_it():
    metrics = {
        case: {r.metric for r in FIO.parse(golden["stdout"].encode(), golden["params"]).readings}
        for case in ("3.33-randread-offered", "3.33-randrw-2jobs-libaio")
        for golden in [json.loads((FOLDER / f"{case}.json").read_text())]
    }
    assert "latency_p999" not in metrics["3.33-randread-offered"]
    assert "latency_p999" in metrics["3.33-randrw-2jobs-libaio"]
