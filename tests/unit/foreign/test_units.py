"""Units differ between versions, options and outputs of a tool; figures do not."""

import json

import pytest

from pvbench import foreign

OLD = {"io_bytes": 2048, "bw": 100, "iops": 25.0, "runtime": 20480, "lat": {"mean": 250.0, "max": 900}}
NEW = {
    "io_bytes": 2097152,
    "io_kbytes": 2048,
    "bw_bytes": 102400,
    "bw": 100,
    "iops": 25.0,
    "runtime": 20480,
    "total_ios": 512,
    "lat_ns": {"mean": 250000.0, "max": 900000, "N": 512},
}


def figures(content: str) -> dict[tuple[str, str], float]:
    [result] = foreign.read(content.encode(), "file").results
    return {(each.name, each.part): each.value for each in result.figures}


@pytest.mark.parametrize(("version", "read"), [("fio-2.2.10", OLD), ("fio-3.36", NEW)])
def test_fio_2_in_kib_and_microseconds_is_fio_3_in_bytes_and_nanoseconds(version: str, read: dict[str, object]) -> None:
    found = figures(json.dumps({"fio version": version, "jobs": [{"jobname": "j", "error": 0, "read": read}]}))

    assert found["throughput", "read"] == 100 * 1024
    assert found["bytes", "read"] == 2 * 1024**2
    assert found["latency_mean", "read"] == pytest.approx(250e-6)


STREAM = """TCP STREAM TEST from 0.0.0.0 (0.0.0.0) port 0 AF_INET to b (1.2.3.4) port 0 AF_INET
Recv   Send    Send                          Utilization       Service Demand
Socket Socket  Message  Elapsed              Send     Recv     Send    Recv
Size   Size    Size     Time     Throughput  local    remote   local   remote
bytes  bytes   bytes    secs.    {unit}  % S      % S      us/KB   us/KB

 87380  16384  16384    10.00       100.50   3.10     -1.00    2.7     -1.0
"""


@pytest.mark.parametrize(
    ("unit", "bits"),
    [
        ("10^6bits/sec", 1e6),
        ("10^3bits/sec", 1e3),
        ("10^9bits/s", 1e9),
        ("KBytes/sec", 8192),
        ("MBytes  /sec", 8 * 2**20),
        ("GBytes/sec", 8 * 2**30),
    ],
)
def test_the_header_of_netperf_says_the_unit(unit: str, bits: float) -> None:
    assert figures(STREAM.format(unit=unit))["goodput", "received"] == pytest.approx(100.5 * bits)
    found = figures(f"THROUGHPUT=100.5\nTHROUGHPUT_UNITS={unit}\nELAPSED_TIME=10.00\n")
    assert found["goodput", "received"] == pytest.approx(100.5 * bits)


def test_udp_of_netperf_tells_what_arrived_from_the_second_row() -> None:
    found = figures(
        "MIGRATED UDP STREAM TEST from 0.0.0.0 () port 0 AF_INET to b () port 0 AF_INET\n"
        "Socket  Message  Elapsed      Messages                \n"
        "Size    Size     Time         Okay Errors   Throughput\n"
        "bytes   bytes    secs            #      #   10^6bits/sec\n\n"
        "212992   65507   10.00       17937      0     939.76\n212992           10.00       16143            845.78\n"
    )

    assert found["goodput", "received"] == pytest.approx(845.78e6)
    assert found["goodput", "sent"] == pytest.approx(939.76e6)
    assert found["lost_share", "received"] == pytest.approx(1 - 16143 / 17937)


def test_csv_of_netperf_is_read_by_its_header() -> None:
    found = figures(
        "OMNI Send|Recv TEST from 0.0.0.0 () port 0 AF_INET to b () port 0 AF_INET : first burst 0\n"
        "Throughput,Throughput Units,Mean Latency Microseconds,99th Percentile Latency Microseconds,"
        "Elapsed Time (sec)\n"
        "16256.03,Trans/s,61.37,529,1.00\n"
    )

    assert found == {
        ("transactions", ""): 16256.03,
        ("latency_mean", ""): pytest.approx(61.37e-6),
        ("latency_p99", ""): pytest.approx(529e-6),
    }


def terse(version: int, directions: int) -> str:
    row = ["1024", "512", "128", "2000", *["1", "9", "3.5", "0.5"] * 2]
    row += [f"{share:.6f}%={share:.0f}" for share in (1, 5, 10, 20, 30, 40, 50, 60, 70, 80, 90, 95, 99, 99.5, 99.9)]
    row += ["0%=0"] * 5 + ["2", "20", "7.25", "1.5", "500", "520", "100.00%", "512", "3"]
    row += ["7", "1", "2", "3.0", "0.1", "9"] if version == 5 else []
    idle = ["0" if "%" not in cell else cell for cell in row]
    return ";".join([str(version), "fio-3.7", "job", "0", "0", *row, *idle * (directions - 1), "1.0%", "2.0%", "7"])


