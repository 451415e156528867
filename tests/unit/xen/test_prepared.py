"""What dom0 is asked to make for the boots of a run."""

from pvbench.inventory import Host
from pvbench.xen.prepared import OWN_BRIDGE, setup_request


def test_each_disk_is_asked_for_as_what_its_backend_opens_and_each_nic_has_a_subnet() -> None:
    request = setup_request(Host("lab", "10.0.0.1", scratch="/s"), 1 << 20, ("e1000", "ide", "blkfront-qdisk"))

    assert [(disk["name"], disk["as"]) for disk in request["disks"]] == [("ide", "block"), ("blkfront-qdisk", "file")]
    assert request["addresses"] == ["198.18.10.1/24", "198.18.11.1/24"]  # that of the NIC under test, and of control
    assert (request["bridge"], request["own_bridge"]) == (OWN_BRIDGE, True)


def test_a_bridge_that_is_there_is_used() -> None:
    request = setup_request(Host("lab", "10.0.0.1", bridge="xenbr0"), 0, ())

    assert (request["bridge"], request["own_bridge"], request["disks"]) == ("xenbr0", False, [])


def test_each_server_of_a_test_is_asked_for_on_each_address() -> None:
    request = setup_request(Host("lab", "10.0.0.1"), 0, ("netfront",))

    assert [each["name"] for each in request["servers"]] == [
        f"{program}-198.18.{net}.1" for net in (10, 11) for program in ("iperf3", "netserver")
    ]
    assert request["servers"][1]["argv"] == ("netserver", "-D", "-N", "-4", "-L", "198.18.10.1", "-p", "12811")
