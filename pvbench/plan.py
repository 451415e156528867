"""Cells → seeded blocks of trials, and what they cost.

Drift must not line up with a device: the arms of a comparison follow each other, and which of them goes first is drawn
once and then alternates from block to block, and where arms share a boot from run to run (A B, B A, …), so that a
linear drift cancels over two of them.

A twin is one arm of a kind measured once more, as if it were a further arm. Twins are drawn by a generator of their
own: a plan with twins is the plan without them, and them.
"""

import math
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from typing import NamedTuple, TypeVar

import numpy as np

from pvbench.model import Cell, DeviceKind, Order, Placement, Scalar, TrialSpec, Workload, canonical, digest

_T = TypeVar("_T")
Tunables = tuple[tuple[str, Scalar], ...]


@dataclass(frozen=True)
class Plan:
    """The trials in the order in which they are made; those of one boot follow each other."""

    trials: tuple[TrialSpec, ...]
    seed: int
    order: Order
    placement: Placement

    @property
    def boots(self) -> tuple[str, ...]:
        """The boots, in order, each once."""
        return tuple(dict.fromkeys(trial.boot for trial in self.trials))


@dataclass(frozen=True)
class Estimate:
    """What a plan costs: seconds of time, boots, trials, and bytes of scratch disks over all hosts."""

    seconds: float
    boots: int
    trials: int
    disk_bytes: int


def make(
    cells: Iterable[Cell],
    *,
    blocks: int,
    order: Order | str,
    seed: int,
    placement: Placement,
    runs_per_boot: int = 1,
    twins: float = 0.0,
) -> Plan:
    """Return the plan: every cell so often in each block, the same for the same cells and seed however they are listed.

    `position` of a trial counts from 0 over the whole plan. Order FIXED repeats one order, without alternation, in
    every block. A share `twins` of the blocks, rounded up and spread evenly, carries a twin of each kind that has two
    devices. Raises ValueError for less than one block or run and for cells that do not belong into one plan.
    """
    chosen, order = list(cells), Order(order)
    if blocks < 1 or runs_per_boot < 1:
        raise ValueError("a plan has at least one block and one run")
    if not 0 <= twins <= 1:
        raise ValueError("a share of the blocks lies between 0 and 1")
    if len(set(chosen)) < len(chosen):
        raise ValueError("a cell is planned once")
    if any(cell.placement is not placement for cell in chosen):
        raise ValueError(f"a cell's placement is not {placement}")
    by_host: dict[str, list[Cell]] = defaultdict(list)
    for cell in chosen:
        by_host[cell.host].append(cell)
    schedules = [
        _Schedule(host, by_host[host], placement, order, seed, runs_per_boot, twinned(blocks, twins, seed, host))
        for host in sorted(by_host)
    ]
    digits = max(2, len(str(blocks)))
    trials: list[TrialSpec] = []
    for block in range(1, blocks + 1):
        for schedule in schedules:
            for boot, cell, run, twin in schedule.block(block):
                trials.append(TrialSpec(cell, block, f"b{block:0{digits}}-{boot}", len(trials), run, twin))
    return Plan(tuple(trials), seed, order, placement)


