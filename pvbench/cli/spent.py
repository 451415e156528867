"""A trial's bill, trace and trap costs, as text and as data. Pure."""

from collections.abc import Iterator
from dataclasses import asdict
from typing import Any

from pvbench.costs import EXIT, mean_s
from pvbench.model import CpuBill, DeviceKind, Mechanism, Payer, TrapCost, Trial
from pvbench.reports import format as fmt


def lines(trial: Trial) -> Iterator[str]:
    """Yield what a trial's I/O cost, as far as it was measured."""
    noun = "packet" if trial.spec.cell.kind is DeviceKind.NET else "I/O"
    if trial.bill:
        yield from _bill(trial.bill, noun)
    if trial.mechanism:
        yield from _mechanism(trial.mechanism, noun)
    if trial.traps:
        yield "    one operation takes, on average:"
        yield from (f"      {fmt.clean(trap.name)}: {_took(trap)}" for trap in trial.traps)


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
            {"name": trap.name, "mean_s": mean_s(trap) if trap.bins else None, "bins": trap.bins}
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
        yield f"      {payer.value}: {used:.2f} s ({used / whole * 100:.1f} %)"
    yield f"      accounted: {sum(used for _, used in bill.paid) / whole * 100:.1f} % of wall clock × CPUs"


def _mechanism(made: Mechanism, noun: str) -> Iterator[str]:
    least = "at least " if made.lost else ""
    slowed = "" if made.slowdown is None else f", rate untraced ÷ traced {made.slowdown:.2f}"
    yield f"    traced for {fmt.duration(made.traced_s)}, {fmt.count(round(made.ios), noun)}{slowed}:"
    if made.lost:
        yield f"      {fmt.count(made.lost, 'record')} lost: every count is a lower bound"
    away = dict(made.away)
    for what, often in made.counts:
        per = made.per_io(what)
        told = f"{often:,}" if per is None else f"{often:,}, {fmt.significant(per, 3)} per {noun}"
        out = away.get(what.removeprefix(EXIT)) if what.startswith(EXIT) else None
        share = f", away {out / made.traced_s * 100:.1f} % of the time" if out is not None and made.traced_s else ""
        yield f"      {fmt.clean(what)}: {least}{told}{share}"


def _took(trap: TrapCost) -> str:
    if not trap.bins:
        return fmt.NOT_MEASURED
    return f"{fmt.brief(mean_s(trap))} ({fmt.count(sum(count for _, count in trap.bins), 'sample')})"
