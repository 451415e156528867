"""Outputs whose numbers cannot be: an error of the parser that says where, never a figure, never a traceback."""

import copy
import json
import math
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from pvbench.errors import ParseError
from pvbench.workloads import WORKLOADS, Measured, Tool

FOLDER = Path(__file__).parents[2] / "golden" / "workloads"
GOLDENS = {f"{path.parent.name}/{path.stem}": json.loads(path.read_text()) for path in sorted(FOLDER.glob("*/*.json"))}
GOOD = [name for name, golden in GOLDENS.items() if "readings" in golden]
WRONG = [-1, -0.5, math.nan, math.inf, -math.inf, 10**400, "12", "", None, True, [], {}, [[]], {"a": "b"}]


def tool_of(name: str) -> Tool:
    return WORKLOADS[name.split("/")[0]]


def places(value: Any) -> Iterator[list[Any]]:
    """Yield the path to everything in a JSON value; a histogram's further bins are no different from its first."""
    keys = [*value] if isinstance(value, dict) else [*range(len(value))]
    numbered = [key for key in keys if str(key).isdigit()]
    keys = [key for key in keys if key not in numbered[2:]]
    for key in keys:
        yield [key]
        if isinstance(value[key], dict | list):
            yield from ([key, *rest] for rest in places(value[key]))


def altered(report: Any, at: list[Any], to: object) -> bytes:
    changed = copy.deepcopy(report)
    inner = changed
    for key in at[:-1]:
        inner = inner[key]
    inner[at[-1]] = to
    return json.dumps(changed).encode()


def sound(measured: Measured) -> bool:
    rates = [reading.value for reading in measured.readings]
    return all(math.isfinite(value) and value >= 0 for value in [*rates, *measured.windows])


@pytest.mark.thorough
@pytest.mark.parametrize("name", ["fio/3.33-randrw-2jobs-libaio", "iperf3/3.12-tcp-up", "iperf3/3.12-udp-up"])
def test_whatever_stands_at_one_place_of_a_report_there_is_a_sound_figure_or_an_error(name: str) -> None:
    golden, refused = GOLDENS[name], 0
    report = json.loads(golden["stdout"])
    for at in places(report):
        for wrong in WRONG:
            try:
                assert sound(tool_of(name).parse(altered(report, at, wrong), golden["params"])), (at, wrong)
            except ParseError:
                refused += 1
    assert refused > 100


@pytest.mark.parametrize("wrong", ["-1", "nan", "inf", "1e999", "1e300", "x", "", "-0.01"])
@pytest.mark.parametrize("name", [name for name in GOOD if name.startswith("netperf/")])
def test_whatever_stands_in_one_line_of_netperf_there_is_a_sound_figure_or_an_error(name: str, wrong: str) -> None:
    golden = GOLDENS[name]
    lines = golden["stdout"].splitlines()
    for number, line in enumerate(lines):
        text = "\n".join([*lines[:number], f"{line.split('=')[0]}={wrong}", *lines[number + 1 :]])
        try:
            assert sound(tool_of(name).parse(text.encode(), golden["params"])), line
        except ParseError:
            continue


@pytest.mark.parametrize(
    ("name", "was", "is_now", "said"),
    [
        ("fio/3.33-randread", '"bw_bytes" : 37531314', '"bw_bytes" : -37531314', "-37531314 at bw_bytes is no figure"),
        ("fio/3.33-randread", '"iops" : 9162.918541', '"iops" : 1e999', "inf at iops is no figure"),
        ("fio/3.33-randread", '"iops" : 9162.918541', '"iops" : NaN', "nan at iops is no figure"),
        ("fio/3.33-randread", '"iops" : 9162.918541', '"iops" : "9162"', "no number at iops"),
        ("netperf/2.7.0-tcp-rr", "TRANSACTION_RATE=16256.033", "TRANSACTION_RATE=nan", "TRANSACTION_RATE of nan"),
        ("netperf/2.7.0-tcp-rr", "TRANSACTION_RATE=16256.033", "TRANSACTION_RATE=-4", "TRANSACTION_RATE of -4"),
    ],
)
def test_the_error_says_where_the_wrong_number_stands(name: str, was: str, is_now: str, said: str) -> None:
    golden = GOLDENS[name]
    assert was in golden["stdout"]
    with pytest.raises(ParseError, match=said):
        tool_of(name).parse(golden["stdout"].replace(was, is_now).encode(), golden["params"])


@pytest.mark.parametrize("text", ["[" * 100_000, '{"a":' * 100_000, "{" + "9" * 5000 + "}", '{"jobs": ' + "9" * 5000])
def test_nesting_and_numbers_beyond_any_measure_are_errors(text: str) -> None:
    for name in ("fio/3.33-randread", "iperf3/3.12-tcp-up"):
        with pytest.raises(ParseError):
            tool_of(name).parse(text.encode(), GOLDENS[name]["params"])


@pytest.mark.parametrize("line", ["388, ², 0", "388, 1" + "0" * 400 + ", 0", "388, -5, 0", "388, 1e3, 0"])
def test_numbers_that_cannot_be_in_the_log_of_fio_are_errors(line: str) -> None:
    golden = GOLDENS["fio/3.33-randread"]
    told = WORKLOADS["fio"].windows
    assert told is not None
    with pytest.raises(ParseError, match="no line of its log"):
        told(line.encode(), golden["params"])
