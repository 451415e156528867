"""The guest under test: what it has to keep, and the builtin one."""

from pvbench.guest.contract import BootDisk, BootKernel, GuestImage, Login, Programs

__all__ = ["BootDisk", "BootKernel", "GuestImage", "Login", "Programs"]
