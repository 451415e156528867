"""stack verify boots a guest with PV devices and prints what is in use."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from pvbench.hypervisor import GuestSpec
from pvbench.model import GuestMode, Placement

Call = Callable[..., Any]


def answers(spec: GuestSpec, device: str) -> tuple[tuple[str, str], ...]:
    """Return what a guest has in use whose disk is not connected."""
    own = ("vif states", "Connected, Connected") if device == "netfront" else ("vbd states", "Initialising, InitWait")
    return (("hypervisor", "Xen 4.17.5"), own)


def test_verify_boots_a_guest_with_a_pv_nic_and_a_pv_disk_and_tears_it_down(
    call: Call, matrix: Path, world: Any
) -> None:
    world.hypervisor.in_use = answers
    said = call("stack", "verify", "xen1")

    spec = world.hypervisor.boots[0]
    assert (spec.devices, spec.placement) == (("netfront", "blkfront"), Placement.ISOLATED)
    assert [spec.name, "setup"] == world.hypervisor.undone
    assert ("pvb-lease", "release") == world.asked[-1]
    assert "missing: vbd states" in said.out
    assert said.code == 4


def test_verify_says_the_same_to_programs(call: Call, matrix: Path, world: Any) -> None:
    world.hypervisor.in_use = lambda spec, device: answers(spec, "netfront")
    said = call("stack", "verify", "xen1", "--json", "--mode", "pvh")

    data = json.loads(said.out)
    assert world.hypervisor.boots[0].mode is GuestMode.PVH
    assert (said.code, data["in_use"], data["missing"], data["boot_s"]) == (4, False, [], 40.0)
    assert data["label"] == "software emulation"
