"""The guest under test: what it has to keep, and the builtin one."""

from pvbench.guest.contract import BootDisk, GuestImage, Login, Programs

__all__ = ["BootDisk", "GuestImage", "Login", "Programs"]
