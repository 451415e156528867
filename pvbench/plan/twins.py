"""Which arm a block measures a second time as if it were another, and what is done anew for it.

A twin is told from its original by what the dearest factor of the comparisons takes to switch: nothing (it is measured
beside its original), a boot, or a deployment. Twins are drawn by a generator of their own: a plan with twins is the
plan without them, and them.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from pvbench.factors import FACTORS, Switch
from pvbench.model import Arm, Cell, DeviceKind
from pvbench.plan.points import Point


@dataclass
class Twins:
    """The twins of one host: in the `twinned` blocks, of each kind in turn, an arm that is compared with others."""

    cells: Sequence[Cell]
    factors: Sequence[str]
    twinned: Sequence[int]
    rng: np.random.Generator
    level: Switch = field(init=False)
    _devices: Mapping[DeviceKind, Sequence[str]] = field(init=False)
    _points: Mapping[DeviceKind, Sequence[Point]] = field(init=False)
    _stacks: Sequence[str] = field(init=False)

    def __post_init__(self) -> None:
        arms = list(dict.fromkeys(cell.arm for cell in self.cells))
        switches = [FACTORS[name].switched_by(arm) for name in self.factors for arm in arms]
        # Of machines and nights there are no twins: what is done anew on each is a boot.
        self.level = max(
            (Switch.BOOT if switch > Switch.DEPLOYMENT else switch for switch in switches), default=Switch.NOTHING
        )
        self._stacks = sorted({arm.stack for arm in arms})
        self._devices, self._points = {}, {}
        for kind in sorted({arm.kind for arm in arms}):
            own = [arm for arm in arms if arm.kind is kind]
            devices = sorted({arm.device for name in self.factors for arm in _told_apart(name, own)})
            if devices:
                self._devices[kind] = [devices[i] for i in self.rng.permutation(len(devices))]
                self._points[kind] = sorted({Point.of(arm) for arm in own}, key=lambda point: point.rank)

    def turn(self, block: int) -> int | None:
        """Return the how-many-th twinned block this is, from 0; None where it has no twins."""
        return self.twinned.index(block) if block in self.twinned else None

    def of(self, block: int) -> Mapping[DeviceKind, tuple[str, Point, str]]:
        """Return the arm of each kind that a block measures twice: devices in turn, then points, then stacks."""
        turn = self.turn(block)
        if turn is None:
            return {}
        chosen = {}
        for kind, devices in self._devices.items():
            points = self._points[kind]
            rest, device = divmod(turn, len(devices))
            rest, point = divmod(rest, len(points))
            chosen[kind] = devices[device], points[point], self._stacks[rest % len(self._stacks)]
        return chosen


def _told_apart(name: str, arms: Sequence[Arm]) -> Sequence[Arm]:
    """Return those of one host's arms that are compared along a factor, with each other or those of other hosts."""
    acted_on = [arm for arm in arms if FACTORS[name].acts_on(arm)]
    return acted_on if name == "host" or len({FACTORS[name].value(arm) for arm in acted_on}) > 1 else ()
