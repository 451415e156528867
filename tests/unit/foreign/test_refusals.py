"""What is no result is refused: by name where we know it, always with its place, and whatever is done to a file."""

import json
import math
import re
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pvbench import foreign

GOLDEN = Path(__file__).parents[2] / "golden"
GOOD = [
    *(json.loads(path.read_text())["stdout"].encode() for path in sorted((GOLDEN / "workloads").glob("*/[23]*.json"))),
    *(path.read_bytes() for path in sorted((GOLDEN / "foreign").iterdir())),
]


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "the file is empty"),
        (b"\x00\x01\x02", "binary"),
        (b"\xfd7zXZ\x00", "packed with xz"),
        (b"PK\x03\x04\x00", "packed with zip"),
        (b"a.json" + bytes(251) + b"ustar", "an archive of tar"),
        (b"20210101000000,10.0.0.1,5001,10.0.0.2,4000,3,0.0-10.0,1,2\n", "CSV of iperf 2"),
        (b'{"fio version": ' * 100_000, "nested too deeply"),
        (b"\x1f\x8b\x08", "gzip is cut off"),
        (b"job: (g=0): rw=randread, bs=(R) 4096B\nfio-3.33\n", "fio's text for people"),
        (b"[ ID] Interval           Transfer     Bitrate\n", "text of iperf3"),
        (b" 87380  16384  16384    10.00     941.41\n", "without a header"),
        (b" 87380  16384  16384    10.00     941.41   3.10     -1.00    2.7     -1.0\n", "without a header"),
        (b"[global]\nioengine=libaio\n", "a job file of fio"),
        (b'{"results": []}', "neither of fio nor of iperf3"),
        (b"hello\n", "no output of fio, iperf3 or netperf"),
        (b'{"fio version": "fio-3.1", "jobs": []}', "without a job"),
        (b"THROUGHPUT=1.0\nELAPSED_TIME=1\n", "without THROUGHPUT_UNITS"),
        (b"THROUGHPUT=1.0\nTHROUGHPUT_UNITS=furlongs\n", "no unit we know"),
        (b"TCP STREAM TEST from a to b\nRecv\n", "it is cut off here"),
    ],
)
def test_a_file_is_refused_by_name(content: bytes, said: str) -> None:
    imported = foreign.read(content, "a file")

    assert imported.refused is not None
    assert re.match(r"a file:\d+:\d+: ", imported.refused.message)
    assert said in imported.refused.message
    assert not imported.results


def test_what_is_whole_is_imported_beside_what_is_cut_off() -> None:
    [good, *_] = GOOD

    imported = foreign.read(good + b"\n" + good[: len(good) // 2], "x")

    assert imported.results == foreign.read(good, "x").results
    assert imported.refused is not None
    assert "is cut off here" in imported.refused.message


def test_an_error_that_the_tool_tells_is_no_figure() -> None:
    [result] = foreign.read(b'{"start": {}, "intervals": [], "end": {}, "error": "unable to connect"}', "x").results

    assert (result.problem, result.figures, result.version) == ("iperf3 says: unable to connect", (), None)


@given(st.sampled_from(GOOD), st.data())
@settings(max_examples=60, deadline=None)
def test_a_file_that_is_cut_or_changed_anywhere_ends_in_results_or_in_one_refusal(
    good: bytes, data: st.DataObject
) -> None:
    at = data.draw(st.integers(0, len(good)))
    content = good[:at] + data.draw(st.binary(max_size=4))
    if data.draw(st.booleans()):
        content += good[at + data.draw(st.integers(0, 40)) :]
    imported = foreign.read(content, "x")

    assert imported.refused.message.startswith("x:") if imported.refused else imported.results
    assert all(0 <= figure.value < math.inf for result in imported.results for figure in result.figures)
