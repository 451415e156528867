"""Boots of a run that are alike: where the image of one lacks something, that of the others lacks it too. Pure."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from pvbench.errors import BootError, GuestUnfit
from pvbench.model import BUILTIN_GUEST, TrialSpec

Devices = Callable[[Sequence[TrialSpec]], tuple[str, ...]]
"""What the guest of some trials has."""


@dataclass
class Alike:
    """Which boots are of one image, with the same devices, on the same stack; `up` are the kinds that came up."""

    devices: Devices
    up: set[tuple[Any, ...]] = field(default_factory=set)

    def came_up(self, specs: Sequence[TrialSpec]) -> None:
        """Remember that a boot of these trials answered."""
        self.up.add(self._kind(specs))

    def lost(self, left: Sequence[TrialSpec], specs: Sequence[TrialSpec], error: Exception) -> list[TrialSpec]:
        """Return what is lost of what is left with a boot that ended so: an image that never came up will not."""
        unfit = isinstance(error, GuestUnfit)
        mute = isinstance(error, BootError) and self._kind(specs) not in self.up
        if specs[0].cell.arm.guest != BUILTIN_GUEST and (unfit or mute):
            return self._of_kind(left, specs)
        return [spec for spec in left if spec.boot == specs[0].boot]

    def _of_kind(self, left: Sequence[TrialSpec], specs: Sequence[TrialSpec]) -> list[TrialSpec]:
        boots: dict[str, list[TrialSpec]] = {}
        for spec in left:
            boots.setdefault(spec.boot, []).append(spec)
        kind = self._kind(specs)
        return [spec for its in boots.values() if self._kind(its) == kind for spec in its]

    def _kind(self, specs: Sequence[TrialSpec]) -> tuple[Any, ...]:
        arm = specs[0].cell.arm
        return arm.guest, arm.mode, specs[0].deployment, self.devices(specs)
