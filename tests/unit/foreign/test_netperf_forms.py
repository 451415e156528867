"""netperf's forms of one result, with banners or without, as real releases print them."""

import pytest

from pvbench import foreign

BANNER = "MIGRATED TCP {} TEST from 0.0.0.0 (0.0.0.0) port 0 AF_INET to 127.0.0.1 () port 0 AF_INET : demo\n"
KEYS = """DIRECTION={direction}
ELAPSED_TIME=1.00
THROUGHPUT={rate}
THROUGHPUT_UNITS={unit}
TRANSACTION_RATE={transactions}
LOCAL_SEND_THROUGHPUT={local_send}
REMOTE_SEND_THROUGHPUT={remote_send}
LOCAL_RECV_THROUGHPUT={local_recv}
REMOTE_RECV_THROUGHPUT={remote_recv}
REMOTE_CPU_PERCENT_SWINTR=-nan
LOCAL_TRANSPORT_RETRANS=-1
MEAN_LATENCY=16.5
"""
TABLE = """Local       Remote      Local  Elapsed Throughput Throughput  99th
Send Socket Recv Socket Send   Time               Units       Percentile
Size        Size        Size   (sec)                          Latency
Final       Final                                             Microseconds
4194304     1065925     16384  1.02    6293.07    10^6bits/s  22
"""
CLASSIC = """Recv   Send    Send
Socket Socket  Message  Elapsed
Size   Size    Size     Time     Throughput
bytes  bytes   bytes    secs.    10^6bits/sec

131072  16384  16384    1.00     {}
"""


def one(content: str) -> foreign.Result:
    imported = foreign.read(content.encode(), "file")
    assert imported.refused is None, imported.refused
    [result] = imported.results
    return result


def figures(content: str) -> dict[tuple[str, str], float]:
    return {(each.name, each.part): each.value for each in one(content).figures}


@pytest.mark.parametrize(
    ("direction", "counted"),
    [
        ("Send", {"local_send": 900.0, "remote_recv": 890.0, "remote_send": 0.0, "local_recv": 0.0}),
        ("Receive", {"local_send": 0.0, "remote_recv": 0.0, "remote_send": 900.0, "local_recv": 890.0}),
    ],
)
def test_a_stream_under_its_banner_has_the_rate_of_both_ends_and_no_transactions(
    direction: str, counted: dict[str, float]
) -> None:
    body = KEYS.format(direction=direction, rate=890.0, unit="10^6bits/s", transactions="1.000", **counted)
    found = figures(BANNER.format("STREAM") + body)

    assert found == {
        ("goodput", "sent"): pytest.approx(900e6),
        ("goodput", "received"): pytest.approx(890e6),
        ("call_latency_mean", ""): pytest.approx(16.5e-6),
    }


def test_requests_in_a_unit_of_data_are_what_both_directions_moved_and_their_rate_stands_beside() -> None:
    rates = dict.fromkeys(("local_send", "remote_recv", "remote_send", "local_recv"), 85.0)
    body = KEYS.format(direction="Send|Recv", rate=170.66, unit="10^6bits/s", transactions="19392.862", **rates)
    found = figures(BANNER.format("REQUEST/RESPONSE") + body)

    assert found == {
        ("transactions", ""): 19392.862,
        ("goodput", "both ways"): pytest.approx(170.66e6),
        ("latency_mean", ""): pytest.approx(16.5e-6),
    }


def test_a_table_for_people_is_read_by_its_columns() -> None:
    result = one(BANNER.format("STREAM") + TABLE)

    assert (result.title, result.format, result.seconds) == ("TCP_STREAM", "omni table", 1.02)
    assert {each.name: each.value for each in result.figures} == {
        "goodput": pytest.approx(6293.07e6),
        "call_latency_p99": pytest.approx(22e-6),
    }


def test_rows_below_one_header_are_results_of_their_own_but_not_those_of_v_2() -> None:
    below = "131072  16384  16384    1.00     200.00\n\nAlignment      Offset         Bytes\n"
    below += "    8       8      0       0 1707786240  16384.00    104235   129820.31  13155\n"
    imported = foreign.read((BANNER.format("STREAM") + CLASSIC.format("100.00") + below).encode(), "file")

    assert [figure.value for result in imported.results for figure in result.figures] == [100e6, 200e6]


def test_a_quotation_s_mark_or_a_host_before_each_line_is_taken_off() -> None:
    for mark in ("> ", "<h2>: ", "\t\t"):
        quoted = "".join(mark + line + "\n" for line in (BANNER.format("STREAM") + CLASSIC.format("9.42")).splitlines())

        assert figures(quoted)["goodput", "received"] == pytest.approx(9.42e6)


def test_a_confidence_that_was_missed_is_told() -> None:
    missed = "!!! WARNING\n!!! Desired confidence was not achieved\n!!! Confidence intervals: Throughput      : 85.7%\n"

    assert "±85.7 %" in one(BANNER.format("STREAM") + missed + CLASSIC.format("1.00")).notes[0]


def test_a_rate_without_its_unit_is_left_out_and_said_to_be() -> None:
    """With -f m the rate of a request/response test is of data, and -k THROUGHPUT alone does not say so."""
    result = one(BANNER.format("REQUEST/RESPONSE") + "P99_LATENCY=123\nTHROUGHPUT=75.78\n")

    assert [each.name for each in result.figures] == ["latency_p99"]
    assert "THROUGHPUT is left out" in result.notes[0]


def test_a_csv_that_a_script_has_spaced_out_is_read_by_its_header() -> None:
    found = figures("Test #,Throughput Units,Throughput,Mean Latency Microseconds\n1, Trans/s, 16405.49, 60.86\n")

    assert found == {("transactions", ""): 16405.49, ("latency_mean", ""): pytest.approx(60.86e-6)}


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (BANNER.format("REQUEST/RESPONSE") + "h\n16384 131072 1 2 1 30.00 43642.12\n", "7 figures, where its rate is"),
        (BANNER.format("STREAM") + CLASSIC.format("1e400"), "which no test comes to"),
        (BANNER.format("STREAM") + CLASSIC.format("-5.00"), "which no test comes to"),
        ("iperf3: parameter error - unknown\n", "an option that it does not know"),
        ("iperf3: error - unable to connect to server\n", "iperf3's message that it failed"),
        ("fio: unrecognized option '--x=4'\n", "an option or a value that it does not know"),
        (BANNER.format("STREAM") + "28939.43\n", "-v 0"),
        ("4194304,131072,131072,4194304,1,1,1.00,27169.81,Trans/s\n", "without a header"),
        ("The test you requested (NOPE) is unknown to this netperf.\n", "does not know the test"),
        (BANNER.format("STREAM") + "recv_response: Connection reset by peer\n", "Connection reset by peer"),
        (BANNER.format("STREAM") + "Interim result: 1.0 10^6bits/s over 1.0 seconds\n", "cut off here"),
    ],
)
def test_what_has_no_unit_or_no_figure_is_refused_by_name(content: str, said: str) -> None:
    imported = foreign.read(content.encode(), "file")

    assert imported.refused is not None
    assert said in imported.refused.message
    assert not imported.results
