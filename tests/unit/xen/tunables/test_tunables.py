"""What a boot is asked for, and what is told of what came of it."""

import subprocess
from dataclasses import dataclass

import pytest

from pvbench.model import Granted, Scalar
from pvbench.tunables import TUNABLES, Tunable, text
from pvbench.xen import tunables


@dataclass(frozen=True)
class Nic:
    mac: str
    control: bool = False


FRONT, BACK = "/local/domain/7/device/vbd/51776", "/local/domain/0/backend/vbd/7/51776"
VIF, NETBACK = "/local/domain/7/device/vif/1", "/local/domain/0/backend/vif/7/1"

# As blkfront and blkback of Linux 6.1 write them: dom0 has two CPUs, blkback's ring is limited to 4 pages.
BLOCK = {
    f"{FRONT}/state": "4",
    f"{FRONT}/ring-page-order": "2",
    f"{FRONT}/ring-ref0": "8",
    f"{FRONT}/multi-queue-num-queues": "2",
    f"{FRONT}/feature-persistent": "1",
    f"{FRONT}/queue-0/event-channel": "12",
    f"{BACK}/state": "4",
    f"{BACK}/max-ring-page-order": "2",
    f"{BACK}/multi-queue-max-queues": "2",
    f"{BACK}/feature-persistent": "1",
    f"{BACK}/feature-max-indirect-segments": "256",
}
# One ring of one page is the usual and leaves no trace; QEMU's qdisk knows no persistent grants.
PLAIN = {
    "/local/domain/7/device/vbd/51792/state": "4",
    "/local/domain/7/device/vbd/51792/ring-ref": "9",
    "/local/domain/7/device/vbd/51792/feature-persistent": "1",
    "/local/domain/0/backend/qdisk/7/51792/state": "4",
    "/local/domain/0/backend/qdisk/7/51792/max-ring-page-order": "4",
}
NET = {
    f"{VIF}/state": "4",
    f"{VIF}/multi-queue-num-queues": "1",
    f"{VIF}/feature-sg": "1",
    f"{NETBACK}/state": "4",
    f"{NETBACK}/multi-queue-max-queues": "1",
}


def told(name: str, value: Scalar, device: str, nodes: dict[str, str], **guest: str) -> Granted:
    (found,) = tunables.granted(((name, value),), device, nodes, guest, {"vcpus": "2"})
    return found


@pytest.mark.parametrize(
    ("name", "value", "device", "nodes", "guest", "got"),
    [
        ("ring_pages", 4, "blkfront", BLOCK, {}, "4"),
        ("ring_pages", 16, "blkfront", BLOCK, {}, "4"),
        ("ring_pages", 4, "blkfront-qdisk", PLAIN, {}, "1"),
        ("queues", 2, "blkfront", BLOCK, {}, "2"),
        ("queues", 4, "blkfront", BLOCK, {}, "2"),
        ("queues", 4, "blkfront-qdisk", PLAIN, {}, "1"),
        ("queues", 4, "netfront", NET, {}, "1"),
        ("queues", 1, "netfront", NET, {}, "1"),
        ("persistent_grants", True, "blkfront", BLOCK, {}, "true"),
        ("persistent_grants", True, "blkfront-qdisk", PLAIN, {}, "false"),
        ("persistent_grants", False, "blkfront", BLOCK | {f"{FRONT}/feature-persistent": "0"}, {}, "false"),
        ("indirect_segments", 64, "blkfront", BLOCK, {"max_segments": "64"}, "64"),
        ("indirect_segments", 64, "blkfront-qdisk", PLAIN, {"max_segments": "11"}, "11"),
        ("indirect_segments", 64, "blkfront", BLOCK, {}, None),
        ("vector_callback", False, "netfront", NET, {"callback": "line"}, "false"),
        ("vector_callback", False, "e1000", {}, {"callback": "vector"}, "true"),
        ("fifo_events", False, "ide", {}, {"events": "2-level"}, "false"),
        ("dom0_vcpus", 1, "ide", {}, {}, "2"),
        ("vcpus", 2, "ide", {}, {"cpus": "2"}, "2"),
        ("vcpus", 4, "netfront", {}, {"cpus": "2"}, "2"),
        ("vcpus", 4, "netfront", {}, {}, None),
        ("mtu", 9000, "rtl8139", {}, {"mtu": "1500"}, "1500"),
        ("offloads", "no-tso", "netfront", NET, {"offloads": "gso+sg+tx"}, "no-tso"),
        ("offloads", "none", "netfront", NET, {"offloads": "rx+tx"}, "rx+tx"),
        ("offloads", "none", "netfront", NET, {}, None),
    ],
)
def test_what_is_in_force_is_read_back(
    name: str, value: Scalar, device: str, nodes: dict[str, str], guest: dict[str, str], got: str | None
) -> None:
    found = told(name, value, device, nodes, **guest)
    assert got == found.got
    assert (got == found.asked) is found.kept


