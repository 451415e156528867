import json
from itertools import pairwise
from pathlib import Path

import pytest

from pvbench.errors import UsageError
from pvbench.workloads import WORKLOADS, Disk, Peer

IPERF3, NETPERF = WORKLOADS["iperf3"], WORKLOADS["netperf"]
FOLDER = Path(__file__).parents[2] / "golden" / "workloads"
PEER = Peer("10.77.0.1", 5301, "10.77.0.9")
TCP = {"direction": "up", "protocol": "tcp", "parallel": 1, "runtime": 5, "warmup": 2}


def pairs(argv):
    return set(pairwise(argv))


@pytest.mark.parametrize("tool", [IPERF3, NETPERF])
def test_a_disk_is_no_target_for_a_network_tool(tool):
    with pytest.raises(UsageError, match="works against a network peer"):
        tool.argv(TCP | {"test": "TCP_RR"}, Disk("/dev/xvde", 1, 1))


def test_iperf3_binds_to_the_device_under_test_and_leaves_its_warm_up_out():
    argv = IPERF3.argv(TCP, PEER)
    assert {("--client", "10.77.0.1"), ("--port", "5301"), ("--bind", "10.77.0.9")} <= pairs(argv)
    assert {("--time", "5"), ("--omit", "2")} <= pairs(argv)
    assert None is IPERF3.warmup_argv(TCP, PEER)
    assert "--reverse" not in argv


def test_iperf3_down_is_the_same_client_asking_the_server_to_send():
    assert "--reverse" in IPERF3.argv(TCP | {"direction": "down"}, PEER)


def test_iperf3_udp_without_a_rate_goes_as_fast_as_it_can_not_at_1_mbit():
    assert ("--bitrate", "0") in pairs(IPERF3.argv(TCP | {"protocol": "udp"}, PEER))
    argv = IPERF3.argv(TCP | {"protocol": "udp", "rate": 5e6, "length": 1400}, PEER)
    assert {("--bitrate", "5000000"), ("--length", "1400")} <= pairs(argv)


def test_whole_second_tools_get_the_next_whole_second():
    assert {("--time", "3"), ("--omit", "1")} <= pairs(IPERF3.argv(TCP | {"runtime": 2.5, "warmup": 0.2}, PEER))


def test_iperf3_refuses_a_warm_up_it_cannot_leave_out():
    with pytest.raises(UsageError, match="at most 60 s of warm-up, not 61 s"):
        IPERF3.argv(TCP | {"warmup": 61}, PEER)


def test_loss_is_told_from_what_arrived_because_iperf3_counts_the_warm_ups_losses_too():
    golden = json.loads((FOLDER / "iperf3" / "3.12-udp-up-lossy.json").read_text())
    received = json.loads(golden["stdout"])["end"]["sum_received"]
    ours = {r.metric: r.value for r in IPERF3.parse(golden["stdout"].encode(), golden["params"]).readings}["lost_share"]
    assert 1 - received["bytes"] / 1400 / received["packets"] == pytest.approx(ours)
    assert ours < 0.8 * received["lost_packets"] / received["packets"]


def test_loss_seen_by_the_receiver_itself_agrees_with_what_arrived():
    golden = json.loads((FOLDER / "iperf3" / "3.12-udp-down-lossy.json").read_text())
    received = json.loads(golden["stdout"])["end"]["sum_received"]
    ours = {r.metric: r.value for r in IPERF3.parse(golden["stdout"].encode(), golden["params"]).readings}["lost_share"]
    assert received["lost_packets"] / received["packets"] == pytest.approx(ours, abs=0.01)


def test_netperf_warms_up_with_a_run_of_its_own():
    params = {"test": "TCP_RR", "runtime": 5, "warmup": 2}
    assert ("-l", "5") in pairs(NETPERF.argv(params, PEER))
    assert ("-l", "2") in pairs(NETPERF.warmup_argv(params, PEER))
    assert None is NETPERF.warmup_argv(params | {"warmup": 0}, PEER)


@pytest.mark.parametrize(
    ("params", "words"),
    [
        ({"test": "UDP_RR", "request": 64, "response": 128}, ("-r", "64,128")),
        ({"test": "TCP_RR"}, ("-r", "1,1")),
        ({"test": "TCP_STREAM", "send": 4096}, ("-m", "4096,")),
        ({"test": "TCP_MAERTS", "send": 4096}, ("-m", ",4096")),
    ],
)
def test_netperf_sizes_go_to_the_side_that_sends(params, words):
    assert words == NETPERF.argv(params | {"runtime": 1}, PEER)[-2:]


@pytest.mark.parametrize("tool", [IPERF3, NETPERF])
def test_servers_listen_on_the_peers_address_alone(tool):
    assert {"10.77.0.1", "5301"} <= set(tool.server.argv(PEER))


def test_netserver_leaves_no_log_on_a_host_or_in_a_peer():
    assert all("-N" in argv(PEER) for argv in (NETPERF.server.argv, NETPERF.server.daemon))
