import pytest

from pvbench import wording
from pvbench.model import Scalar, Workload


def workload(tool: str, **params: Scalar) -> Workload:
    return Workload(tool, tuple(sorted(params.items())))


@pytest.mark.parametrize(
    ("load", "title", "metric"),
    [
        (workload("fio", rw="randread", bs=4096, iodepth=1, numjobs=1), "Random read, 4 KiB, depth 1", "iops"),
        (workload("fio", rw="read", bs=262144, iodepth=8), "Sequential read, 256 KiB, depth 8", "throughput"),
        (
            workload("fio", rw="randrw", bs=512, iodepth=1, numjobs=4, rwmixread=70, direct=False),
            "Random read and write, 512 B, depth 1, 4 jobs, 70 % reads, through the page cache",
            "iops",
        ),
        (workload("iperf3", direction="up", protocol="tcp", parallel=1), "TCP, guest sends", "goodput"),
        (
            workload("iperf3", direction="down", protocol="udp", parallel=2, rate=10_000_000, length=1200),
            "UDP, guest receives, 2 streams, 1.17 KiB datagrams, 10 Mbit/s offered",
            "goodput",
        ),
        (workload("netperf", test="TCP_RR", request=1, response=1), "TCP request/response", "transactions"),
        (
            workload("netperf", test="UDP_RR", request=1, response=1024),
            "UDP request/response, response 1 KiB",
            "transactions",
        ),
        (workload("netperf", test="TCP_MAERTS"), "TCP stream, guest receives", "goodput"),
        (
            workload("iperf3", direction="up", protocol="udp", parallel=1, rate=0, length=64),
            "UDP, guest sends, 64 B datagrams",
            "packets",
        ),
        (workload("netperf", test="UDP_STREAM", send=64), "UDP stream, guest sends, send 64 B", "packets"),
        (
            workload("fio", rw="randread", bs=4096, iodepth=64, rate_iops=200),
            "Random read, 4 KiB, at 200 IOPS offered",
            "latency_mean",
        ),
        (
            workload("fio", rw="randwrite", bs=4096, iodepth=1, fsync=4),
            "Random write, 4 KiB, depth 1, fsync every 4 writes",
            "iops",
        ),
        (workload("netperf", test="UDP_RR", peer="guest"), "UDP request/response, with another guest", "transactions"),
        (workload("newtool", speed=3), "speed 3", "goodput"),
    ],
)
def test_a_workload_is_told_by_what_is_unusual_about_it(load: Workload, title: str, metric: str) -> None:
    assert (title, metric) == (wording.title(load), wording.primary(load).name)


def test_settings_tell_what_the_title_has_no_place_for() -> None:
    load = workload("fio", rw="read", bs=4096, iodepth=1, ioengine="psync", numjobs=1, runtime=5, warmup=0.5)
    assert "fio: ioengine psync, runtime 5 s, warmup 500 ms" == wording.settings(load)


def test_only_an_offered_rate_is_a_ceiling() -> None:
    assert 20e6 == wording.ceiling(workload("iperf3", protocol="udp", parallel=2, rate=10_000_000))
    assert 5000 == wording.ceiling(workload("iperf3", protocol="udp", parallel=2, rate=1_280_000, length=64))
    assert None is wording.ceiling(workload("iperf3", protocol="udp", parallel=2, rate=0, length=64))
    assert None is wording.ceiling(workload("iperf3", protocol="tcp", parallel=2))
    assert None is wording.ceiling(workload("fio", rw="read"))


def test_sweeps_of_a_workload_share_the_first_part_of_its_title() -> None:
    load = Workload("netperf", (("runtime", 5), ("send", 64), ("test", "TCP_STREAM")))

    assert ("TCP stream, guest sends, send 64 B", "TCP stream") == (wording.title(load), wording.mode(load))
