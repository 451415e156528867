"""Large files are read in a time that grows with their size, whatever is wrong with them."""

import time
from collections.abc import Callable
from pathlib import Path

import pytest

from pvbench import foreign

GOLDEN = Path(__file__).parents[2] / "golden/foreign"
REPORT = (GOLDEN / "fio-3.41-sync.json").read_text() + "\n"
TABLE = (GOLDEN / "netperf-tcp-stream.txt").read_text()
EVENT = '{"event": "interval", "data": {"sum": {"bytes": 1, "seconds": 1}}}\n'


@pytest.mark.thorough
@pytest.mark.parametrize(
    "content",
    [
        lambda n: REPORT * n,
        lambda n: REPORT * n + REPORT[: len(REPORT) // 2],
        lambda n: (REPORT[: len(REPORT) // 2] + "\n") * n,
        lambda n: TABLE * (8 * n),
        lambda n: '{"event": "start", "data": {"version": "iperf 3.18"}}\n' + EVENT * (80 * n),
        lambda n: ("12 " * 40 + "\n") * (80 * n),
        lambda n: "x{" * (4000 * n),
        lambda n: '{"a": ' * (2000 * n),
        lambda n: "3;" * (4000 * n),
    ],
    ids=["reports", "cut", "cuts", "tables", "events", "numbers", "braces", "depth", "terse"],
)
def test_four_times_the_size_takes_no_more_than_ten_times_the_time(content: Callable[[int], str]) -> None:
    def seconds(size: int) -> float:
        data = content(size).encode()
        begun = time.process_time()
        imported = foreign.read(data, "x")
        assert imported.results or imported.refused
        return time.process_time() - begun

    small = min(seconds(100) for _ in range(3))

    assert min(seconds(400) for _ in range(2)) < 10 * small + 0.2
