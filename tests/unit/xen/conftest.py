"""A Xen host made of functions, and what drives it."""

from pathlib import Path

import pytest

from pvbench.clock import SystemClock
from pvbench.guest import BootDisk, BootKernel, GuestImage, Login
from pvbench.inventory import Host
from pvbench.xen import XenHypervisor
from tests.unit.xen.dom0 import Dom0


@pytest.fixture
def dom0() -> Dom0:
    return Dom0()


@pytest.fixture
def image(tmp_path: Path) -> GuestImage:
    disk, rom, kernel, initrd = (str(tmp_path / name) for name in ("boot.img", "boot.rom", "vmlinuz", "initrd"))
    for path in (disk, rom, kernel, initrd):
        Path(path).write_bytes(b"x")
    return GuestImage("builtin", "d", BootDisk(disk, rom), Login("ssh-ed25519 AAAA"), kernel=BootKernel(kernel, initrd))


@pytest.fixture
def xen(dom0: Dom0, image: GuestImage) -> XenHypervisor:
    return XenHypervisor(
        dom0.transport(), Host("xen1", "10.0.0.1", scratch="/s"), image, SystemClock(), dom0.told.append
    )
