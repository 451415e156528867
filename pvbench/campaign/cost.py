"""The plan of a matrix, and what it costs in time and room, by the lab's figures."""

from pvbench.matrix import Matrix, expand
from pvbench.model import TrialSpec
from pvbench.plan import Estimate, Plan, estimate, make

BOOT_S, OVERHEAD_S, TRACE_PASS_S = 45.0, 3.0, 13.0
"""What a boot, a trial's own work and its pass under a trace are taken to cost before one was measured, in the lab."""


def plan_of(matrix: Matrix) -> Plan:
    """Return the plan of a matrix."""
    run = matrix.run
    return make(
        expand(matrix),
        blocks=run.blocks,
        order=run.order,
        seed=run.seed,
        placement=matrix.placement,
        runs_per_boot=run.runs_per_boot,
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
    )


def load_s(spec: TrialSpec) -> float:
    """Return how many seconds a trial loads its device: warm-up and measurement."""
    params = dict(spec.cell.workload.params)
    return float(params.get("runtime", 0)) + float(params.get("warmup", 0))
