"""A tool that failed, or whose warm-up did, measured nothing; the reason says how it ended, in its own last words."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from pvbench.drivers import DRIVERS
from pvbench.hypervisor import GuestRun
from pvbench.model import Outcome, Witness
from pvbench.verdict import Verdict, judge
from pvbench.workloads import WORKLOADS

GOLDEN = Path(__file__).parents[1] / "golden" / "workloads"
DEVICES = {"fio": "blkfront", "iperf3": "netfront", "netperf": "netfront"}
PLENTY = 10**10


def recorded(name: str) -> GuestRun:
    golden = json.loads((GOLDEN / f"{name}.json").read_text())
    driver = min(DRIVERS[DEVICES[name.split("/")[0]]].bound)
    witness = Witness("guest", driver, PLENTY, PLENTY)
    return GuestRun(tuple(golden["argv"]), golden["exit_code"], golden["stdout"].encode(), b"", 1.0, witness)


def judged(name: str, run: GuestRun) -> Verdict:
    tool = name.split("/")[0]
    params = json.loads((GOLDEN / f"{name}.json").read_text())["params"]
    return judge(WORKLOADS[tool], params, DRIVERS[DEVICES[tool]], run, Witness("host", "x", PLENTY, PLENTY))


def test_a_tool_that_ended_well_over_the_device_asked_for_measured() -> None:
    found = judged("fio/3.33-randread", recorded("fio/3.33-randread"))

    assert (found.outcome, found.reason) == (Outcome.OK, None)
    assert found.measured is not None


@pytest.mark.parametrize(
    ("name", "code", "stderr", "reason"),
    [
        ("fio/3.33-randread", 1, b"fio: pid=31, err=5\nfio: file hash not empty on exit\n",
         "fio exited with 1 (fio: file hash not empty on exit)"),
        ("fio/3.33-randread", 1, b"", "fio exited with 1"),
        ("iperf3/3.12-tcp-up", 137, b"Killed\n", "iperf3 was killed by SIGKILL (Killed)"),
        ("netperf/2.7.0-tcp-rr", -9, b"", "netperf was killed by SIGKILL"),
        ("netperf/2.7.0-tcp-rr", 143, b"", "netperf was killed by SIGTERM"),
        ("netperf/2.7.0-tcp-rr", 255, b"", "netperf exited with 255"),
        ("fio/3.33-randread", 127, b"/bin/pvb-run: line 63: fio: not found\n", "fio exited with 127"),
    ],
)  # fmt: skip
def test_whole_output_of_a_tool_that_failed_is_no_figure(name: str, code: int, stderr: bytes, reason: str) -> None:
    found = judged(name, replace(recorded(name), exit_code=code, stderr=stderr))

    assert found.outcome is Outcome.NOT_MEASURED
    assert found.measured is None
    assert str(found.reason).startswith(reason)


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("fio/3.33-no-such-disk", "fio: no read was done; fio exited with 1"),
        ("iperf3/3.12-connection-refused", "iperf3: unable to connect to server: Connection refused"),
        ("netperf/2.7.0-no-netserver",
         "netperf: establish control: are you sure there is a netserver listening on 127.0.0.1 at port 5986?; "
         "netperf exited with 255"),
    ],
)  # fmt: skip
def test_a_tool_that_says_itself_why_it_failed_is_quoted_whatever_moved(name: str, reason: str) -> None:
    nothing = Witness("guest", None, 0, 0)

    found = judged(name, replace(recorded(name), witness=nothing))

    assert (found.outcome, found.reason) == (Outcome.NOT_MEASURED, reason)


def test_a_failed_warm_up_is_a_failed_trial() -> None:
    name = "netperf/2.7.0-tcp-rr"
    said = b"establish control: are you sure there is a netserver listening on 198.18.10.1 at port 12811?\n"
    cold = replace(recorded(name), exit_code=255, stdout=said)

    found = judged(name, replace(recorded(name), warmup=cold))

    assert found.outcome is Outcome.NOT_MEASURED
    assert str(found.reason).startswith("the warm-up failed: netperf exited with 255 (establish control: are you sure")


def test_a_warm_up_that_ended_well_is_no_matter() -> None:
    name = "netperf/2.7.0-tcp-rr"

    assert judged(name, replace(recorded(name), warmup=recorded(name))).outcome is Outcome.OK


def test_traffic_over_another_device_is_invalid_and_no_number() -> None:
    elsewhere = Witness("guest", "e1000", 10, PLENTY)

    found = judged("iperf3/3.12-tcp-up", replace(recorded("iperf3/3.12-tcp-up"), witness=elsewhere))

    assert (found.outcome, found.measured) == (Outcome.INVALID, None)
    assert "e1000 carried the most" in str(found.reason)
