"""What the sweeps add: offered load, fsync, packets, and the windows that tell whether a measurement was steady."""

import pytest

from pvbench.errors import ParseError
from pvbench.workloads import WORKLOADS, Disk, Peer

FIO, IPERF3, NETPERF = (WORKLOADS[name] for name in ("fio", "iperf3", "netperf"))
DISK = Disk("/dev/xvde", 1 << 30, 42)
PARAMS = {
    "rw": "randwrite",
    "bs": 4096,
    "iodepth": 1,
    "numjobs": 1,
    "ioengine": "psync",
    "direct": True,
    "runtime": 2,
    "warmup": 1,
}


def log(*lines: tuple[int, int, int]) -> bytes:
    return "".join(f"{ended}, {rate}, {direction}, 0, 0\n" for ended, rate, direction in lines).encode()


def test_an_fsync_follows_so_many_writes() -> None:
    assert "--fsync=4" in FIO.argv(PARAMS | {"fsync": 4}, DISK)


def test_an_offered_load_is_shared_by_jobs_and_directions() -> None:
    argv = FIO.argv(PARAMS | {"rate_iops": 300, "numjobs": 3, "iodepth": 64, "ioengine": "libaio"}, DISK)
    assert {"--rate_iops=100", "--rate_process=poisson"} <= set(argv)
    mixed = FIO.argv(PARAMS | {"rw": "randrw", "rwmixread": 70, "rate_iops": 300}, DISK)
    assert "--rate_iops=210,90" in mixed


def test_the_windows_of_jobs_and_directions_add_up() -> None:
    ends = (388, 777, 1165, 1554, 1942)
    lines = [(ended, 100 + job, direction) for job in (0, 1) for ended in ends for direction in (0, 1)]
    assert (402.0,) * 5 == FIO.windows(log(*lines), PARAMS | {"rw": "randrw"})


def test_the_windows_of_sequential_io_are_in_bytes() -> None:
    lines = [(ended, 10, 0) for ended in (388, 777, 1165, 1554, 1942)]
    assert (40960.0,) * 5 == FIO.windows(log(*lines), PARAMS | {"rw": "read"})


@pytest.mark.parametrize("lines", [[], [(388, 10, 1)], [(388, 10, 1), (777, 9, 1), (1165, 9, 1), (1554, 9, 1)]])
def test_windows_that_are_not_all_there_are_not_told(lines: list[tuple[int, int, int]]) -> None:
    assert () == FIO.windows(log(*lines), PARAMS)


def test_what_is_no_log_of_fio_is_an_error() -> None:
    with pytest.raises(ParseError, match="no line of its log"):
        FIO.windows(b"Killed\n", PARAMS)


def test_iperf3_counts_in_five_parts() -> None:
    argv = IPERF3.argv(
        {"direction": "up", "protocol": "tcp", "parallel": 1, "runtime": 4, "warmup": 1},
        Peer("10.0.0.1", 1, "10.0.0.2"),
    )
    assert "0.8" == argv[argv.index("--interval") + 1]


def test_netperf_sends_datagrams_of_the_size_asked_for() -> None:
    argv = NETPERF.argv({"test": "UDP_STREAM", "send": 64, "runtime": 1}, Peer("10.0.0.1", 1, "10.0.0.2"))
    assert ("-m", "64,") == argv[-2:]
