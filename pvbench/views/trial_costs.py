"""What `pvbench show` prints of what a trial's I/O cost: its bill, its trace, its trap costs."""

from collections.abc import Iterator
from dataclasses import asdict
from typing import Any

from pvbench import figures as fmt
from pvbench.explain.cpu_bill import within
from pvbench.explain.trap_costs import Timed, timed
from pvbench.histogram import mean_s, total
from pvbench.model import CpuBill, DeviceKind, Mechanism, Payer, Trial, exit_reason
from pvbench.printable import clean
from pvbench.reports.exits_explained import INCONSISTENT


def lines(trial: Trial) -> Iterator[str]:
    """Yield what a trial's I/O cost, as far as it was measured."""
    noun = "packet" if trial.spec.cell.kind is DeviceKind.NET else "I/O"
    if trial.bill:
        yield from _bill(trial.bill, noun)
    if trial.mechanism:
        yield from _mechanism(trial.mechanism, noun)
    if trial.traps:
        yield "    one operation takes, as it is charged (and on average):"
        names = dict.fromkeys(trap.name for trap in trial.traps)
        found = {each.name: each for each in timed(trial.traps)}
        yield from (f"      {clean(name)}: {_took(found.get(name))}" for name in names)


def as_data(trial: Trial) -> dict[str, Any]:
    """Return the same for programs: None, or empty, where it was not measured."""
    bill, made = trial.bill, trial.mechanism
    return {
        "bill": asdict(bill)
        | {"paid": {payer.value: used for payer, used in bill.paid}, "unaccounted_s": bill.unaccounted_s}
        if bill
        else None,
        "mechanism": asdict(made) | {"counts": dict(made.counts), "away": dict(made.away)} if made else None,
        "traps": [
            {"name": trap.name, "mean_s": mean_s(trap.bins) if trap.bins else None, "bins": trap.bins}
            for trap in trial.traps
        ],
    }


def _bill(bill: CpuBill, noun: str) -> Iterator[str]:
    whole = bill.wall_s * bill.cpus
    done = "" if bill.ios is None else f", {fmt.count(bill.ios, noun)}"
    moved = "" if bill.moved_bytes is None else f", {fmt.size(bill.moved_bytes)}"
    yield f"    CPU of {fmt.duration(bill.wall_s)} on {fmt.count(bill.cpus, 'CPU')}{done}{moved}:"
    # Idle last, whatever the order they are kept in.
    for payer, used in sorted(bill.paid, key=lambda pair: (pair[0] is Payer.IDLE, -pair[1])):
        yield f"      {payer.value}: {used:.2f} s ({_share(used, whole)})"
    accounted = _share(sum(used for _, used in bill.paid), whole)
    yield f"      accounted: {accounted}{'' if accounted == INCONSISTENT else ' of wall clock × CPUs'}"


def _mechanism(mechanism: Mechanism, noun: str) -> Iterator[str]:
    least = "at least " if mechanism.lost else ""
    slowed = "" if mechanism.slowdown is None else f", rate untraced ÷ traced {mechanism.slowdown:.2f}"
    wrote = "" if mechanism.recorded_bytes is None else f", {fmt.size(mechanism.recorded_bytes)} written"
    yield f"    traced for {fmt.duration(mechanism.traced_s)}, {fmt.count(round(mechanism.ios), noun)}{slowed}{wrote}:"
    if mechanism.lost:
        yield f"      {fmt.count(mechanism.lost, 'record')} lost: every count is a lower bound"
    away = dict(mechanism.away)
    for what, often in mechanism.counts:
        per = mechanism.per_io(what)
        told = f"{often:,}" if per is None else f"{often:,}, {fmt.significant(per, 3)} per {noun}"
        out = away.get(reason) if (reason := exit_reason(what)) else None
        share = f", away {_away(out, mechanism.traced_s)}" if out is not None and mechanism.traced_s else ""
        yield f"      {clean(what)}: {least}{told}{share}"


def _share(used: float, whole: float) -> str:
    share = used / whole if whole else 0.0
    return f"{min(share, 1.0) * 100:.1f} %" if within(share) else INCONSISTENT


def _away(out_s: float, traced_s: float) -> str:
    """Return a share of the time; several vCPUs can be out at once, so more than all is told in seconds."""
    if not within(out_s / traced_s):
        return f"{fmt.duration(out_s)} in {fmt.duration(traced_s)}"
    return f"{_share(out_s, traced_s)} of the time"


def _took(operation: Timed | None) -> str:
    if operation is None:
        return fmt.NOT_MEASURED
    made = f"{fmt.count(len(operation.rounds), 'round')}, " if len(operation.rounds) > 1 else ""
    samples = fmt.count(total(operation.bins), "sample")
    return f"{fmt.brief(operation.charged_s)} ({fmt.brief(operation.mean_s)}; {made}{samples})"
