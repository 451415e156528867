"""Which arm a block measures a second time as if it were another, and what is done anew for it.

A twin is told from its original by what the dearest factor of the comparisons takes to switch: nothing (it is measured
beside its original), a boot, or a deployment. Twins are drawn by a generator of their own: a plan with twins is the
plan without them, and them.
"""

from collections import defaultdict
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
    _turns: Mapping[DeviceKind, Sequence[tuple[str, Point, str]]] = field(init=False)

    def __post_init__(self) -> None:
        arms = list(dict.fromkeys(cell.arm for cell in self.cells))
        switches = [FACTORS[name].switched_by(arm) for name in self.factors for arm in arms]
        # Of machines and nights there are no twins: what is done anew on each is a boot.
        self.level = max(
            (Switch.BOOT if switch > Switch.DEPLOYMENT else switch for switch in switches), default=Switch.NOTHING
        )
        stacks = sorted({arm.stack for arm in arms})
        self._turns = {}
        for kind in sorted({arm.kind for arm in arms}):
            own = [arm for arm in arms if arm.kind is kind]
            told = {arm for name in self.factors for arm in _told_apart(name, own)}
            devices = sorted({arm.device for arm in told})
            if devices:
                drawn = [devices[i] for i in self.rng.permutation(len(devices))]
                points = sorted({Point.of(arm) for arm in own}, key=lambda point: point.rank)
                there = {(arm.device, Point.of(arm), arm.stack) for arm in told}
                turns = [(device, point, stack) for stack in stacks for point in points for device in drawn]
                self._turns[kind] = [turn for turn in turns if turn in there]

    def turn(self, block: int) -> int | None:
        """Return the how-many-th twinned block this is, from 0; None where it has no twins."""
        return self.twinned.index(block) if block in self.twinned else None

    def of(self, block: int) -> Mapping[DeviceKind, tuple[str, Point, str]]:
        """Return the arm of each kind that a block measures twice: devices in turn, then points, then stacks."""
        turn = self.turn(block)
        if turn is None:
            return {}
        return {kind: turns[turn % len(turns)] for kind, turns in self._turns.items()}


def _told_apart(name: str, arms: Sequence[Arm]) -> Sequence[Arm]:
    """Return those of one host's arms that are compared along a factor, with each other or those of other hosts."""
    factor = FACTORS[name]
    alike: dict[Arm, list[Arm]] = defaultdict(list)
    for arm in filter(factor.acts_on, arms):
        alike[factor.without(arm)].append(arm)
    return [arm for own in alike.values() for arm in own if name == "host" or len(own) > 1]
