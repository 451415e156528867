"""From two looks to one witness."""

import pytest

from pvbench.errors import ParseError
from pvbench.evidence.witness import guest_witness, host_witness, parse_look
from pvbench.model import DeviceKind

BEFORE = """\
look=before,net,eth0,e1000,00:16:3e:00:00:00,1000,1000
look=before,net,eth1,vif,00:16:3e:00:00:01,500,500
look=before,block,sda,ata_piix,262144,10,80
look=before,block,xvde,vbd,262144,0,0
"""
AFTER = """\
look=after,net,eth0,e1000,00:16:3e:00:00:00,901000,101000
look=after,net,eth1,vif,00:16:3e:00:00:01,600,500
look=after,block,sda,ata_piix,262144,10,80
look=after,block,xvde,vbd,262144,100,800
exit=0
"""


def test_the_nic_that_moved_the_most_is_named() -> None:
    witness = guest_witness(parse_look(BEFORE, "before"), parse_look(AFTER, "after"), DeviceKind.NET, "eth1")

    assert witness.driver == "e1000"
    assert witness.asked_bytes == 100
    assert witness.all_bytes == 1_000_100


def test_disks_are_counted_in_bytes_and_ios() -> None:
    witness = guest_witness(parse_look(BEFORE, "before"), parse_look(AFTER, "after"), DeviceKind.BLOCK, "xvde")

    assert (witness.driver, witness.asked_bytes, witness.all_bytes, witness.asked_ios) == ("vbd", 409600, 409600, 100)
    assert witness.share == 1.0


def test_what_a_guest_does_on_the_disk_it_lives_on_is_told_and_is_no_traffic_of_a_test() -> None:
    before = parse_look(BEFORE + "look=before,block,vda,virtio_blk,9000,10,100\n", "before")
    after = parse_look(AFTER + "look=after,block,vda,virtio_blk,9000,20,7580\n", "after")

    witness = guest_witness(before, after, DeviceKind.BLOCK, "xvde", system="virtio_blk")

    assert (witness.driver, witness.asked_bytes, witness.all_bytes) == ("vbd", 409600, 409600)
    assert ("vda (virtio_blk), which the guest lives on", "3829760 bytes") in witness.facts


def test_a_test_that_went_to_the_disk_the_guest_lives_on_moved_nothing() -> None:
    before = parse_look("look=before,block,vda,virtio_blk,9000,10,100\nlook=before,block,xvde,vbd,9,0,0\n", "before")
    after = parse_look("look=after,block,vda,virtio_blk,9000,99,9100\nlook=after,block,xvde,vbd,9,0,0\n", "after")

    witness = guest_witness(before, after, DeviceKind.BLOCK, "xvde", system="virtio_blk")

    assert (witness.driver, witness.all_bytes) == (None, 0)


def test_no_traffic_names_no_driver_and_gives_no_share() -> None:
    looks = parse_look(BEFORE, "before")

    witness = guest_witness(looks, looks, DeviceKind.BLOCK, "sda")

    assert witness.driver is None
    assert witness.share is None


def test_a_device_the_guest_does_not_have_was_not_seen_rather_than_idle() -> None:
    looks = parse_look(BEFORE, "before")

    assert guest_witness(looks, looks, DeviceKind.BLOCK, "nvme0n1").asked_bytes is None


def test_a_counter_that_went_backwards_makes_the_whole_side_unable_to_say() -> None:
    """A 32-bit counter that wrapped, a device plugged anew: the sum over all devices would be too small as well."""
    late = AFTER.replace("901000,101000", "90,10")

    guest = guest_witness(parse_look(BEFORE, "before"), parse_look(late, "after"), DeviceKind.NET, "eth1")
    host = host_witness({"vif5.0-emu": 4294967000, "vif5.1": 10}, {"vif5.0-emu": 700, "vif5.1": 20}, "vif5.1", {}, 7)

    for witness in (guest, host):
        assert (witness.driver, witness.asked_bytes, witness.all_bytes, witness.asked_ios) == (None,) * 4
    assert dict(guest.facts)["eth0 (e1000)"] == "-1900 bytes"


def test_the_host_tells_requests_where_it_counts_them() -> None:
    assert host_witness({"vif5.1": 0}, {"vif5.1": 990}, "vif5.1", {}, 9).asked_ios == 9
    assert host_witness({"vif5.1": 0}, {"vif5.1": 990}, "vif5.1", {}).asked_ios is None


def test_a_line_that_cannot_be_read_is_an_error() -> None:
    with pytest.raises(ParseError, match="cannot read"):
        parse_look("look=before,net,eth0,e1000", "before")


def test_the_host_names_the_device_that_moved_the_most() -> None:
    witness = host_witness(
        {"vif5.0-emu": 0, "vif5.1": 10}, {"vif5.0-emu": 990, "vif5.1": 20}, "vif5.1", {"backend/state": "4"}
    )

    assert witness.driver == "vif5.0-emu"
    assert witness.share == 0.01
    assert ("backend/state", "4") in witness.facts


def test_a_host_that_counts_nothing_cannot_say() -> None:
    witness = host_witness({}, {}, "vif5.1", {})

    assert (witness.driver, witness.asked_bytes, witness.all_bytes) == (None, None, None)
