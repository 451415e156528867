"""What each tool says it moved, from outputs recorded of the real ones."""

import json
from pathlib import Path

import pytest

from pvbench.workloads import WORKLOADS, Claim, amount

FOLDER = Path(__file__).parents[2] / "golden" / "workloads"


def claimed(name: str, *changes: tuple[str, str], **params: object) -> Claim:
    golden = json.loads((FOLDER / f"{name}.json").read_text())
    text = golden["stdout"]
    for was, becomes in changes:
        assert was in text
        text = text.replace(was, becomes)
    return WORKLOADS[name.split("/")[0]].parse(text.encode(), golden["params"] | params).claim


def test_fio_claims_what_it_counted_without_its_ramp() -> None:
    claim = claimed("fio/3.33-randread")

    assert claim.words == "75.1 MB in 18,335 I/Os"
    assert claim.least == pytest.approx(18335 * 4096, rel=1e-6)
    assert claim.most == pytest.approx(claim.least * (2 + 0.5) / 2, rel=1e-3)


def test_fio_claims_both_directions_of_all_jobs() -> None:
    golden = json.loads((FOLDER / "fio/3.33-randrw-2jobs-libaio.json").read_text())
    job = json.loads(golden["stdout"])["jobs"][0]

    claim = claimed("fio/3.33-randrw-2jobs-libaio")

    assert claim.least == pytest.approx(job["read"]["io_bytes"] + job["write"]["io_bytes"], rel=1e-6)


@pytest.mark.parametrize("key", ['"bw_bytes" : 37531314', '"iops" : 9162.918541'])
def test_a_rate_that_its_own_count_does_not_carry_is_the_claim(key: str) -> None:
    honest, boasting = claimed("fio/3.33-randread"), claimed("fio/3.33-randread", (key, key.replace(": ", ": 9")))

    assert boasting.least > 2 * honest.least


def test_what_the_page_cache_may_serve_is_only_no_claim_on_the_device_where_the_matrix_says_so() -> None:
    through, itself = (claimed("fio/3.33-randread", direct=False, **more) for more in ({}, {"page_cache_counts": True}))

    assert (through.cached, through.least > 75e6) == (False, True)
    assert (itself.cached, itself.least) == (True, 0)


def test_iperf3_claims_what_arrived_and_its_warm_up_at_most_as_much_again() -> None:
    claim = claimed("iperf3/3.12-tcp-up")

    assert claim.least == pytest.approx(1493434368)
    assert claim.most > 2 * claim.least * (1 - 0.01)
    assert claim.most < 3 * claim.least


def test_iperf3_claims_datagrams_with_their_headers_and_those_that_were_lost() -> None:
    claim = claimed("iperf3/3.12-udp-up-64-bytes")

    assert claim.packets == pytest.approx(3470144 / 64)
    assert claim.least == pytest.approx(3470144 / 64 * (64 + 28))
    assert claim.most > 98290 * 106
    assert claim.lost > (98290 - 3470144 / 64) * 106


def test_netperf_claims_two_packets_for_each_transaction() -> None:
    claim = claimed("netperf/2.7.0-tcp-rr")

    assert claim.words == "16,256 transactions"
    assert claim.packets == pytest.approx(2 * 16256, rel=1e-3)
    assert claim.least == pytest.approx(16256 * 82, rel=1e-3)


def test_netperf_claims_the_sizes_of_requests_and_responses() -> None:
    assert claimed("netperf/2.7.0-udp-rr-64-128").least == pytest.approx(5069.86 * (64 + 128 + 56))


@pytest.mark.parametrize(("case", "mbit"), [("2.7.0-tcp-stream-4096", 7275.14), ("2.7.0-tcp-maerts-4096", 8505.35)])
def test_netperf_claims_its_goodput_over_its_time(case: str, mbit: float) -> None:
    assert claimed(f"netperf/{case}").least == pytest.approx(mbit * 1e6 / 8, rel=1e-5)


def test_netperfs_rounding_is_no_claim() -> None:
    change = ("THROUGHPUT=7275.14", "THROUGHPUT=0.01")

    assert claimed("netperf/2.7.0-tcp-stream-4096", change).least == pytest.approx(0.005e6 / 8)


@pytest.mark.parametrize(
    ("count", "words"), [(512, "512 bytes"), (8190, "8.19 kB"), (75_300_000, "75.3 MB"), (2.5e9, "2.5 GB")]
)
def test_amounts_are_told_in_three_digits(count: float, words: str) -> None:
    assert amount(count) == words
