"""Cells → seeded blocks of trials, nested by what it takes to switch an arm, and what they cost.

Drift must not line up with a factor. What takes less to switch lies within what takes more: runs in boots, boots in
deployments, deployments in blocks. At each level the order of the arms is drawn once and then alternates (A B, B A, …):
in a shared boot from run to run, of boots from round to round, of deployments from block to block. So a linear drift
cancels over two of them, for every pair of arms.
"""

import math
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from fractions import Fraction

from pvbench.model import Cell, Contrast, Order, Placement, TrialSpec
from pvbench.plan.cost import Estimate, estimate
from pvbench.plan.schedule import Schedule, Step, generator
from pvbench.plan.twins import Twins

__all__ = ["Estimate", "Plan", "estimate", "make", "twinned"]


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


def make(
    cells: Iterable[Cell],
    *,
    blocks: int,
    order: Order | str,
    seed: int,
    placement: Placement,
    runs_per_boot: int = 1,
    boots_per_deployment: int = 1,
    twins: float = 0.0,
    contrasts: Sequence[Contrast] = (),
) -> Plan:
    """Return the plan: every cell so often in each block, the same for the same cells and seed however they are listed.

    `position` of a trial counts from 0 over the whole plan. Order FIXED repeats one order, without alternation, in
    every block. A share `twins` of the blocks, rounded up and spread evenly, carries a twin of each kind whose arms the
    `contrasts` (without any: those of devices) tell apart. Raises ValueError for less than one block, boot or run and
    for cells that do not belong into one plan.
    """
    chosen, order = list(cells), Order(order)
    _check(chosen, blocks, runs_per_boot, boots_per_deployment, twins, placement)
    by_host: dict[str, list[Cell]] = defaultdict(list)
    for cell in chosen:
        by_host[cell.host].append(cell)
    factors = tuple(contrast.factor for contrast in contrasts) or ("device",)
    schedules = [
        Schedule(
            host=host,
            cells=by_host[host],
            coexist=placement is Placement.COEXIST,
            fixed=order is Order.FIXED,
            seed=seed,
            runs=runs_per_boot,
            rounds=boots_per_deployment,
            twins=Twins(by_host[host], factors, twinned(blocks, twins, seed, host), generator(seed, host, "twin arms")),
            factors=factors,
        )
        for host in sorted(by_host)
    ]
    digits = max(2, len(str(blocks)))
    trials: list[TrialSpec] = []
    for block in range(1, blocks + 1):
        for schedule in schedules:
            for step in schedule.block(block):
                trials.append(_trial(step, block, f"b{block:0{digits}}", len(trials)))
    return Plan(tuple(trials), seed, order, placement)


def _trial(step: Step, block: int, name: str, position: int) -> TrialSpec:
    """Return a step of a block, whose name its boot begins with, as the trial at a position of the plan."""
    return TrialSpec(
        cell=step.cell,
        block=block,
        boot=f"{name}{'' if step.round == 1 else f'.{step.round}'}-{step.boot}",
        position=position,
        run=step.run,
        twin=step.twin,
        round=step.round,
        deployment=f"{name}-{step.deployment}" if step.deployment else "",
    )


def twinned(blocks: int, share: float, seed: int, host: str) -> tuple[int, ...]:
    """Return the blocks that carry twins: a share rounded up, evenly spread from a drawn beginning."""
    number = math.ceil(Fraction(str(share)) * blocks)
    begins = int(generator(seed, host, "twins").integers(blocks))
    return tuple((index * blocks + begins) // number + 1 for index in range(number))


def _check(cells: Sequence[Cell], blocks: int, runs: int, rounds: int, twins: float, placement: Placement) -> None:
    if min(blocks, runs, rounds) < 1:
        raise ValueError("a plan has at least one block, one boot of a deployment and one run")
    if not 0 <= twins <= 1:
        raise ValueError("a share of the blocks lies between 0 and 1")
    if len(set(cells)) < len(cells):
        raise ValueError("a cell is planned once")
    if any(cell.placement is not placement for cell in cells):
        raise ValueError(f"a cell's placement is not {placement}")
