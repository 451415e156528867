"""A Xen host made of functions, and what drives it."""

from pathlib import Path

import pytest

from pvbench.clock import SystemClock
from pvbench.guest import BootDisk, GuestImage, Login
from pvbench.inventory import Host
from pvbench.xen import XenHypervisor
from tests.unit.xen.dom0 import Dom0


@pytest.fixture
def dom0() -> Dom0:
    return Dom0()


@pytest.fixture
def xen(dom0: Dom0, tmp_path: Path) -> XenHypervisor:
    for name in ("boot.img", "boot.rom"):
        (tmp_path / name).write_bytes(b"x")
    image = GuestImage(
        "builtin", "d", BootDisk(str(tmp_path / "boot.img"), str(tmp_path / "boot.rom")), Login("ssh-ed25519 AAAA")
    )
    return XenHypervisor(
        dom0.transport(), Host("xen1", "10.0.0.1", scratch="/s"), image, SystemClock(), dom0.told.append
    )
