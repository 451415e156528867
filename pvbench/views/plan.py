"""What `pvbench plan` prints: cells, their order, and what they cost."""

from typing import Any

from pvbench import figures as fmt
from pvbench import wording
from pvbench.campaign.cost import BOOT_S, REBOOT_S, cost_of
from pvbench.columns import columns
from pvbench.matrix import Matrix, expand
from pvbench.matrix.modes import left_out
from pvbench.model import Cell, TrialSpec
from pvbench.plan import Plan

MOST_TOLD = 8
"""As many reboots are told one by one."""


def cell_words(cell: Cell) -> tuple[str, str, str]:
    """Return a cell in words: its host, its device and what that is, its workload."""
    return cell.host, f"{cell.device} ({wording.io_path(cell.device)})", wording.cell_title(cell)


def render(matrix: Matrix, plan: Plan, *, whole: bool) -> str:
    """Return the plan for people: cost, cells, and the order of the first block or of all."""
    spent, run = cost_of(matrix, plan), matrix.run
    cells = {cell: cell.id for cell in expand(matrix)}
    shown = [trial for trial in plan.trials if whole or trial.block == plan.trials[0].block]
    more = f", block 1 of {run.blocks}; -v prints all" if len(shown) < len(plan.trials) else ""
    trials = [
        (str(trial.position + 1), trial.boot, cells[trial.cell], *cell_words(trial.cell)[1:], _which(trial))
        for trial in shown
    ]
    return (
        f"{fmt.count(len(cells), 'cell')}, {fmt.count(spent.trials, 'trial')} in {fmt.count(run.blocks, 'block')}, "
        f"{fmt.count(spent.boots, 'boot')}; {matrix.placement}, order {run.order}, seed {run.seed}\n"
        f"about {fmt.duration(spent.seconds)}, taking {BOOT_S:.0f} s for a boot as in the lab; "
        f"{fmt.size(spent.disk_bytes)} of scratch disks on the hosts\n{_left_out(matrix)}{reboots(plan)}\nCells\n"
        + columns([(key, *cell_words(cell)) for cell, key in cells.items()], "  ")
        + f"\nOrder ({plan.order}{more})\n"
        + columns(trials, "  ")
    )


def reboots(plan: Plan) -> str:
    """Return a line for each host that is rebooted: how often, and about how long that takes; nothing for others."""
    deployments: dict[str, dict[str, str]] = {}
    for trial in plan.trials:
        if trial.deployment:
            deployments.setdefault(trial.cell.host, {})[trial.deployment] = trial.cell.arm.stack_name
    lines = []
    for host, own in deployments.items():
        names, often = list(own.values()), fmt.count(len(own), "time")
        order = ", ".join(names) if len(names) <= MOST_TOLD else f"{wording.listed(sorted(set(names)))} in turn"
        lines.append(
            f"{host} is rebooted {often} ({order}), about {fmt.duration(len(own) * REBOOT_S)} in all, and once more at "
            "the end unless it had the last of them\n"
        )
    return "".join(lines)


def _left_out(matrix: Matrix) -> str:
    """Return a line for each device that some of the guest modes cannot have."""
    return "".join(
        f"{device} exists only in hvm guests, so it is not measured in {wording.listed(modes)} guests\n"
        for device, modes in left_out(matrix)
    )


def _which(trial: TrialSpec) -> str:
    return " ".join([*([f"run {trial.run}"] if trial.run > 1 else []), *(["twin"] if trial.twin else [])])


def as_data(matrix: Matrix, plan: Plan) -> dict[str, Any]:
    """Return the plan for programs; seconds and bytes."""
    spent = cost_of(matrix, plan)
    cells = {cell: cell.id for cell in expand(matrix)}
    return {
        "matrix": matrix.digest,
        "placement": matrix.placement,
        "blocks": matrix.run.blocks,
        "order": plan.order,
        "seed": plan.seed,
        "estimate": {
            "seconds": spent.seconds,
            "boot_seconds_assumed": BOOT_S,
            "boots": spent.boots,
            "trials": spent.trials,
            "disk_bytes": spent.disk_bytes,
            "reboots": spent.reboots,
            "reboot_seconds_assumed": REBOOT_S,
        },
        "cells": [cell_data(cell, key) for cell, key in cells.items()],
        "trials": [
            {
                "id": trial.id,
                "cell": cells[trial.cell],
                "block": trial.block,
                "boot": trial.boot,
                "deployment": trial.deployment,
                "run": trial.run,
                "twin": trial.twin,
            }
            for trial in plan.trials
        ],
    }


def cell_data(cell: Cell, key: str) -> dict[str, Any]:
    """Return a cell for programs."""
    return {
        "id": key,
        "host": cell.host,
        "kind": cell.kind,
        "device": cell.device,
        "io_path": wording.io_path(cell.device),
        "placement": cell.placement,
        "workload": {"tool": cell.workload.tool, "params": dict(cell.workload.params)},
        "tunables": dict(cell.tunables),
        "mode": cell.arm.mode,
        "frontends": cell.arm.frontends,
        "backends": cell.arm.backends,
        "stack": cell.arm.stack,
    }