@pytest.mark.parametrize(("version", "directions"), [(3, 2), (4, 3), (5, 3)])
def test_terse_lines_are_in_kib_and_microseconds(version: int, directions: int) -> None:
    found = figures(f"fio: a note\n{terse(version, directions)}\n")

    assert found["throughput", "read"] == 512 * 1024
    assert found["iops", "read"] == 128
    assert found["latency_mean", "read"] == pytest.approx(7.25e-6)
    assert found["completion_latency_p99", "read"] == pytest.approx(99e-6)
    assert not [part for _, part in found if part == "write"]


def test_a_terse_line_that_is_cut_off_is_refused() -> None:
    refused = foreign.read(("note\n" + ";".join(terse(3, 2).split(";")[:40])).encode(), "file").refused

    assert refused is not None
    assert refused.message.startswith("file:2:1: the terse line (version 3) has 40 fields")


def test_a_stream_of_json_lines_is_one_test_though_the_whole_report_follows() -> None:
    start = {"cookie": "c", "version": "iperf 3.18", "test_start": {"protocol": "TCP", "num_streams": 1, "reverse": 0}}
    end = {"sum_sent": {"bits_per_second": 9e9, "bytes": 9, "seconds": 1}, "sum_received": {"bits_per_second": 8e9}}
    events = [("start", start), ("interval", {"sum": {"bytes": 9, "seconds": 1}}), ("end", end)]
    lines = [json.dumps({"event": name, "data": data}) for name, data in events]
    whole = json.dumps({"start": start, "intervals": [], "end": end})

    found = figures("\n".join([*lines, whole]))

    assert (found["goodput", "sent"], found["goodput", "received"]) == (9e9, 8e9)


def test_a_test_that_was_ended_early_has_the_rate_of_its_intervals_and_says_so() -> None:
    parts = [{"sum": {"bytes": 100, "seconds": 1, "omitted": True}}, {"sum": {"bytes": 1000, "seconds": 2}}]
    start = {"connecting_to": {"host": "b"}, "test_start": {"protocol": "TCP"}}
    content = json.dumps({"start": start, "intervals": parts, "end": {}, "error": "ended"})

    [result] = foreign.read(content.encode(), "file").results

    assert {(each.name, each.part): each.value for each in result.figures} == {("goodput", "sent"): 4000}
    assert result.problem == "iperf3 says: ended"
    assert "that of its intervals" in " ".join(result.notes)


def udp(*, reverse: int, served: bool, **end: object) -> dict[tuple[str, str], float]:
    """Return the figures of a file of 3.1, whose only sum is what the sender counted, 0 where that is not known."""
    total = {"bytes": 1000, "bits_per_second": 8000, "jitter_ms": 0.5, "lost_packets": 3, "packets": 4} | end
    start = {"version": "iperf 3.1.3", "test_start": {"protocol": "UDP", "reverse": reverse}}
    start |= {"accepted_connection": {}} if served else {"connecting_to": {}}
    intervals = [{"sum": {"bytes": 250, "seconds": 1.0, "omitted": False}}]
    return figures(json.dumps({"start": start, "intervals": intervals, "end": {"sum": total}}))


def test_the_only_sum_of_old_udp_is_what_was_sent_and_a_receiver_counts_in_its_intervals() -> None:
    assert ("goodput", "received") not in udp(reverse=0, served=False)
    assert udp(reverse=0, served=False)["goodput", "sent"] == 8000
    assert udp(reverse=1, served=False)["goodput", "received"] == 2000
    assert udp(reverse=1, served=False)["goodput", "sent"] == 8000


def test_a_server_of_which_the_other_end_told_nothing_does_not_measure_its_zeros() -> None:
    receives = udp(reverse=0, served=True, bytes=0, bits_per_second=0)
    sends = udp(reverse=1, served=True, lost_packets=0, jitter_ms=0)

    assert ("goodput", "sent") not in receives
    assert (receives["goodput", "received"], receives["lost_share", "received"]) == (2000, 0.75)
    assert sends.keys() == {("goodput", "sent"), ("bytes", "sent")}


