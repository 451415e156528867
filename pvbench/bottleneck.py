"""What limited a cell: a label with its evidence, from who used the CPUs and where the vCPU was. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from pvbench.costs import EXIT, HALT, Traced
from pvbench.model import Payer, Trial

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


def limited(trials: Sequence[Trial], of: Traced | None, *, at: Limited | None, vcpus: int = 1) -> Limited | None:
    """Return what limited a cell, None where the evidence names nothing.

    `at` is a ceiling outside the device that it reached, if any. CPU shares are of one CPU over the tool's own time.
    """
    if at is not None:
        return at
    share = _shares(trials)
    for payer, limit in ((Payer.PEER, Limit.GENERATOR), (Payer.DEVICE_MODEL, Limit.DEVICE_MODEL)):
        if share.get(payer, 0.0) >= FULL:
            return Limited(limit, f"{payer.value} used {share[payer]:.0%} of a CPU")
    waiting = _away(of)
    if waiting >= MOSTLY:
        return Limited(Limit.PATH, f"the vCPU was out of the guest for {waiting:.0%} of the time, handling its exits")
    if share.get(Payer.GUEST, 0.0) >= FULL * vcpus:
        return Limited(Limit.GUEST, f"the guest's vCPU ran for {share[Payer.GUEST]:.0%} of the time")
    if share.get(Payer.BACKEND, 0.0) >= FULL:
        return Limited(Limit.BACKEND, f"backend threads used {share[Payer.BACKEND]:.0%} of a CPU")
    return None


def _shares(trials: Sequence[Trial]) -> dict[Payer, float]:
    spent, seconds = dict.fromkeys(Payer, 0.0), 0.0
    for trial in trials:
        tool_s = dict(trial.seconds).get("tool", 0.0)
        if trial.bill and tool_s:
            seconds += min(tool_s, trial.bill.wall_s)
            for payer, used in trial.bill.paid:
                spent[payer] += used
    return {payer: used / seconds for payer, used in spent.items()} if seconds else {}


def _away(of: Traced | None) -> float:
    """Return the share of the traced time out of the guest for exits that are work; HLT is waiting."""
    if of is None:
        return 0.0
    return sum(share for reason, share in of.away if reason.removeprefix(EXIT) != HALT)
