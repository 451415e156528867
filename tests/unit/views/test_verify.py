"""What `pvbench stack verify` prints: one table of both sides, what is amiss and what mends it."""

from typing import Any

from pvbench.parts import PARTS
from pvbench.views.verify import Verified, merged

FOUND = {
    "hypervisor": "Xen 4.17.5",
    "event channels": "FIFO",
    "vif states": "Connected, Connected",
    "vbd states": "Connected, Connected",
}


def verified(**found: str) -> Verified:
    return Verified(
        "xen1",
        ("netfront",),
        FOUND | {name.replace("_", " "): value for name, value in found.items()},
        41.2,
        "software emulation",
    )


def test_every_part_has_a_line_whether_or_not_anything_is_known_of_it() -> None:
    said = verified().render()

    assert said.startswith("xen1: a guest with netfront, up after 41 s under software emulation\n\nin dom0\n")
    assert all(f"\n  {name} " in said for name in PARTS)
    assert "  scheduler               not known\n" in said
    assert said.endswith("xen1: PV devices are in use: yes\n")
    assert "\nnot known: hypervisor build, " in said


def test_what_nothing_is_known_of_is_not_said_to_be_in_use() -> None:
    found = Verified("xen1", ("netfront",), {"hypervisor": "Xen 4.17.5"}, 41.2)

    assert not found.in_use
    assert found.render().startswith("xen1: a guest with netfront, up after 41 s\n")
    assert found.render().endswith("xen1: PV devices are in use: no\n")


def test_what_is_only_dear_leaves_pv_devices_in_use() -> None:
    found = verified(grant_frames="uncacheable")

    assert found.in_use
    assert "dear: grant frames: uncacheable: grants are written past the cache" in found.render()
    assert "   mend: from Xen 4.21 set xen_platform_pci_bar_uc=0" in found.render()


def test_what_keeps_pv_devices_from_being_used_is_missing() -> None:
    found = verified(platform_device="none", vif_states="Initialising, InitWait")

    assert not found.in_use
    assert "missing: vif states: Initialising, InitWait: the PV NIC is not connected\n   mend: " in found.render()
    data = found.as_data()
    assert [each["part"] for each in data["missing"]] == ["platform device", "vif states"]
    assert not data["in_use"]


def test_a_long_value_goes_on_below_and_nothing_reaches_the_terminal_as_it_is() -> None:
    found = verified(device_model_arguments="qemu " + "-device x " * 30 + "\x1b[2J", hypervisor="Xen\n4")

    assert max(map(len, found.render().splitlines())) < 120
    assert "\x1b" not in found.render()
    assert "Xen\\x0a4" in found.render()


def test_for_programs_what_is_not_known_is_null() -> None:
    parts: list[dict[str, Any]] = verified().as_data()["parts"]

    assert verified().as_data()["label"] == "software emulation"
    assert [part["part"] for part in parts] == list(PARTS)
    assert next(part["value"] for part in parts if part["part"] == "scheduler") is None


def test_several_devices_of_a_boot_are_told_as_one() -> None:
    assert merged([(("a", "1"),), (("a", "1"), ("b", "2"))]) == {"a": "1", "b": "2"}
