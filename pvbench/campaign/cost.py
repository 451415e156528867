"""The plan of a matrix, and what it costs in time and room, by the lab's figures."""

from collections.abc import Collection, Mapping
from dataclasses import replace
from types import MappingProxyType

from pvbench.matrix import Matrix, expand
from pvbench.model import Cell, TrialSpec
from pvbench.plan import Estimate, Plan, estimate, make

BOOT_S, OVERHEAD_S, TRACE_PASS_S, REBOOT_S = 45.0, 3.0, 13.0, 120.0
"""What a boot, a trial's own work, its pass under a trace and a reboot of a host are taken to cost before one was
measured, in the lab."""

StackIds = Mapping[tuple[str, str], str]
"""By host and name of a stack, what an arm on it says."""


def plan_of(matrix: Matrix, stacks: StackIds = MappingProxyType({}), only: Collection[Cell] | None = None) -> Plan:
    """Return the plan of a matrix, or of some of its cells; stacks go by their names until the hosts were asked."""
    run = matrix.run
    cells = (cell for cell in expand(matrix) if only is None or cell in only)
    arms = ((cell, cell.arm, stacks.get((cell.host, cell.arm.stack))) for cell in cells)
    return make(
        (replace(cell, arm=replace(arm, stack=stack)) if stack else cell for cell, arm, stack in arms),
        blocks=run.blocks,
        order=run.order,
        seed=run.seed,
        placement=matrix.placement,
        runs_per_boot=run.runs_per_boot,
        boots_per_deployment=run.boots_per_deployment,
        twins=run.twins,
        contrasts=matrix.contrasts,
    )


def cost_of(matrix: Matrix, plan: Plan) -> Estimate:
    """Return what a plan costs, by the lab's figures, the pause before each measurement included."""
    return estimate(
        plan,
        boot_s=BOOT_S,
        overhead_s=OVERHEAD_S + matrix.run.settle_s,
        scratch_bytes=matrix.scratch_bytes,
        traces=matrix.run.traces,
        trace_s=TRACE_PASS_S,
        reboot_s=REBOOT_S,
    )


def load_s(spec: TrialSpec) -> float:
    """Return how many seconds a trial loads its device: warm-up and measurement."""
    params = dict(spec.cell.workload.params)
    return float(params.get("runtime", 0)) + float(params.get("warmup", 0))
