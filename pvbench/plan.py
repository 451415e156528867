"""Cells → seeded blocks of trials, and what they cost.

Drift must not line up with a device: the arms of a comparison follow each other, and which of them goes first
alternates from block to block (A B, B A, …), so that a linear drift cancels over two blocks.
"""

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeVar

import numpy as np

from pvbench.model import Cell, DeviceKind, Order, Placement, TrialSpec, Workload, canonical, digest

_T = TypeVar("_T")


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


def make(cells: Iterable[Cell], *, blocks: int, order: Order | str, seed: int, placement: Placement) -> Plan:
    """Return the plan: every cell once in each block, the same for the same cells and seed however they are listed.

    `position` of a trial counts from 0 over the whole plan. Order FIXED repeats one order, without alternation, in
    every block. Raises ValueError for less than one block and for cells that do not belong into one plan.
    """
    chosen, order = list(cells), Order(order)
    if blocks < 1:
        raise ValueError("a plan has at least one block")
    if len(set(chosen)) < len(chosen):
        raise ValueError("a cell is planned once")
    if any(cell.placement is not placement for cell in chosen):
        raise ValueError(f"a cell's placement is not {placement}")
    by_host: dict[str, list[Cell]] = defaultdict(list)
    for cell in chosen:
        by_host[cell.host].append(cell)
    schedules = [_Schedule(host, by_host[host], placement, order, seed) for host in sorted(by_host)]
    digits = max(2, len(str(blocks)))
    trials: list[TrialSpec] = []
    for block in range(1, blocks + 1):
        for schedule in schedules:
            for boot, cell in schedule.block(block):
                trials.append(TrialSpec(cell, block, f"b{block:0{digits}}-{boot}", len(trials)))
    return Plan(tuple(trials), seed, order, placement)


def estimate(plan: Plan, *, boot_s: float, overhead_s: float, scratch_bytes: int) -> Estimate:
    """Return what a plan costs, one boot taking `boot_s`, one trial `overhead_s` besides warm-up and measurement.

    A coexist guest holds a scratch disk for each of its block devices, an isolated one holds one at a time.
    """
    boots = len(plan.boots)
    load_s = sum(_seconds(trial.cell.workload) for trial in plan.trials)
    disks = {(trial.cell.host, trial.cell.device) for trial in plan.trials if trial.cell.kind is DeviceKind.BLOCK}
    held = len(disks) if plan.placement is Placement.COEXIST else len({host for host, _ in disks})
    seconds = boots * boot_s + len(plan.trials) * overhead_s + load_s
    return Estimate(seconds, boots, len(plan.trials), held * scratch_bytes)


@dataclass
class _Schedule:
    """One host's blocks. Its generator depends on the seed and the host's name alone, not on the other hosts."""

    host: str
    cells: Sequence[Cell]
    placement: Placement
    order: Order
    seed: int
    rng: np.random.Generator = field(init=False)
    arms: Mapping[Workload, tuple[Cell, ...]] = field(init=False)
    devices: Mapping[DeviceKind, tuple[str, ...]] = field(init=False)

    def __post_init__(self) -> None:
        self.rng = np.random.default_rng([self.seed, int(digest(self.host, 16), 16)])
        workloads = {cell.workload for cell in self.cells}
        names = {workload: canonical([workload.tool, dict(workload.params)]) for workload in workloads}
        arms: dict[Workload, list[Cell]] = defaultdict(list)
        devices: dict[DeviceKind, set[str]] = defaultdict(set)
        for cell in sorted(self.cells, key=lambda cell: (cell.kind, names[cell.workload], cell.device)):
            arms[cell.workload].append(cell)
            devices[cell.kind].add(cell.device)
        # The starting order of each comparison, and of the boots of each kind, is drawn once; blocks alternate it.
        self.arms = {workload: tuple(self._shuffled(found)) for workload, found in arms.items()}
        self.devices = {kind: tuple(self._shuffled(sorted(found))) for kind, found in devices.items()}

    def block(self, block: int) -> Iterator[tuple[str, Cell]]:
        """Yield the boot's name without its block, and the cell, for each trial of a block."""
        host = _safe(self.host)
        if self.placement is Placement.COEXIST:
            for workload in self._shuffled(list(self.arms)):
                for cell in self._alternated(self.arms[workload], block):
                    yield host, cell
            return
        workloads = self._shuffled(list(self.arms))
        for kind in self._shuffled(list(self.devices)):
            for device in self._alternated(self.devices[kind], block):
                # The same order of workloads in every arm's boot: their distances, and the boots' ages, are equal.
                boot = f"{host}-{_safe(device)}"
                yield from ((boot, cell) for w in workloads for cell in self.arms[w] if cell.device == device)

    def _shuffled(self, items: Sequence[_T]) -> Sequence[_T]:
        if self.order is Order.FIXED:
            return items
        return [items[index] for index in self.rng.permutation(len(items))]

    def _alternated(self, items: Sequence[_T], block: int) -> Sequence[_T]:
        backwards = self.order is Order.RANDOM and block % 2 == 0
        return items[::-1] if backwards else items


def _seconds(workload: Workload) -> float:
    params = dict(workload.params)
    return float(params.get("runtime", 0)) + float(params.get("warmup", 0))


def _safe(name: str) -> str:
    """Return a name fit for a file; one that had to be changed gets a digest, lest two become one."""
    safe = re.sub(r"[^A-Za-z0-9._-]", "_", name)
    return safe if safe == name else f"{safe}-{digest(name, 6)}"
