"""The guests that a matrix has booted, as far as their devices go: what can be said of them before there is a plan."""

from collections.abc import Iterator

from pvbench.drivers import DRIVERS
from pvbench.hypervisor import GuestSpec
from pvbench.matrix import Matrix
from pvbench.model import Placement


def guests_of(matrix: Matrix) -> Iterator[GuestSpec]:
    """Yield a guest of each kind: in each mode with all devices that are there side by side, or with each alone."""
    for mode in matrix.modes:
        named = [name for names in matrix.devices.values() for name in names if DRIVERS[name].exists_in(mode)]
        together = matrix.placement is Placement.COEXIST and named
        for devices in [named] if together else [[name] for name in named]:
            yield GuestSpec(
                name=f"{mode}-guest",
                devices=tuple(devices),
                placement=matrix.placement,
                memory_bytes=matrix.guest.memory_bytes,
                vcpus=matrix.guest.vcpus,
                scratch_bytes=matrix.scratch_bytes,
                mode=mode,
            )
