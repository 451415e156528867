"""HYPERVISORS: every hypervisor that hosts.yaml may name can be driven."""

from pvbench.cli.hypervisors import HYPERVISORS, Means
from pvbench.clock import SystemClock
from pvbench.guest import BootDisk, GuestImage, Login
from pvbench.inventory import Host, schema
from pvbench.testing import FakeTransport


def test_what_a_host_may_name_is_what_can_be_driven() -> None:
    host = schema()["properties"]["hosts"]["additionalProperties"]

    assert set(host["properties"]["hypervisor"]["enum"]) == set(HYPERVISORS)


def test_each_of_them_drives_a_host() -> None:
    def ran(_command: object) -> object:
        raise AssertionError("nothing is run before it is asked for")

    for make in HYPERVISORS.values():
        means = Means(
            FakeTransport(ran),  # type: ignore[arg-type]
            Host("a", "10.0.0.1"),
            GuestImage("none", "", BootDisk("", ""), Login("")),
            SystemClock(),
            print,
        )
        assert callable(make(means).check)
