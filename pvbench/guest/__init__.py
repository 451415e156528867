"""The guest under test: what it has to keep, and the builtin one."""

from pvbench.guest.contract import BootDisk, BootKernel, GuestImage, Login, Programs
from pvbench.guest.drivers import STOCK_DRIVERS, Drivers, HostDrivers
from pvbench.guest.seed import Seed, SeededNic

__all__ = [
    "STOCK_DRIVERS",
    "BootDisk",
    "BootKernel",
    "Drivers",
    "GuestImage",
    "HostDrivers",
    "Login",
    "Programs",
    "Seed",
    "SeededNic",
]
