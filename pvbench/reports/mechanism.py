"""A run's traces, bills and trap costs → what one I/O costs, who pays for it and what limited it. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from pvbench import figures as fmt
from pvbench import wording
from pvbench.explain.bottleneck import Limit, Limited, limited
from pvbench.explain.cpu_bill import Bill, billed, within
from pvbench.explain.exit_model import Traced, traced
from pvbench.explain.trap_costs import Boot, Timed, boot_of, by_boot, timed
from pvbench.histogram import quantile_ns, tail_s, total
from pvbench.model import GRANTS, DeviceKind, Event, Exit, Outcome, Payer, TrapCost, Trial, exit_reason
from pvbench.printable import clean
from pvbench.reports.ceilings import reached
from pvbench.reports.exits_explained import INCONSISTENT, Requests, away, model_line
from pvbench.reports.host_words import NEUTRAL, HostWords
from pvbench.reports.mechanism_page import (
    BillView,
    DeviceCost,
    MechanismPage,
    Part,
    TraceView,
    TrapRow,
    TrapTable,
    WorkloadCost,
)
from pvbench.reports.page import Row
from pvbench.samples import CellTrials

TONES: Mapping[str, str] = {
    Exit.PORT_IO: "port",
    Exit.MEMORY_IO: "mmio",
    Exit.HYPERCALL: "call",
    Exit.MSR: "msr",
    Exit.EXTERNAL_INTERRUPT: "interrupt",
    Exit.INTERRUPT_WINDOW: "interrupt",
    Exit.HALT: "halt",
}
"""Reasons with a colour of their own; the rest is grey."""
PAYERS = {
    Payer.GUEST: "guest",
    Payer.DEVICE_MODEL: "model",
    Payer.BACKEND: "backend",
    Payer.PEER: "peer",
    Payer.HOST: "host",
    Payer.OTHERS: "others",
    Payer.IDLE: "idle",
}
PARTS = (
    ("port", "port I/O"),
    ("mmio", "MMIO"),
    ("call", "hypercall"),
    ("msr", "MSR"),
    ("interrupt", "interrupts"),
    ("halt", "HLT"),
    ("other", "other reasons"),
)
"""The parts of the figure of exits, in order: what colours them, and what stands in them."""
LEGEND = tuple((tone, "HLT: the vCPU waits" if tone == "halt" else name) for tone, name in PARTS)

NONE_SEEN = "none"
FEWER = 1.5
"""So many times fewer exits are a reason to name at the top of the page."""
COSTS_NOTHING = (Payer.IDLE, Payer.OTHERS)
GIB = 1 << 30


@dataclass(frozen=True)
class _Found:
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
            _found(cell, boots, vcpus, words)
            for cell in sorted(cells, key=lambda each: wording.io_path(each.cell.device) == "PV")
        ]
        for cells in families
    ]
    tables = _tables(boots)
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


def _found(cell: CellTrials, boots: Mapping[Boot, tuple[TrapCost, ...]], vcpus: int, words: HostWords) -> _Found:
    # What took another device's path tells nothing of this one's.
    trials = tuple(trial for trial in cell.trials if trial.outcome is Outcome.OK)
    seen, bill = traced(trials, vcpus), billed(trials, vcpus)
    noun = "packet" if cell.cell.kind is DeviceKind.NET else "I/O"
    told = Requests(cell.cell.workload, noun)
    if seen and seen.recorded_bytes is None and not told.whole:
        seen = replace(seen, slowdown=None)  # an older run set the tool's I/Os against the parts that the device made
    bill_view = _bill(bill, words, by_bytes=_by_bytes(cell)) if bill else None
    device = clean(cell.cell.device)
    by = limited(trials, seen, ceiling=reached(cell), vcpus=vcpus)
    there = dict.fromkeys(boot_of(trial) for trial in trials if trial.mechanism)
    costs = [cost for boot in there for cost in boots.get(boot, ())]
    view = DeviceCost(
        device=device,
        io_path=wording.io_path(cell.cell.device),
        cell=cell.id,
        trace=_trace(seen, noun, words) if seen else None,
        bill=bill_view,
        model=model_line(seen, costs, told) if seen else "",
        limit=_limit(by, seen, bill) if seen or bill else "",
        line=_line(device, seen, bill_view, noun),
    )
    return _Found(cell, trials, seen, bill, by, view)


def _workload(family: Sequence[_Found], many: bool) -> WorkloadCost:
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


def _trace(trace: Traced, noun: str, words: HostWords) -> TraceView:
    least = "≥ " if trace.lost else ""
    exits = [(reason, often) for what, often in trace.counts if (reason := exit_reason(what))]
    parts = tuple(Part(clean(why), often, _often(often), TONES.get(why, "other")) for why, often in exits)
    gathered = {tone: [part for part in parts if part.tone == tone] for tone, _ in PARTS}
    figure = tuple(
        Part(
            own[0].name if len(own) == 1 else name,
            sum(each.amount for each in own),
            _often(sum(each.amount for each in own)),
            tone,
        )
        for tone, name in PARTS
        if (own := gathered[tone])
    )
    grants = sum(trace.often(event) for event in GRANTS)
    return TraceView(
        exits=f"{least}{_often(trace.exits)}",
        reasons=parts,
        figure=figure,
        round_trips=_event(trace.often(Event.ROUND_TRIP), least),
        sends=_event(trace.often(Event.NOTIFICATION), least),
        injected=_event(trace.often(Event.INJECTED), least),
        grants=_event(grants, least),
        basis=_basis(trace, noun, words),
        away=away(trace),
    )


def _basis(trace: Traced, noun: str, words: HostWords) -> tuple[str, ...]:
    passes = fmt.count(trace.passes, "pass", "passes")
    said = [f"{passes}: {fmt.count(round(trace.ios), noun)} in {fmt.duration(trace.traced_s)}"]
    if trace.slowdown is None:
        said.append("slowdown not measured")
    elif trace.slowdown >= 1.05:
        said.append(f"traced, it ran {fmt.ratio(trace.slowdown)} slower")
    elif trace.slowdown > 0.95:
        said.append("traced, it ran no slower")
    else:
        said.append(f"traced, it ran {fmt.ratio(1 / trace.slowdown)} faster: chance, not the probe")
    if trace.recorded_bytes is not None:
        said.append(f"{words.hypervisor} wrote {fmt.size(trace.recorded_bytes)} of trace")
    if trace.lost:
        said.append(f"{fmt.count(trace.lost, 'record')} lost: at least so many")
    return tuple(said)


def _bill(bill: Bill, words: HostWords, *, by_bytes: bool) -> BillView:
    paid = dict(bill.paid)
    used = sum(seconds for payer, seconds in paid.items() if payer not in COSTS_NOTHING)
    unit = ((bill.moved_bytes or 0) / GIB if by_bytes else (bill.ios or 0) / 1e6) if bill.consistent else 0.0

    def per(number: float | None) -> str:
        return (_seconds(used / number) if bill.consistent else INCONSISTENT) if number else fmt.NOT_MEASURED

    return BillView(
        per_gib=per(bill.moved_bytes and bill.moved_bytes / GIB),
        per_million=per(bill.ios and bill.ios / 1e6),
        per_io=fmt.brief(used / bill.ios) if bill.ios and bill.consistent else "",
        host=_percent(bill.host_share) if bill.host_share is not None else fmt.NOT_MEASURED,
        shares=tuple(
            Part(words.payer(payer), share, _percent(share), PAYERS[payer])
            for payer in Payer
            for share in (_of(paid[payer], bill.wall_s * bill.cpus),)
        ),
        accounted=f"{min(bill.accounted, 1.0) * 100:.1f} %" if bill.consistent else INCONSISTENT,
        figure=tuple(
            Part(words.payer(payer), paid[payer] / unit, _seconds(paid[payer] / unit), PAYERS[payer])
            for payer in Payer
            if unit and paid[payer] and payer not in COSTS_NOTHING
        ),
        total=_seconds(used / unit) if unit else "" if bill.consistent else INCONSISTENT,
    )


def _of(seconds: float, whole: float) -> float:
    return seconds / whole if whole else 0.0


def _limit(limited: Limited | None, trace: Traced | None, bill: Bill | None) -> str:
    if limited is None and ((trace and not trace.consistent) or (bill and not bill.consistent)):
        return f"nothing named: the evidence is {INCONSISTENT}, it tells of more time than there was"
    if limited is None:
        return "nothing named: the evidence points at no single limit"
    return f"{limited.by.value}: {limited.because}".replace("%", " %")


def _because(gathered: Sequence[Sequence[_Found]], rows: Sequence[Row]) -> str:
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
        said = [_roughly(each.traced) for each in (left, right) if each.traced]
        # The exits are why only where they are what the time goes to.
        path = left.limited and left.limited.by in {Limit.PATH, Limit.DEVICE_MODEL}
        how = "because one" if path else "and one"
        return (
            f"{row.workload}: {row.ratio} faster, {how} {noun} costs {said[0]} exits on {left.view.device} "
            f"and {said[1]} on {right.view.device}."
        )
    return ""


def _roughly(trace: Traced) -> str:
    return f"{'at least' if trace.lost else 'about'} {fmt.significant(trace.exits, 2).removesuffix('.0')}"


def _line(device: str, trace: Traced | None, bill: BillView | None, noun: str) -> str:
    said = []
    if trace:
        least = ">=" if trace.lost else ""
        said.append(f"{least}{_often(trace.exits)} exits")
        if trace.often(Event.ROUND_TRIP):
            said.append(f"{least}{_often(trace.often(Event.ROUND_TRIP))} device-model round trips")
    if bill and bill.per_io:
        said.append(f"{bill.per_io} CPU")
    article = "an I/O" if noun == "I/O" else "a packet"
    return f"{device} {', '.join(said)} {article}" if said else ""


def _lines(load: WorkloadCost) -> list[str]:
    told = [each.line for each in load.devices if each.line]
    return [f"{load.workload}{load.where}: {'; '.join(told)}"] if told else []


def _tables(boots: Mapping[Boot, tuple[TrapCost, ...]]) -> tuple[TrapTable, ...]:
    tables = []
    for host in dict.fromkeys(host for host, *_ in boots):
        own = timed(cost for (where, *_), costs in boots.items() if where == host for cost in costs)
        if own:
            tables.append(TrapTable(clean(host), tuple(_trap_row(each) for each in own)))
    return tuple(tables)


def _trap_row(operation: Timed) -> TrapRow:
    bins = operation.bins
    low, *middle, high = (quantile_ns(bins, q) for q in (0.0, 0.25, 0.5, 0.75, 1.0))
    p90, p99 = (tail_s(bins, q) for q in (0.9, 0.99))
    return TrapRow(
        operation=clean(operation.name),
        rounds=f"{len(operation.rounds):,}",
        samples=f"{total(bins):,}",
        charged=fmt.brief(operation.charged_s),
        median=fmt.brief(middle[1] / 1e9),
        mean=fmt.brief(operation.mean_s),
        p90=fmt.brief(p90) if p90 is not None else "–",
        p99=fmt.brief(p99) if p99 is not None else "–",
        marks=(low, middle[0], middle[1], middle[2], high),
        mean_ns=operation.mean_s * 1e9,
        charged_ns=operation.charged_s * 1e9,
    )


def _often(often: float) -> str:
    """Return how often something happens for one I/O, to a tenth at most: more is not known."""
    return "0" if not often else f"{often:,.1f}" if often >= 0.95 else fmt.significant(often, 2)


def _event(often: float, least: str) -> str:
    return f"{least}{_often(often)}" if often else NONE_SEEN


def _seconds(seconds: float) -> str:
    return f"{fmt.significant(seconds)} s" if seconds else "0 s"


def _percent(share: float) -> str:
    if not within(share):
        return INCONSISTENT
    share = min(share, 1.0)
    return f"{share * 100:.0f} %" if share == 0 or share >= 0.095 else f"{share * 100:.1f} %"


def _labelled(caption: str, label: str) -> str:
    return f"{caption} · {label}" if label else caption
