"""Every part of the PV stack is found in use on a real Xen host, in a guest of each mode."""

import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.lab.campaign import lab_is_up, pvbench

pytestmark = pytest.mark.lab

NO_DEVICE_MODEL = {"device model arguments", "platform device", "unplug"}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    made = tmp_path_factory.mktemp("lab")
    was_up = lab_is_up(made)
    assert pvbench(made, "lab", "up", timeout=3600).returncode == 0
    yield made
    if not was_up:
        pvbench(made, "lab", "down")


def verified(folder: Path, mode: str) -> dict[str, str]:
    """Return what a guest of that mode, and dom0, have in use."""
    done = pvbench(folder, "stack", "verify", "lab", "--mode", mode, "--json")
    assert done.returncode == 0, done.stderr
    data = json.loads(done.stdout)
    assert data["in_use"]
    return {part["part"]: part["value"] for part in data["parts"]}


def test_every_part_is_known_and_in_use_in_an_hvm_guest(folder: Path) -> None:
    found = verified(folder, "hvm")

    assert [part for part, value in found.items() if value is None] == ["changeset"]  # Debian's Xen does not say
    assert found["grant frames"] == "uncacheable"  # the lab's processor is AMD's
    assert found["event delivery"] == "vector callback"
    assert found["spurious-interrupt fix"] == "yes"
    builds = [found[f"{name} build"] for name in ("hypervisor", "netfront", "netback", "blkfront", "blkback")]
    assert all(re.fullmatch(r"[0-9a-f]{40}", build) for build in builds)
    assert len(set(builds)) == 5


@pytest.mark.soak
@pytest.mark.parametrize("mode", ["pvh", "pv"])
def test_a_guest_without_emulated_devices_has_its_grant_frames_in_cacheable_memory(folder: Path, mode: str) -> None:
    found = verified(folder, mode)

    assert found["guest type"] == mode.upper()
    assert found["grant frames"] == "write-back"
    assert all(found[part].startswith("none") for part in NO_DEVICE_MODEL)