def test_both_ways_of_3_9_whose_sums_have_the_same_keys_are_told_by_their_streams() -> None:
    def stream(sender: bool, rate: int) -> dict[str, object]:
        return {
            "sender": {"bits_per_second": rate, "bytes": rate, "retransmits": 1, "sender": sender},
            "receiver": {"bits_per_second": rate - 1, "bytes": rate - 1, "sender": sender},
        }

    last = {"bits_per_second": 70, "bytes": 70, "sender": False}
    streams = [stream(True, 90), stream(True, 10), stream(False, 70)]
    start = {"connecting_to": {}, "test_start": {"protocol": "TCP"}}
    end = {"streams": streams, "sum_sent": last, "sum_received": last}
    found = figures(json.dumps({"start": start, "intervals": [], "end": end}))

    rates = {part: value for (name, part), value in found.items() if name == "goodput"}
    assert rates == {"sent": 100, "received": 98, "reverse sent": 70, "reverse received": 69}


def test_an_error_below_the_document_is_its_error() -> None:
    content = b'{"start": {"version": "iperf 3.9"}, "intervals": [], "end": {}}\niperf3: error - unable to connect\n'

    [result] = foreign.read(content, "file").results

    assert result.problem == "iperf3 says: unable to connect"


def test_reports_of_a_job_that_still_ran_are_told_from_the_last() -> None:
    def report(elapsed: int, runtime: int, eta: int) -> str:
        read = {"io_bytes": runtime, "bw_bytes": 1, "iops": 1.0, "runtime": runtime}
        job = {"jobname": "a", "groupid": 0, "error": 0, "eta": eta, "elapsed": elapsed, "read": read}
        return json.dumps({"fio version": "fio-3.41", "timestamp": 1000 + elapsed, "jobs": [job]})

    content = "\n".join([report(2, 900, 9), report(3, 1900, 8), report(4, 2900, 2**31 - 1)])
    first, second, last = foreign.read(content.encode(), "f").results

    assert (first.facts["followed_by_line"], second.facts["followed_by_line"]) == ("3", "3")
    assert "still had 9 s to go" in " ".join(first.notes)
    assert "followed_by_line" not in last.facts
    assert not [note for note in last.notes if "to go" in note or "still ran" in note]


def test_percentiles_of_a_terse_line_without_latencies_are_not_there() -> None:
    cells = terse(3, 2).split(";")
    cells[5 + 8 : 5 + 12] = ["0", "0", "0.000000", "0.000000"]

    assert not [name for name, _ in figures(";".join(cells)) if "completion" in name]


def test_percentiles_that_were_asked_for_are_there_by_their_names() -> None:
    read = {
        "io_bytes": 1,
        "iops": 1,
        "clat_ns": {"N": 1, "mean": 1, "percentile": {"90.0": 9e3, "99.9999": 9e6, "1.0": 1}},
    }
    found = figures(json.dumps({"fio version": "fio-3.41", "jobs": [{"jobname": "a", "error": 0, "read": read}]}))

    assert {name: value for (name, _), value in found.items() if "_p" in name} == {
        "completion_latency_p90": pytest.approx(9e-6),
        "completion_latency_p999999": pytest.approx(9e-3),
    }


def test_jobs_of_one_name_are_told_apart_by_their_number() -> None:
    job = {"jobname": "a", "error": 0, "read": {"iops": 1, "bw_bytes": 1}}
    content = json.dumps({"fio version": "fio-3.41", "jobs": [job, {**job, "jobname": "b"}, job]})

    assert [result.title for result in foreign.read(content.encode(), "f").results] == ["a #1", "b", "a #2"]


def test_both_ways_that_broke_off_are_told_by_the_streams_of_their_intervals() -> None:
    """Up to 3.9 both directions' sums are written under one key, of which a reader of JSON sees the last."""
    streams = [
        {"bytes": 900, "seconds": 1.0, "omitted": False, "sender": True},
        {"bytes": 700, "seconds": 1.0, "omitted": False, "sender": False},
    ]
    start = {"connecting_to": {}, "test_start": {"protocol": "TCP", "reverse": 0}}
    intervals = [{"streams": streams, "sum": streams[1]}]
    found = figures(json.dumps({"start": start, "intervals": intervals, "end": {}, "error": "lost"}))

    assert found == {("goodput", "sent"): 7200, ("goodput", "reverse received"): 5600}


def test_a_server_whose_client_left_has_the_rate_of_its_intervals() -> None:
    """Its end has the bytes of the whole time over the seconds of the intervals that were over."""
    start = {"accepted_connection": {}, "test_start": {"protocol": "UDP", "reverse": 1}}
    end = {"sum_sent": {"bytes": 320, "seconds": 1.0, "bits_per_second": 2560, "sender": True}}
    intervals = [{"sum": {"bytes": 200, "seconds": 1.0, "omitted": False, "sender": True}}]
    found = figures(
        json.dumps({"start": start, "intervals": intervals, "end": end, "error": "the client has terminated"})
    )

    assert found == {("goodput", "sent"): 1600}
