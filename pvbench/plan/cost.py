"""What a plan costs in time and room."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from pvbench.model import DeviceKind, Placement, TrialSpec, Workload


class Planned(Protocol):
    """A plan, as far as its cost is concerned."""

    @property
    def trials(self) -> Sequence[TrialSpec]:
        """Every trial."""
        ...

    @property
    def boots(self) -> Sequence[str]:
        """Every boot, once."""
        ...

    @property
    def placement(self) -> Placement:
        """Where the devices stand."""
        ...


@dataclass(frozen=True)
class Estimate:
    """What a plan costs: seconds of time, boots, trials, bytes of scratch disks over all hosts, and reboots of hosts.

    A host that ends on another stack than it had is booted once more, which is in no figure here.
    """

    seconds: float
    boots: int
    trials: int
    disk_bytes: int
    reboots: int = 0


def estimate(
    plan: Planned,
    *,
    boot_s: float,
    overhead_s: float,
    scratch_bytes: int,
    traces: int = 0,
    trace_s: float = 0.0,
    reboot_s: float = 0.0,
) -> Estimate:
    """Return what a plan costs, one boot taking `boot_s`, one trial `overhead_s` besides warm-up and measurement.

    In `traces` blocks each cell's further pass takes `trace_s`. Each deployment of a stack takes a reboot, `reboot_s`.
    A coexist guest holds a scratch disk for each of its block devices, an isolated one holds one at a time.
    """
    boots = len(plan.boots)
    load_s = sum(_seconds(trial.cell.workload) for trial in plan.trials)
    disks = {(trial.cell.host, trial.cell.device) for trial in plan.trials if trial.cell.kind is DeviceKind.BLOCK}
    held = len(disks) if plan.placement is Placement.COEXIST else len({host for host, _ in disks})
    passes = sum(trial.traced(traces) for trial in plan.trials)
    reboots = len({trial.deployment for trial in plan.trials} - {""})
    seconds = boots * boot_s + len(plan.trials) * overhead_s + load_s + passes * trace_s + reboots * reboot_s
    return Estimate(seconds, boots, len(plan.trials), held * scratch_bytes, reboots)


def _seconds(workload: Workload) -> float:
    params = dict(workload.params)
    return float(params.get("runtime", 0)) + float(params.get("warmup", 0))