def test_a_device_whose_ends_are_not_connected_granted_nothing() -> None:
    assert told("queues", 1, "blkfront", BLOCK | {f"{FRONT}/state": "3"}).got is None


def test_a_tunable_that_does_not_act_on_a_device_is_not_judged_there() -> None:
    assert () == tunables.granted((("queues", 2), ("ring_pages", 2)), "ide", {}, {}, {})
    assert () == tunables.granted((("ring_pages", 2),), "netfront", NET, {}, {})


def test_module_parameters_go_to_the_modules_that_are_loaded() -> None:
    asked = (("persistent_grants", False), ("queues", 2), ("ring_pages", 8))
    assert (
        "pvb.params=xen-blkfront:feature_persistent=N,xen-blkfront:max_queues=2,xen-blkfront:max_ring_page_order=3",
    ) == tunables.words(asked, ("blkfront", "e1000", "blkfront-qdisk"), ())


def test_kernel_words_are_said_only_for_what_is_unusual() -> None:
    assert () == tunables.words((("fifo_events", True), ("vector_callback", True)), (), ())
    assert ("xen.fifo_events=0", "xen_no_vector_callback") == tunables.words(
        (("fifo_events", False), ("vector_callback", False)), (), ()
    )


def test_every_tested_nic_gets_its_words_and_the_control_nic_none() -> None:
    nics = (Nic("00:16:3e:00:00:00"), Nic("00:16:3e:00:00:01", control=True))
    assert ("pvb.mtu=00:16:3e:00:00:00,9000", "pvb.off=00:16:3e:00:00:00,tso+gso") == tunables.words(
        (("mtu", 9000), ("offloads", "no-gso")), (), nics
    )
    assert () == tunables.words((("offloads", "all"),), (), nics)


def test_the_guests_answer_is_read_line_by_line() -> None:
    answer = (
        b"mtu=1500\n HYP:      91234   Hypervisor callback interrupts\n"
        b"[    0.04] xen:events: Using FIFO-based ABI\nFeatures for eth0:\nrx-checksumming: on [fixed]\n"
        b"tcp-segmentation-offload: off\n\ttx-tcp-segmentation: off\ngeneric-segmentation-offload: on\n"
    )
    assert {"mtu": "1500", "callback": "vector", "events": "fifo", "offloads": "gso+rx"} == tunables.parse_look(answer)
    line = (
        b"  23:     4312   xen-pirq    -ioapic-level  xen-platform-pci\n HYP:      0   Hypervisor callback interrupts\n"
    )
    assert {"callback": "line"} == tunables.parse_look(line)
    assert {"cpus": "4"} == tunables.parse_look(b"cpus=4\n")
    assert {} == tunables.parse_look(b"")


def test_the_guest_is_asked_by_a_command_that_cannot_fail() -> None:
    done = subprocess.run(tunables.look_argv("lo"), capture_output=True, check=True)
    assert "mtu" in tunables.parse_look(done.stdout)
    assert b"" == done.stderr


def test_the_guest_is_asked_for_parameters_and_what_it_does_not_have_says_nothing() -> None:
    argv = tunables.look_argv("lo", ("printk/parameters/time", "no_such/parameters/thing"))
    done = subprocess.run(argv, capture_output=True, check=True)
    assert tunables.parse_look(done.stdout)["printk/parameters/time"] in {"Y", "N"}
    assert "no_such/parameters/thing" not in tunables.parse_look(done.stdout)


@pytest.mark.parametrize("row", [row for row in TUNABLES.values() if row.parameter], ids=lambda row: row.name)
def test_what_is_written_to_a_parameter_is_read_back_as_what_was_asked_for(row: Tunable) -> None:
    assert row.parameter is not None
    for value in (True, False) if row.name == "persistent_grants" else (1, 16):
        assert row.parameter.read(row.parameter.write(value)) == text(value)
