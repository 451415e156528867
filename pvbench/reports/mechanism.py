"""A run's traces, bills and trap costs → what one I/O costs, who pays for it and what limited it. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from pvbench import wording
from pvbench.comparisons.ceilings import reached
from pvbench.explain.bottleneck import Limit, Limited, limited
from pvbench.explain.cpu_bill import Bill, billed
from pvbench.explain.exit_model import Traced, traced
from pvbench.explain.trap_costs import Boot, boot_of, by_boot
from pvbench.model import DeviceKind, Event, Outcome, TrapCost, Trial
from pvbench.printable import clean
from pvbench.reports.bill_view import bill_view
from pvbench.reports.exits_explained import INCONSISTENT, Requests, model_line
from pvbench.reports.exits_view import often_text, roughly, trace_view
from pvbench.reports.host_words import NEUTRAL, HostWords
from pvbench.reports.mechanism_page import (
    BillView,
    DeviceCost,
    MechanismPage,
    WorkloadCost,
)
from pvbench.reports.page import Row
from pvbench.reports.trap_table import trap_tables
from pvbench.samples import CellTrials

FEWER = 1.5
"""So many times fewer exits are a reason to name at the top of the page."""


@dataclass(frozen=True)
class _Explained:
    """A cell with what its good trials say."""

    cell: CellTrials
    trials: tuple[Trial, ...]
    traced: Traced | None
    bill: Bill | None
    limited: Limited | None
    view: DeviceCost


def mechanism(
    families: Sequence[Sequence[CellTrials]],
    rows: Sequence[Row],
    label: str,
    vcpus: int = 1,
    words: HostWords = NEUTRAL,
) -> MechanismPage | None:
    """Return the section of guests with so many vCPUs, None where nothing was traced, billed or timed."""
    many = len({cell.cell.host for cells in families for cell in cells}) > 1
    boots = by_boot(trial for cells in families for cell in cells for trial in cell.trials)
    gathered = [
        [
            _explained(cell, boots, vcpus, words)
            for cell in sorted(cells, key=lambda each: wording.io_path(each.cell.device) == "PV")
        ]
        for cells in families
    ]
    modes = {boot_of(trial): cell.cell.arm.mode for cells in families for cell in cells for trial in cell.trials}
    tables = trap_tables(boots, modes)
    shown = [family for family in gathered if any(each.traced or each.bill for each in family)]
    if not shown and not tables:
        return None
    workloads = tuple(_workload(family, many) for family in shown)
    return MechanismPage(
        workloads=workloads,
        traps=tables,
        because=_because(gathered, rows),
        exits_caption=_labelled("Exits and notifications for one I/O (packet), from a pass of its own", label),
        exits_figure_caption=_labelled(
            "Exits for one I/O (packet) by reason. The bars of one workload share a scale", label
        ),
        bill_caption=_labelled("CPU time by payer, as shares of wall clock × CPUs, in the timed pass", label),
        bill_figure_caption=_labelled(
            "CPU seconds by payer, without idle time. The bars of one workload share a scale", label
        ),
        story_note=_labelled("What limited each device, and how much of the time of an I/O its exits explain", label),
        traps_caption=_labelled("What one operation takes in the guest, timed one by one", label),
        lines_caption=_labelled("What one I/O or packet costs", label),
        lines=tuple(line for load in workloads for line in _lines(load)),
        words=words,
    )


def _explained(
    cell: CellTrials, boots: Mapping[Boot, tuple[TrapCost, ...]], vcpus: int, words: HostWords
) -> _Explained:
    # What took another device's path tells nothing of this one's.
    trials = tuple(trial for trial in cell.trials if trial.outcome is Outcome.OK)
    vcpus = int(dict(cell.cell.tunables).get("vcpus", vcpus))
    seen, bill = traced(trials, vcpus), billed(trials, vcpus)
    noun = "packet" if cell.cell.kind is DeviceKind.NET else "I/O"
    requests = Requests(cell.cell.workload, noun)
    if seen and seen.recorded_bytes is None and not requests.whole:
        seen = replace(seen, slowdown=None)  # an older run set the tool's I/Os against the parts that the device made
    bill_shown = bill_view(bill, words, by_bytes=_by_bytes(cell)) if bill else None
    device = clean(cell.cell.device)
    by = limited(trials, seen, ceiling=reached(cell), vcpus=vcpus)
    there = dict.fromkeys(boot_of(trial) for trial in trials if trial.mechanism)
    costs = [cost for boot in there for cost in boots.get(boot, ())]
    view = DeviceCost(
        device=device,
        io_path=wording.io_path(cell.cell.device),
        cell=cell.id,
        trace=trace_view(seen, noun, words) if seen else None,
        bill=bill_shown,
        model=model_line(seen, costs, requests) if seen else "",
        limit=_limit(by, seen, bill) if seen or bill else "",
        line=_line(device, seen, bill_shown, noun),
    )
    return _Explained(cell, trials, seen, bill, by, view)


def _workload(family: Sequence[_Explained], many: bool) -> WorkloadCost:
    cell = family[0].cell
    return WorkloadCost(
        workload=wording.cell_title(cell.cell),
        where=f" on {clean(cell.cell.host)}" if many else "",
        noun="packet" if cell.cell.kind is DeviceKind.NET else "I/O",
        per="GiB" if _by_bytes(cell) else f"million {'packets' if cell.cell.kind is DeviceKind.NET else 'I/Os'}",
        devices=tuple(each.view for each in family),
    )


def _by_bytes(cell: CellTrials) -> bool:
    return cell.metric.name in {"throughput", "goodput"}


def _limit(limited: Limited | None, trace: Traced | None, bill: Bill | None) -> str:
    if limited is None and ((trace and not trace.consistent) or (bill and not bill.consistent)):
        return f"nothing named: the evidence is {INCONSISTENT}, it tells of more time than there was"
    if limited is None:
        return "nothing named: the evidence points at no single limit"
    return f"{limited.by.value}: {limited.because}".replace("%", " %")


def _because(gathered: Sequence[Sequence[_Explained]], rows: Sequence[Row]) -> str:
    """Return one sentence for the first comparison that the candidate wins and that both arms have traces of."""
    by_cell = {each.cell.id: each for family in gathered for each in family}
    for row in rows:
        left, right = by_cell.get(row.baseline.cell), by_cell.get(row.candidate.cell)
        if (
            row.factor != "device"
            or row.tone != "faster"
            or not left
            or not right
            or not left.traced
            or not right.traced
        ):
            continue
        exits = left.traced.exits, right.traced.exits
        if not exits[1] or exits[0] < FEWER * exits[1]:
            continue
        kind = left.cell.cell.kind
        noun = Requests(left.cell.cell.workload, "packet" if kind is DeviceKind.NET else "I/O").thing
        said = [roughly(each.traced) for each in (left, right) if each.traced]
        # The exits are why only where they are what the time goes to.
        path = left.limited and left.limited.by in {Limit.PATH, Limit.DEVICE_MODEL}
        how = "because one" if path else "and one"
        return (
            f"{row.workload}: {row.ratio} faster, {how} {noun} costs {said[0]} exits on {left.view.device} "
            f"and {said[1]} on {right.view.device}."
        )
    return ""


def _line(device: str, trace: Traced | None, bill: BillView | None, noun: str) -> str:
    said = []
    if trace:
        least = ">=" if trace.lost else ""
        done = f"{often_text(trace.exits)} exits" if trace.calls is None else f"{often_text(trace.calls)} hypercalls"
        said.append(f"{least}{done}")
        if trace.often(Event.ROUND_TRIP):
            said.append(f"{least}{often_text(trace.often(Event.ROUND_TRIP))} device-model round trips")
    if bill and bill.per_io:
        said.append(f"{bill.per_io} CPU")
    article = "an I/O" if noun == "I/O" else "a packet"
    return f"{device} {', '.join(said)} {article}" if said else ""


def _lines(load: WorkloadCost) -> list[str]:
    lines = [each.line for each in load.devices if each.line]
    return [f"{load.workload}{load.where}: {'; '.join(lines)}"] if lines else []


def _labelled(caption: str, label: str) -> str:
    return f"{caption} · {label}" if label else caption
