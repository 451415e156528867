"""One host's blocks: in which order deployments, boots and the arms in a boot follow each other."""

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple, TypeVar

import numpy as np

from pvbench.factors import Switch
from pvbench.model import AS_FOUND, Cell, DeviceKind, Workload, canonical, digest
from pvbench.plan.points import Point
from pvbench.plan.twins import Twins

_T = TypeVar("_T")


def generator(seed: int, host: str, what: str = "") -> np.random.Generator:
    """Return the generator of one purpose on one host; what else is planned does not change what it draws."""
    return np.random.default_rng([seed, int(digest([host, what] if what else host, 16), 16)])


class Step(NamedTuple):
    """One trial: names without their block, the cell, which run of the boot and boot of the deployment it is of."""

    boot: str
    cell: Cell
    run: int
    twin: bool
    round: int
    deployment: str


class _Boot(NamedTuple):
    """One boot: its point, its device where devices stand alone, and whether all that it measures are twins."""

    point: Point
    device: str | None
    kind: DeviceKind | None
    twin: bool = False


@dataclass
class Schedule:
    """One host's blocks. Its generators depend on the seed and the host's name alone, not on the other hosts."""

    host: str
    cells: Sequence[Cell]
    coexist: bool
    fixed: bool
    seed: int
    runs: int
    rounds: int
    twins: Twins
    factors: Sequence[str]
    rng: np.random.Generator = field(init=False)
    workloads: Sequence[Workload] = field(init=False)
    arms: Mapping[tuple[str, Point], Mapping[Workload, Sequence[Cell]]] = field(init=False)
    stacks: Sequence[str] = field(init=False)
    boots: Mapping[DeviceKind | None, Sequence[_Boot]] = field(init=False)
    leads: Mapping[Workload, int] = field(init=False)

    def __post_init__(self) -> None:
        self.rng = generator(self.seed, self.host)
        names = {w: canonical([w.tool, dict(w.params)]) for w in {cell.workload for cell in self.cells}}
        points = {cell.arm: Point.of(cell.arm) for cell in self.cells}
        ranks = {point: point.rank for point in set(points.values())}
        found: dict[tuple[str, Point], dict[Workload, list[Cell]]] = defaultdict(lambda: defaultdict(list))
        devices: dict[DeviceKind, set[str]] = defaultdict(set)
        ranked = sorted(
            self.cells,
            key=lambda c: (c.kind, ranks[points[c.arm]], names[c.workload], c.arm.stack, c.device),
        )
        for cell in ranked:
            found[cell.arm.stack, points[cell.arm]][cell.workload].append(cell)
            devices[cell.kind].add(cell.device)
        self.workloads = list(dict.fromkeys(cell.workload for cell in ranked))
        # The order in which the arms of a comparison begin is drawn once, at each level; blocks alternate it.
        self.arms = {key: {w: self._shuffled(own) for w, own in each.items()} for key, each in found.items()}
        drawn = {kind: self._shuffled(sorted(own)) for kind, own in devices.items()}
        self.boots = self._boots({key[1]: key for key in found}, drawn)
        self.stacks = self._drawn(sorted({cell.arm.stack for cell in self.cells}), "deployments")
        leads = self.twins.rng.integers(2, size=len(self.workloads)).tolist()
        self.leads = dict(zip(self.workloads, leads, strict=True))

    def block(self, block: int) -> Iterator[Step]:
        """Yield a block's trials in their order."""
        turns = [(block - 1) * self.rounds + round_ for round_ in range(1, self.rounds + 1)]
        # The same order of workloads in every arm's boot: their distances, and the boots' ages, are equal.
        orders = {turn: [self._shuffled(self.workloads) for _ in range(self.runs)] for turn in turns}
        kinds = {turn: self._shuffled(list(self.boots)) for turn in turns}
        for stack, again in self._deployments(block):
            deployment = self._name(stack, again)
            for number, turn in enumerate(turns, 1):
                for boot in self._sequence(kinds[turn], turn, block, stack, again):
                    name = self._boot_name(boot, stack)
                    for run, cell, twin in self._measured(boot, orders[turn], turn, block, stack):
                        yield Step(name, cell, run, twin, number, deployment)

    def _boots(
        self, points: Mapping[Point, object], devices: Mapping[DeviceKind, Sequence[str]]
    ) -> Mapping[DeviceKind | None, Sequence[_Boot]]:
        """Return the boots of a round, by kind where devices stand alone, as they follow each other at every odd turn.

        Of devices and points those that are compared follow each other.
        """
        drawn = self._nested(sorted(points, key=lambda point: point.rank))
        if self.coexist:
            return {None: [_Boot(point, None, None) for point in drawn]}
        boots: dict[DeviceKind | None, Sequence[_Boot]] = {}
        for kind, own in devices.items():
            if "device" in self.factors:
                boots[kind] = [_Boot(point, device, kind) for point in drawn for device in own]
            else:
                boots[kind] = [_Boot(point, device, kind) for device in own for point in drawn]
        return boots

    def _nested(self, points: Sequence[Point]) -> Sequence[Point]:
        """Return points so that those which differ in what is compared first follow each other.

        The order of the values of each of their parts is drawn once.
        """
        parts = sorted(
            {name for point in points for name in point.parts},
            key=lambda name: (-self.factors.index(name) if name in self.factors else -len(self.factors), name),
        )
        places = []
        for name in parts:
            values = list(dict.fromkeys(canonical(point.parts.get(name)) for point in points))
            places.append({value: place for place, value in enumerate(self._drawn(sorted(values), f"boots of {name}"))})
        return sorted(
            points,
            key=lambda point: [
                known[canonical(point.parts.get(name))] for name, known in zip(parts, places, strict=True)
            ],
        )

    def _deployments(self, block: int) -> Iterator[tuple[str, bool]]:
        """Yield the stacks of a block in their order, and whether a deployment is a twin's own."""
        turn = self.twins.turn(block)
        twinned = {stack for _, _, stack in self.twins.of(block).values()}
        for stack in self._alternated(self.stacks, block):
            pair = [(stack, False), (stack, True)]
            if self.twins.level is Switch.DEPLOYMENT and turn is not None and stack in twinned:
                yield from self._turned(pair, turn)
            else:
                yield pair[0]

    def _sequence(
        self, kinds: Sequence[DeviceKind | None], turn: int, block: int, stack: str, again: bool
    ) -> Iterator[_Boot]:
        """Yield the boots of one round in their order, those of twins beside their originals."""
        lead = (self.twins.turn(block) or 0) + self.leads[self.workloads[0]]
        for kind in kinds:
            for boot in self._alternated(self.boots[kind], turn):
                twin = boot._replace(twin=True)
                if not self._has_own_boot(boot, block, stack):
                    yield from () if again else (boot,)
                elif self.twins.level is Switch.BOOT:
                    yield from self._turned([boot, twin], lead)
                else:
                    yield twin if again else boot

    def _has_own_boot(self, boot: _Boot, block: int, stack: str) -> bool:
        """Return whether the arm of a boot is measured twice in a block, in a boot or deployment of its own."""
        if self.twins.level is Switch.NOTHING:
            return False
        chosen = self.twins.of(block)
        if boot.kind is None:  # it holds the arms of every kind: they are measured again together
            return any((boot.point, stack) == arm[1:] for arm in list(chosen.values())[:1])
        return chosen.get(boot.kind) == (boot.device, boot.point, stack)

    def _measured(
        self, boot: _Boot, orders: Sequence[Sequence[Workload]], turn: int, block: int, stack: str
    ) -> Iterator[tuple[int, Cell, bool]]:
        """Yield which run, the cell, and whether a twin, for each trial of a boot."""
        loads = self.arms.get((stack, boot.point), {})
        twins = self.twins.of(block) if self.twins.level is Switch.NOTHING else {}
        beside = {kind: device for kind, (device, *rest) in twins.items() if rest == [boot.point, stack]}
        for run, order in enumerate(orders, 1):
            for workload in order:
                own = loads.get(workload, ())
                if boot.kind is not None:
                    own = [cell for cell in own if (cell.kind, cell.device) == (boot.kind, boot.device)]
                for cell in self._alternated(own, turn + run - 1):
                    if not beside or beside.get(cell.kind) != cell.device:
                        yield run, cell, boot.twin
                        continue
                    pair = [(run, cell, False), (run, cell, True)]
                    yield from self._turned(pair, turn + run - 1 + self.leads[workload])

    def _boot_name(self, boot: _Boot, stack: str) -> str:
        device = f"-{_safe(boot.device)}" if boot.device else ""
        deployed = f"-{digest(stack, 6)}" if stack != AS_FOUND else ""
        return f"{_safe(self.host)}{device}{deployed}{boot.point.tag}{'-twin' if boot.twin else ''}"

    def _name(self, stack: str, again: bool) -> str:
        return "" if stack == AS_FOUND else f"{_safe(self.host)}-{digest(stack, 6)}{'-twin' if again else ''}"

    def _drawn(self, items: Sequence[_T], what: str) -> Sequence[_T]:
        """Return items in an order that is drawn once, by a generator of its own."""
        if self.fixed:
            return items
        return [items[index] for index in generator(self.seed, self.host, what).permutation(len(items))]

    def _shuffled(self, items: Sequence[_T]) -> Sequence[_T]:
        if self.fixed:
            return items
        return [items[index] for index in self.rng.permutation(len(items))]

    def _alternated(self, items: Sequence[_T], turn: int) -> Sequence[_T]:
        return self._turned(items, turn + 1)

    def _turned(self, items: Sequence[_T], turn: int) -> Sequence[_T]:
        """Return items backwards at every odd turn, unless the order is fixed."""
        return items[::-1] if not self.fixed and turn % 2 else items


def _safe(name: str) -> str:
    """Return a name fit for a file; one that had to be changed gets a digest, lest two become one."""
    safe = re.sub(r"[^A-Za-z0-9._-]", "_", name)
    return safe if safe == name else f"{safe}-{digest(name, 6)}"
