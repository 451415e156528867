"""What limited a cell: a label with its evidence, from who used the CPUs and where the vCPU was. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from pvbench.explain.cpu_bill import billed, within
from pvbench.explain.exit_model import Traced
from pvbench.model import Exit, Payer, Phase, Trial, exit_reason

FULL = 0.85
"""A thread that ran for this share of the measurement had next to nothing left to give."""
MOSTLY = 0.5


class Limit(StrEnum):
    """What a cell could not get past."""

    RATE = "rate cap"
    STORE = "backing store"
    GENERATOR = "generator"
    DEVICE_MODEL = "device-model CPU"
    BACKEND = "backend CPU"
    PATH = "device path"
    GUEST = "guest CPU"


@dataclass(frozen=True)
class Limited:
    """A limit and what tells of it."""

    by: Limit
    because: str


def limited(
    trials: Sequence[Trial], trace: Traced | None, *, ceiling: Limited | None, vcpus: int = 1
) -> Limited | None:
    """Return what limited a cell, None where the evidence names nothing, or cannot be.

    `ceiling` is one outside the device that the cell reached, if any. CPU shares are of one CPU over the tool's time.
    """
    if ceiling is not None:
        return ceiling
    bill = billed(trials)
    share = _shares(trials, vcpus) if bill and bill.adds_up else {}
    for payer, limit in ((Payer.PEER, Limit.GENERATOR), (Payer.DEVICE_MODEL, Limit.DEVICE_MODEL)):
        if share.get(payer, 0.0) >= FULL:
            return Limited(limit, f"{payer.value} used {_cpus(share[payer])}")
    waiting = _away(trace)
    if waiting >= MOSTLY:
        whose = "the vCPU was" if vcpus == 1 else f"the {vcpus} vCPUs were"
        its = "its" if vcpus == 1 else "their"
        return Limited(Limit.PATH, f"{whose} out of the guest for {waiting:.0%} of the time, handling {its} exits")
    guest = share.get(Payer.GUEST, 0.0) / vcpus
    if guest >= FULL and within(guest):
        which = "vCPU" if vcpus == 1 else f"{vcpus} vCPUs"
        return Limited(Limit.GUEST, f"the guest's {which} ran for {min(guest, 1.0):.0%} of the time")
    if share.get(Payer.BACKEND, 0.0) >= FULL:
        return Limited(Limit.BACKEND, f"backend threads used {_cpus(share[Payer.BACKEND])}")
    return None


def _shares(trials: Sequence[Trial], vcpus: int) -> dict[Payer, float]:
    """Return who used how many CPUs while the tool and its warm-up ran.

    The clocks also tell of what was used before and after, between the looks: it is taken for the tool's up to all that
    the guest's vCPUs, or one thread, can use; what is more by the whole time between the looks is more.
    """
    spent, busy, wall = dict.fromkeys(Payer, 0.0), 0.0, 0.0
    for trial in trials:
        seconds = dict(trial.seconds)
        ran = seconds.get(Phase.TOOL, 0.0) + seconds.get(Phase.WARMUP, 0.0)
        if trial.bill and ran > 0:
            busy += min(ran, trial.bill.wall_s)
            wall += trial.bill.wall_s
            for payer, used in trial.bill.paid:
                spent[payer] += used
    most = dict.fromkeys(Payer, 1.0) | {Payer.GUEST: float(vcpus)}
    return {payer: max(min(used / busy, most[payer]), used / wall) for payer, used in spent.items()} if busy > 0 else {}


def _cpus(share: float) -> str:
    return f"{share:.0%} of a CPU" if share <= 1 else f"{share:.1f} CPUs"


def _away(trace: Traced | None) -> float:
    """Return the share of the traced time out of the guest for exits that are work; HLT is waiting."""
    if trace is None or not trace.consistent:
        return 0.0
    return min(1.0, sum(share for reason, share in trace.away if (exit_reason(reason) or reason) != Exit.HALT))
