"""The embedded lab: a real Xen host inside QEMU, handed to the controller as an ordinary SSH host."""

from pvbench.lab.argv import LabSpec
from pvbench.lab.image import Image, build, find, missing_packages
from pvbench.lab.machine import Machine, Status

__all__ = ["Image", "LabSpec", "Machine", "Status", "build", "find", "missing_packages"]
