"""Which build of a driver carried a trial, told by the ids of what was loaded."""

from dataclasses import replace

import pytest

from pvbench.evidence.builds import another_build
from pvbench.model import STOCK, Arm, DeviceKind, DriverBuild, Placement

REBUILT, PATCHED = "rebuilt (distro source) 3069bc5a4993", "patched: a.patch 1c2d3e4f5a6b"


def build(value: str, **ids: str) -> DriverBuild:
    return DriverBuild(
        value, "6.1.0-50-amd64", tuple((f"xen-{name}", own) for name, own in sorted(ids.items())), "/cache"
    )


FRONTENDS = {REBUILT: build(REBUILT, blkfront="11", netfront="12"), PATCHED: build(PATCHED, blkfront="21")}
BACKENDS = {REBUILT: build(REBUILT, blkback="31", netback="32")}
BUILDS = {"frontends": FRONTENDS, "backends": BACKENDS}
ARM = Arm("lab", DeviceKind.BLOCK, "blkfront", Placement.ISOLATED)


@pytest.mark.parametrize(
    ("arm", "in_use"),
    [
        (ARM, {"blkfront build": "aa", "blkback build": "bb"}),
        (ARM, {}),
        (replace(ARM, frontends=REBUILT), {"blkfront build": "11", "blkback build": "bb"}),
        (replace(ARM, frontends=PATCHED, backends=REBUILT), {"blkfront build": "21", "blkback build": "31"}),
        (replace(ARM, device="blkfront-qdisk", backends=REBUILT), {"blkfront build": "aa"}),
        (replace(ARM, device="ide", frontends=REBUILT, backends=REBUILT), {}),
    ],
)
def test_nothing_speaks_against_a_trial_whose_drivers_are_those_asked_for(arm: Arm, in_use: dict[str, str]) -> None:
    assert another_build(arm, in_use, BUILDS) is None


@pytest.mark.parametrize(
    ("arm", "in_use", "reason"),
    [
        (
            replace(ARM, frontends=PATCHED),
            {"blkfront build": "11"},
            "xen-blkfront of 'patched: a.patch' was asked for, build-id 21; what is loaded of 'rebuilt (distro "
            "source)' has 11",
        ),
        (
            replace(ARM, frontends=PATCHED),
            {},
            "xen-blkfront of 'patched: a.patch' was asked for, build-id 21; what is loaded has none that is known",
        ),
        (
            replace(ARM, frontends=REBUILT),
            {"blkfront build": "11 (the kernel's own: built in)", "blkback build": "31"},
            "xen-blkback of 'rebuilt (distro source)' is loaded, and the kernel's own was asked for (31)",
        ),
        (
            replace(ARM, backends=REBUILT),
            {"blkfront build": "aa", "blkback build": "bb"},
            "xen-blkback of 'rebuilt (distro source)' was asked for, build-id 31; what is loaded has bb",
        ),
        (
            replace(ARM, kind=DeviceKind.NET, device="netfront", frontends=PATCHED),
            {"netfront build": "12"},
            "xen-netfront of 'rebuilt (distro source)' is loaded, and the kernel's own was asked for (12)",
        ),
    ],
)
def test_another_build_than_the_one_asked_for_is_named(arm: Arm, in_use: dict[str, str], reason: str) -> None:
    assert another_build(arm, in_use, BUILDS) == reason


def test_a_run_without_builds_asks_nothing_of_what_is_loaded() -> None:
    assert another_build(ARM, {"blkfront build": "11"}, {"frontends": {}, "backends": {}}) is None
    assert ARM.frontends == STOCK
