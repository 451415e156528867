"""A tool that failed, or whose warm-up did, measured nothing; the reason says how it ended, in its own last words."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from pvbench.drivers import DRIVERS
from pvbench.evidence.amounts import flags
from pvbench.evidence.outcome import Verdict, judge
from pvbench.hypervisor import GuestRun
from pvbench.model import Outcome, Witness
from pvbench.workloads import WORKLOADS

GOLDEN = Path(__file__).parents[2] / "golden" / "workloads"
DEVICES = {"fio": "blkfront", "iperf3": "netfront", "netperf": "netfront"}
MOVED = {
    "fio/3.33-randread": 76_000_000,
    "iperf3/3.12-tcp-up": 3_000_000_000,
    "netperf/2.7.0-tcp-rr": 2_400_000,
}
"""What the recorded outputs account for, warm-up included."""


def recorded(name: str) -> GuestRun:
    golden = json.loads((GOLDEN / f"{name}.json").read_text())
    driver = min(DRIVERS[DEVICES[name.split("/")[0]]].bound)
    moved = MOVED.get(name, 5000)
    witness = Witness("guest", driver, moved, moved)
    return GuestRun(tuple(golden["argv"]), golden["exit_code"], golden["stdout"].encode(), b"", 1.0, witness)


def judged(name: str, run: GuestRun, **changed: bool) -> Verdict:
    """Judge a run where the host saw what the guest did, its warm-up included."""
    tool = name.split("/")[0]
    params = json.loads((GOLDEN / f"{name}.json").read_text())["params"] | changed
    saw = sum(each.witness.asked_bytes or 0 for each in (run, run.warmup) if each)
    return judge(WORKLOADS[tool], params, DRIVERS[DEVICES[tool]], run, Witness("host", "x", saw, saw))


def test_a_tool_that_ended_well_over_the_device_asked_for_measured() -> None:
    found = judged("fio/3.33-randread", recorded("fio/3.33-randread"))

    assert (found.outcome, found.reason) == (Outcome.OK, None)
    assert found.measured is not None
    assert found.flags == ()


@pytest.mark.parametrize(
    ("name", "code", "stderr", "reason"),
    [
        (
            "fio/3.33-randread",
            1,
            b"fio: pid=31, err=5\nfio: file hash not empty on exit\n",
            "fio exited with 1 (fio: file hash not empty on exit)",
        ),
        ("fio/3.33-randread", 1, b"", "fio exited with 1"),
        ("iperf3/3.12-tcp-up", 137, b"Killed\n", "iperf3 was killed by SIGKILL (Killed)"),
        ("netperf/2.7.0-tcp-rr", -9, b"", "netperf was killed by SIGKILL"),
        ("netperf/2.7.0-tcp-rr", 143, b"", "netperf was killed by SIGTERM"),
        ("netperf/2.7.0-tcp-rr", 255, b"", "netperf exited with 255"),
        ("fio/3.33-randread", 127, b"/bin/pvb-run: line 63: fio: not found\n", "fio exited with 127"),
    ],
)
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
        (
            "netperf/2.7.0-no-netserver",
            "netperf: establish control: are you sure there is a netserver listening on 127.0.0.1 at port 5986?; "
            "netperf exited with 255",
        ),
    ],
)
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
    elsewhere = Witness("guest", "e1000", 10, 10**9)

    found = judged("iperf3/3.12-tcp-up", replace(recorded("iperf3/3.12-tcp-up"), witness=elsewhere))

    assert (found.outcome, found.measured) == (Outcome.INVALID, None)
    assert "e1000 carried the most" in str(found.reason)


@pytest.mark.parametrize("direct", [True, False])
def test_75_mb_over_a_device_that_moved_512_bytes_are_no_figure(direct: bool) -> None:
    name = "fio/3.33-randread"

    found = judged(name, replace(recorded(name), witness=Witness("guest", "vbd", 512, 512, 1)), direct=direct)

    assert (found.outcome, found.measured) == (Outcome.INVALID, None)
    said = (
        "fio says 75.1 MB in 18,335 I/Os went over blkfront, which takes 75.1 MB, but it moved 512 bytes (seen by the "
    )
    assert said in str(found.reason)
    assert ("page_cache_counts: true" in str(found.reason)) is not direct


def test_buffered_writes_say_that_the_disk_had_them_later_unless_each_was_made_durable() -> None:
    name = "fio/3.33-write-256k"
    golden = json.loads((GOLDEN / f"{name}.json").read_text())
    claims = [
        WORKLOADS["fio"].parse(golden["stdout"].encode(), golden["params"] | changed).claim
        for changed in ({"direct": False}, {"direct": False, "fsync": 1}, {"direct": True})
    ]

    said = [list(flags(DRIVERS["ide"], "fio", Witness("guest", "x", int(each.least), 1), each)) for each in claims]

    assert said == [[claims[0].note], [], []]
    assert "the disk had them when fio closed it" in str(claims[0].note)


@pytest.mark.parametrize("moved", [0, 512, 70_000_000])
def test_where_the_page_cache_counts_the_figure_stands_and_says_what_it_is_of(moved: int) -> None:
    name = "fio/3.33-randread"
    little = Witness("guest", "vbd" if moved else None, moved, moved)

    found = judged(name, replace(recorded(name), witness=little), direct=False, page_cache_counts=True)

    assert found.outcome is Outcome.OK
    assert str(found.flags[0]).startswith("page cache: fio did 75.1 MB in 18,335 I/Os, and blkfront moved ")


def test_where_the_page_cache_counts_another_device_still_may_not_carry_the_traffic() -> None:
    name = "fio/3.33-randread"
    other = Witness("guest", "ata_piix", 0, 70_000_000)

    found = judged(name, replace(recorded(name), witness=other), direct=False, page_cache_counts=True)

    assert found.outcome is Outcome.INVALID