def twinned(blocks: int, share: float, seed: int, host: str) -> tuple[int, ...]:
    """Return the blocks that carry twins: a share rounded up, evenly spread from a drawn beginning."""
    number = math.ceil(Fraction(str(share)) * blocks)
    begins = int(_generator(seed, host, "twins").integers(blocks))
    return tuple((index * blocks + begins) // number + 1 for index in range(number))


def estimate(
    plan: Plan, *, boot_s: float, overhead_s: float, scratch_bytes: int, traces: int = 0, trace_s: float = 0.0
) -> Estimate:
    """Return what a plan costs, one boot taking `boot_s`, one trial `overhead_s` besides warm-up and measurement.

    In `traces` blocks each cell's further pass takes `trace_s`.
    A coexist guest holds a scratch disk for each of its block devices, an isolated one holds one at a time.
    """
    boots = len(plan.boots)
    load_s = sum(_seconds(trial.cell.workload) for trial in plan.trials)
    disks = {(trial.cell.host, trial.cell.device) for trial in plan.trials if trial.cell.kind is DeviceKind.BLOCK}
    held = len(disks) if plan.placement is Placement.COEXIST else len({host for host, _ in disks})
    passes = sum(trial.traced(traces) for trial in plan.trials)
    seconds = boots * boot_s + len(plan.trials) * overhead_s + load_s + passes * trace_s
    return Estimate(seconds, boots, len(plan.trials), held * scratch_bytes)


class _Step(NamedTuple):
    boot: str
    cell: Cell
    run: int
    twin: bool


@dataclass
class _Schedule:
    """One host's blocks. Its generators depend on the seed and the host's name alone, not on the other hosts."""

    host: str
    cells: Sequence[Cell]
    placement: Placement
    order: Order
    seed: int
    runs: int
    twinned: tuple[int, ...]
    rng: np.random.Generator = field(init=False)
    workloads: Sequence[Workload] = field(init=False)
    arms: Mapping[Tunables, Mapping[Workload, Sequence[Cell]]] = field(init=False)
    devices: Mapping[DeviceKind, Sequence[str]] = field(init=False)
    points: Mapping[DeviceKind, Sequence[Tunables]] = field(init=False)
    twin_devices: Mapping[DeviceKind, Sequence[str]] = field(init=False)
    leads: Mapping[Workload, int] = field(init=False)

    def __post_init__(self) -> None:
        self.rng = _generator(self.seed, self.host)
        names = {w: canonical([w.tool, dict(w.params)]) for w in {cell.workload for cell in self.cells}}
        points = {point: canonical(dict(point)) for point in {cell.tunables for cell in self.cells}}
        found: dict[Tunables, dict[Workload, list[Cell]]] = defaultdict(lambda: defaultdict(list))
        devices: dict[DeviceKind, set[str]] = defaultdict(set)
        of_kind: dict[DeviceKind, set[Tunables]] = defaultdict(set)
        ranked = sorted(self.cells, key=lambda c: (c.kind, points[c.tunables], names[c.workload], c.device))
        for cell in ranked:
            found[cell.tunables][cell.workload].append(cell)
            devices[cell.kind].add(cell.device)
            of_kind[cell.kind].add(cell.tunables)
        self.workloads = list(dict.fromkeys(cell.workload for cell in ranked))
        # The starting order of each comparison, and of the boots of each kind, is drawn once; blocks alternate it.
        self.arms = {point: {w: self._shuffled(own) for w, own in each.items()} for point, each in found.items()}
        self.devices = {kind: self._shuffled(sorted(names)) for kind, names in devices.items()}
        self.points = {kind: sorted(own, key=points.__getitem__) for kind, own in of_kind.items()}
        twins = _generator(self.seed, self.host, "twin arms")
        self.twin_devices = {
            kind: [own[i] for i in twins.permutation(len(own))]
            for kind, names in devices.items()
            for own in [sorted(names)]
        }
        self.leads = dict(zip(self.workloads, twins.integers(2, size=len(self.workloads)).tolist(), strict=True))

    def block(self, block: int) -> Iterator[_Step]:
        """Yield the boot's name without its block, the cell, which run of it, and whether a twin, for each trial."""
        # The same order of workloads in every arm's boot: their distances, and the boots' ages, are equal.
        orders = [self._shuffled(self.workloads) for _ in range(self.runs)]
        twins = self._twins(block)
        if self.placement is Placement.COEXIST:
            for point in self._shuffled(list(self.arms)):
                boot = _safe(self.host) + _tag(point)
                for run, order in enumerate(orders, 1):
                    for workload in order:
                        arms = self._alternated(self.arms[point].get(workload, ()), block + run - 1)
                        for cell, twin in self._beside(arms, twins, workload, block + run - 1):
                            yield _Step(boot, cell, run, twin)
            return
        for kind in self._shuffled(list(self.devices)):
            for point in self._shuffled(self.points[kind]):
                yield from self._isolated(kind, point, orders, block, twins)

    def _isolated(
        self,
        kind: DeviceKind,
        point: Tunables,
        orders: Sequence[Sequence[Workload]],
        block: int,
        twins: Mapping[DeviceKind, tuple[str, Tunables]],
    ) -> Iterator[_Step]:
        boots: list[tuple[str, bool]] = []
        for device in self._alternated(self.devices[kind], block):
            pair = [(device, False), (device, True)]
            if twins.get(kind) == (device, point):
                boots += self._turned(pair, self.twinned.index(block) + self.leads[self.workloads[0]])
            else:
                boots += pair[:1]
        for device, twin in boots:
            boot = f"{_safe(self.host)}-{_safe(device)}{_tag(point)}{'-twin' if twin else ''}"
            for run, order in enumerate(orders, 1):
                for workload in order:
                    for cell in self.arms[point].get(workload, ()):
                        if cell.device == device:
                            yield _Step(boot, cell, run, twin)

    def _twins(self, block: int) -> Mapping[DeviceKind, tuple[str, Tunables]]:
        """Return the arm of each kind that a block measures twice: devices in turn, then points in turn."""
        if block not in self.twinned:
            return {}
        turn = self.twinned.index(block)
        return {
            kind: (own[turn % len(own)], self.points[kind][turn // len(own) % len(self.points[kind])])
            for kind, own in self.twin_devices.items()
            if len(own) > 1
        }

    def _beside(
        self, arms: Sequence[Cell], twins: Mapping[DeviceKind, tuple[str, Tunables]], workload: Workload, turn: int
    ) -> Iterator[tuple[Cell, bool]]:
        for cell in arms:
            if twins.get(cell.kind) == (cell.device, cell.tunables):
                yield from self._turned([(cell, False), (cell, True)], turn + self.leads[workload])
            else:
                yield cell, False

    def _shuffled(self, items: Sequence[_T]) -> Sequence[_T]:
        if self.order is Order.FIXED:
            return items
        return [items[index] for index in self.rng.permutation(len(items))]

    def _alternated(self, items: Sequence[_T], turn: int) -> Sequence[_T]:
        return self._turned(items, turn + 1)

    def _turned(self, items: Sequence[_T], turn: int) -> Sequence[_T]:
        """Return items backwards at every odd turn, unless the order is fixed."""
        return items[::-1] if self.order is Order.RANDOM and turn % 2 else items


def _generator(seed: int, host: str, what: str = "") -> np.random.Generator:
    return np.random.default_rng([seed, int(digest([host, what] if what else host, 16), 16)])


def _tag(point: Tunables) -> str:
    return f"-{digest(dict(point), 6)}" if point else ""


def _seconds(workload: Workload) -> float:
    params = dict(workload.params)
    return float(params.get("runtime", 0)) + float(params.get("warmup", 0))


def _safe(name: str) -> str:
    """Return a name fit for a file; one that had to be changed gets a digest, lest two become one."""
    safe = re.sub(r"[^A-Za-z0-9._-]", "_", name)
    return safe if safe == name else f"{safe}-{digest(name, 6)}"
