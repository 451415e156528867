"""The device moved what the tool says, guest and host counted the same, or the trial says why not."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from pvbench.drivers import DRIVERS
from pvbench.evidence.amounts import flags, judge
from pvbench.model import Witness
from pvbench.workloads import WORKLOADS, Claim
from pvbench.workloads.claim import datagrams, exchanges, stream

EXAMPLE = Path(__file__).parents[3] / "results/example/quickstart"
IDE, BLKFRONT, E1000, NETFRONT = (DRIVERS[name] for name in ("ide", "blkfront", "e1000", "netfront"))
MB = 10**6
FIO = Claim("100 MB in 24,414 I/Os", 100 * MB, 125 * MB)


def guest(moved: int, ios: int | None = None) -> Witness:
    return Witness("guest", "x", moved, moved, ios)


def host(moved: int, ios: int | None = None) -> Witness:
    return Witness("host", "x", moved, moved, ios)


def trials() -> Iterator[Any]:
    for line in (EXAMPLE / "journal.ndjson").read_text().splitlines():
        yield json.loads(line)


@pytest.mark.parametrize("trial", [*trials()], ids=lambda trial: trial["id"])
def test_every_trial_that_was_sound_in_the_shipped_run_is_sound(trial: Any) -> None:
    cell = trial["spec"]["cell"]
    tool = WORKLOADS[cell["workload"]["tool"]]
    output = next(raw["path"] for raw in trial["raw"] if raw["path"].endswith(tool.raw_name))
    claim = tool.parse((EXAMPLE / output).read_bytes(), cell["workload"]["params"]).claim
    seen, counted = (Witness(**each) for each in trial["witnesses"])
    counted = host(counted.asked_bytes or 0, trial["bill"]["ios"])
    warmed = dict(trial["seconds"]).get("warmup")
    # What the guest saw of a warm-up was not kept then; it was the rest of what the host counted.
    warmup = guest((counted.asked_bytes or 0) - (seen.asked_bytes or 0)) if warmed else None

    assert judge(DRIVERS[cell["arm"]["device"]], tool.name, seen, counted, warmup, claim) is None
    assert list(flags(DRIVERS[cell["arm"]["device"]], tool.name, seen, claim)) == []


def test_a_disk_that_moved_what_fio_says_and_its_ramp_is_fine() -> None:
    assert judge(BLKFRONT, "fio", guest(125 * MB, 30518), host(125 * MB, 30518), None, FIO) is None
    assert judge(BLKFRONT, "fio", guest(100 * MB, 24414), host(100 * MB, 24414), None, FIO) is None


@pytest.mark.parametrize(
    ("seen", "counted", "reason"),
    [
        (guest(10 * MB), host(10 * MB), "which takes 100 MB, but it moved 10 MB (seen by the guest)"),
        (guest(512), host(512), "which takes 100 MB, but it moved 512 bytes (seen by the guest)"),
        (guest(98 * MB), host(98 * MB), "but it moved 98 MB (seen by the guest)"),
        (guest(125 * MB), host(62 * MB), "but it moved 62 MB (seen by the host)"),
        (guest(125 * MB), host(0), "but it moved 0 bytes (seen by the host)"),
        (guest(250 * MB), host(125 * MB), "do not agree: ide moved 250 MB in the guest's count, 125 MB in the host"),
        (guest(125 * MB), host(130 * MB), "do not agree: ide moved 125 MB in the guest's count, 130 MB in the host"),
        (guest(125 * MB), host(1250 * MB), "do not agree"),
        (guest(125 * MB, 30518), host(125 * MB, 15000), "ide moved 30,518 requests in the guest's count, 15,000"),
    ],
)
def test_a_disk_whose_counters_do_not_carry_the_figure_is_invalid(seen: Witness, counted: Witness, reason: str) -> None:
    assert reason in str(judge(IDE, "fio", seen, counted, None, FIO))


def test_a_device_that_moved_far_more_was_busy_with_something_else_too() -> None:
    claim = Claim("10 MB", 10 * MB, 12 * MB)

    assert judge(IDE, "fio", guest(100 * MB), host(100 * MB), None, claim) is None
    assert "moved 100 MB where fio accounts for 12 MB at most" in str(next(flags(IDE, "fio", guest(100 * MB), claim)))
    assert list(flags(IDE, "fio", guest(30 * MB), claim)) == []


def test_a_warm_up_of_its_own_is_what_the_host_saw_more() -> None:
    rr = exchanges(1000, 1, 1, tcp=True, alone=True)

    assert judge(E1000, "netperf", guest(134_000), host(634_000, 9400), guest(500_000), rr) is None
    assert "do not agree" in str(judge(E1000, "netperf", guest(134_000), host(634_000, 9400), None, rr))
    lost = Witness("guest", None, None, None)
    assert "could not say" in str(judge(E1000, "netperf", guest(134_000), host(634_000, 9400), lost, rr))


def test_one_byte_requests_are_counted_with_their_headers() -> None:
    """1,000 transactions of one byte each way take 82,000 bytes at least, however small their payload."""
    rr = exchanges(1000, 1, 1, tcp=True, alone=True)

    assert judge(NETFRONT, "netperf", guest(134_000), host(120_000, 2000), None, rr) is None
    assert "which takes 82 kB, but it moved 13.4 kB" in str(
        judge(NETFRONT, "netperf", guest(13_400), host(13_400, 200), None, rr)
    )


def test_fewer_packets_than_messages_are_not_enough_whatever_their_bytes() -> None:
    rr = exchanges(1000, 1, 1, tcp=True, alone=True)

    said = judge(NETFRONT, "netperf", guest(134_000), host(134_000, 100), None, rr)

    assert (
        "1,000 transactions went over netfront, which takes 2,000 packets, but it moved 100 packets (seen by the host)"
        in str(said)
    )


def test_one_side_may_leave_ethernet_headers_out_and_the_other_pad() -> None:
    small = datagrams(10_000, 10_000, 64, 1.25)
    assert judge(NETFRONT, "netperf", guest(12_500 * 106), host(12_500 * 92, 12_500), None, small) is None

    tiny = exchanges(10_000, 1, 1, tcp=False, alone=True)
    assert judge(E1000, "netperf", guest(20_000 * 60), host(20_000 * 43, 20_000), None, tiny) is None
    assert judge(E1000, "netperf", guest(20_000 * 43), host(20_000 * 60, 20_000), None, tiny) is None


@pytest.mark.parametrize("size", [16, 64, 512, 1400])
def test_a_host_that_saw_half_the_datagrams_does_not_agree(size: int) -> None:
    claim, each = datagrams(1000, 1000, size, 1.0), size + 42

    said = judge(NETFRONT, "netperf", guest(10_000 * each), host(5000 * (size + 28), 5000), None, claim)

    assert "do not agree" in str(said)


def test_datagrams_that_were_lost_on_the_way_explain_what_one_side_alone_counted() -> None:
    claim = datagrams(10_000, 100_000, 1400, 1.25)

    assert judge(E1000, "netperf", guest(15 * MB), host(160 * MB, 120_000), None, claim) is None
    assert "takes 14.3 MB" in str(judge(E1000, "netperf", guest(10 * MB), host(160 * MB, 120_000), None, claim))


def test_a_stream_takes_its_payload_and_at_most_a_header_and_an_answer_for_each_segment() -> None:
    large, small = stream(10 * MB, 0, 1.5), stream(10 * MB, 64, 1.0)

    assert (large.least, small.least) == (10 * MB, 10 * MB)
    assert 15 * MB < large.most < 20 * MB
    assert 30 * MB < small.most < 32 * MB
    assert judge(NETFRONT, "netperf", guest(15 * MB), host(15 * MB, 300), None, large) is None
    assert "takes 10 MB, but it moved 1 MB" in str(judge(NETFRONT, "netperf", guest(MB), host(MB, 800), None, large))


def test_frames_that_a_device_model_dropped_and_tcp_sent_again_are_no_quarrel() -> None:
    claim = stream(10 * MB, 0, 1.2)

    assert judge(E1000, "netperf", guest(12 * MB), host(14 * MB, 9000), None, claim) is None
    assert "do not agree" in str(judge(E1000, "netperf", guest(12 * MB), host(24 * MB, 16_000), None, claim))
    assert "do not agree" in str(judge(E1000, "netperf", guest(120 * MB), host(12 * MB, 9000), None, claim))
