"""Files that releases of the tools wrote on loopback: each figure is the one that stands in the file."""

import json
import re
from pathlib import Path

import pytest

from pvbench import foreign

GOLDEN = Path(__file__).parents[2] / "golden/foreign"
KIB, MICROSECOND, MEGABIT = 1024, 1e-6, 1e6
IN_JSON = [
    ("fio-2.2.10-mixed.json", "throughput", "read", "jobs.0.read.bw", KIB),
    ("fio-2.2.10-mixed.json", "bytes", "write", "jobs.0.write.io_bytes", KIB),
    ("fio-2.2.10-mixed.json", "latency_mean", "write", "jobs.0.write.lat.mean", MICROSECOND),
    ("fio-2.2.10-mixed.json", "completion_latency_p99", "read", "jobs.0.read.clat.percentile.99_000000", MICROSECOND),
    ("fio-3.1-randread.json", "throughput", "read", "jobs.0.read.bw", KIB),
    ("fio-3.1-randread.json", "bytes", "read", "jobs.0.read.io_bytes", 1),
    ("fio-3.41-sync.json", "throughput", "write", "jobs.0.write.bw_bytes", 1),
    ("fio-3.41-sync.json", "latency_p99", "sync", "jobs.0.sync.lat_ns.percentile.99_000000", 1e-9),
    ("iperf3-3.0.11-udp-reverse.json", "goodput", "sent", "end.sum.bits_per_second", 1),
    ("iperf3-3.0.11-udp-reverse.json", "goodput", "received", "intervals.0.sum.bits_per_second", 1),
    ("iperf3-3.9-tcp-bidir.json", "goodput", "sent", "end.streams.0.sender.bits_per_second", 1),
    ("iperf3-3.9-tcp-bidir.json", "goodput", "reverse received", "end.streams.1.receiver.bits_per_second", 1),
    ("iperf3-3.12-udp-bidir-server.json", "goodput", "received", "end.sum_received.bits_per_second", 1),
    ("iperf3-3.12-udp-bidir-server.json", "goodput", "reverse sent", "end.sum_sent_bidir_reverse.bits_per_second", 1),
    ("iperf3-3.18-interrupted.json", "goodput", "sent", "end.sum_sent.bits_per_second", 1),
]
IN_TEXT = [
    ("fio-3.38-v3.terse", "throughput", "read", r"^3;fio-3.38;a;0;0;\d+;(\d+);", KIB),
    ("netperf-2.7.0-tcp-rr-k.txt", "transactions", "", r"TRANSACTION_RATE=(.*)", 1),
    ("netperf-2.7.0-tcp-rr-k.txt", "latency_p99", "", r"P99_LATENCY=(.*)", MICROSECOND),
    (
        "netperf-2.7.0-tcp-maerts-o.txt",
        "goodput",
        "received",
        r"Stream,TCP,Receive,[\d.]+,([\d.]+),10\^6bits/s",
        MEGABIT,
    ),
    ("netperf-2.7.0-udp-stream-o.txt", "goodput", "received", r"^Datagram +UDP +Send +\S+ +(\S+)", MEGABIT),
    ("netperf-2.7.0-tcp-rr-v2.txt", "transactions", "", r"^16384  131072 1        1       1.00     (\S+)", 1),
    ("netperf-2.7.0-udp-stream-cc.txt", "goodput", "received", r"^212992 {11}1.00 +\d+ +(\S+)", MEGABIT),
    ("netperf-2.7.0-udp-stream-cc.txt", "cpu", "local", r"^212992   65507 .* (\S+)   \S+ *$", 0.01),
    ("netperf-2.6.0-tcp-rr-confidence.txt", "transactions", "", r"^16384  131072 1        1       1.0\d     (\S+)", 1),
]


def one(name: str) -> foreign.Result:
    imported = foreign.read((GOLDEN / name).read_bytes(), name)
    assert imported.refused is None, imported.refused
    [result] = imported.results
    return result


def figure(name: str, figure_: str, part: str) -> float:
    [value] = [each.value for each in one(name).figures if (each.name, each.part) == (figure_, part)]
    return value


@pytest.mark.parametrize(("file", "name", "part", "path", "unit"), IN_JSON)
def test_a_figure_of_a_document_is_what_stands_at_its_path(
    file: str, name: str, part: str, path: str, unit: float
) -> None:
    text = (GOLDEN / file).read_text()
    value = json.JSONDecoder().raw_decode(text, text.index("{"))[0]
    for key in path.split("."):
        value = value[int(key)] if isinstance(value, list) else value[key.replace("_000000", ".000000")]

    assert figure(file, name, part) == pytest.approx(value * unit, rel=1e-5)


@pytest.mark.parametrize(("file", "name", "part", "pattern", "unit"), IN_TEXT)
def test_a_figure_of_a_text_is_what_stands_in_its_line(
    file: str, name: str, part: str, pattern: str, unit: float
) -> None:
    found = re.search(pattern, (GOLDEN / file).read_text(), re.MULTILINE)
    assert found is not None

    assert figure(file, name, part) == pytest.approx(float(found[1]) * unit)


def test_what_a_server_or_a_test_that_broke_off_was_never_told_is_not_there() -> None:
    for file, absent in (
        ("iperf3-3.12-udp-bidir-server.json", {("goodput", "sent"), ("lost_share", "reverse received")}),
        ("iperf3-3.18-interrupted.json", {("goodput", "received")}),
    ):
        assert not absent & {(each.name, each.part) for each in one(file).figures}

    assert (one("iperf3-3.9-error-below.json").problem or "").startswith("iperf3 says: unable to start stream listener")


def test_a_stream_of_events_is_one_test_of_which_both_ends_are_known() -> None:
    result = one("iperf3-3.22-udp-reverse-stream.json")

    assert (result.version, result.title) == ("3.22", "UDP, server sends")
    assert {"sent", "received"} <= {each.part for each in result.figures if each.name == "goodput"}
