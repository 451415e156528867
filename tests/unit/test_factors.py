"""FACTORS: what arms may differ in, and what that costs to switch."""

from dataclasses import replace

import pytest

from pvbench.factors import FACTORS, Switch
from pvbench.model import Arm, DeviceKind, GuestMode, Placement
from pvbench.tunables import TUNABLES

ARM = Arm("lab", DeviceKind.NET, "netfront", Placement.COEXIST, (("mtu", 1500), ("queues", 1)))
OTHERS = {
    "device": replace(ARM, device="e1000"),
    "queues": replace(ARM, tunables=(("mtu", 1500), ("queues", 4))),
    "guest": replace(ARM, guest="debian"),
    "mode": replace(ARM, mode=GuestMode.PVH),
    "frontends": replace(ARM, frontends="patched: a.patch 3069bc5a4993"),
    "backends": replace(ARM, backends="rebuilt (distro source) 3069bc5a4993"),
    "stack": replace(ARM, stack="5eed"),
    "host": replace(ARM, host="xen1"),
}


@pytest.mark.parametrize("name", OTHERS)
def test_arms_that_differ_in_a_factor_are_equal_without_it_and_without_no_other(name: str) -> None:
    other = OTHERS[name]
    assert FACTORS[name].value(ARM) != FACTORS[name].value(other)
    assert [name] == [row.name for row in FACTORS.values() if row.without(ARM) == row.without(other)]


def test_there_is_a_factor_for_each_tunable_and_it_acts_on_what_the_tunable_acts_on() -> None:
    assert TUNABLES.keys() <= FACTORS.keys()
    assert FACTORS["queues"].acts_on(ARM)
    assert not FACTORS["queues"].acts_on(OTHERS["device"])
    assert not FACTORS["ring_pages"].acts_on(ARM)
    assert FACTORS["ring_pages"].value(ARM) is None


def test_a_device_beside_another_is_switched_by_nothing_and_alone_by_a_boot() -> None:
    device = FACTORS["device"].switched_by
    assert Switch.NOTHING is device(ARM) < device(replace(ARM, placement=Placement.ISOLATED)) is Switch.BOOT


def test_what_takes_more_is_replicated_by_what_has_to_be_done_anew() -> None:
    units = {name: FACTORS[name].switched_by(ARM).unit for name in ("device", "queues", "mode", "stack", "night")}
    expected = {"device": "boot", "queues": "boot", "mode": "boot", "stack": "deployment", "night": "night"}
    assert expected == units
    assert sorted(Switch) == list(Switch)


def test_every_factor_is_told_in_words_with_its_proof() -> None:
    for name, row in FACTORS.items():
        assert (name, True, True) == (row.name, bool(row.title), bool(row.proved_by))
    assert ["patched: a.patch", "stock"] == [
        FACTORS["frontends"].say("patched: a.patch 3069bc5a4993"),
        FACTORS["backends"].say("stock"),
    ]
    assert ["on", "off", "4", "as found"] == [
        FACTORS["persistent_grants"].say(True),
        FACTORS["persistent_grants"].say(False),
        FACTORS["queues"].say(4),
        FACTORS["stack"].say(""),
    ]


def test_builds_of_drivers_act_on_pv_devices_and_those_of_backends_on_what_a_kernel_serves() -> None:
    block = replace(ARM, kind=DeviceKind.BLOCK, device="blkfront-qdisk", tunables=())
    acting = [
        [FACTORS[side].acts_on(replace(block, device=device)) for device in ("ide", "blkfront", "blkfront-qdisk")]
        for side in ("frontends", "backends")
    ]
    assert [[False, True, True], [False, True, False]] == acting
