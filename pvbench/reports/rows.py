"""Comparisons → the rows and tables of a report. Pure."""

from collections.abc import Sequence
from dataclasses import replace

from pvbench import figures as fmt
from pvbench import wording
from pvbench.comparisons import Judged
from pvbench.comparisons.ceilings import ceiling
from pvbench.contrasts import Pairing
from pvbench.model import DeviceKind, HostFacts
from pvbench.printable import clean
from pvbench.reports import guests, in_use, shortfalls
from pvbench.reports.confounds import confounds
from pvbench.reports.notes import brief, flags, notes, unsettled
from pvbench.reports.page import Arm, Group, Row, Strip
from pvbench.reports.proof import proof
from pvbench.reports.sides import arm
from pvbench.samples import CellTrials
from pvbench.stats import Bound, Family


def groups(
    judged: Sequence[Judged], family: Family, label: str, hosts_facts: Sequence[HostFacts] = ()
) -> tuple[Group, ...]:
    """Return the tables: one for each factor, kind of device and host, and but for devices one for each device."""
    tables: dict[tuple[str, str, DeviceKind, str], list[Judged]] = {}
    for each in judged:
        cell, factor = each.pair.candidate.cell, each.pair.pairing.factor.name
        host = "" if factor == "host" else cell.host
        device = "" if factor == "device" else cell.device
        tables.setdefault((factor, host, cell.kind, device), []).append(each)
    hosts = len({side.cell.host for each in judged for side in (each.pair.baseline, each.pair.candidate)})
    return tuple(
        Group(
            title=(title := _title(kind, device, host if hosts > 1 else "", hosts if factor == "host" else 0)),
            kind=kind.value,
            host=clean(host),
            caption=_labelled(f"{title}: {_against(own)}", label),
            rows=tuple(_row(each, family, hosts_facts) for each in own),
            factor=factor,
            heading=title if factor == "device" else f"{title}: {_against(own)}",
        )
        for (factor, host, kind, device), own in tables.items()
    )


def strips(matched: Sequence[Pairing], label: str) -> tuple[Strip, ...]:
    """Return a small figure for each comparison that has a value."""
    drawn = []
    for one in matched:
        arms = tuple(arm(each, one.name(each), one.switch) for each in one.cells)
        if any(side.values for side in arms):
            first = one.cells[0]
            device = "" if one.factor.name == "device" else f"{clean(first.cell.device)}: "
            workload = f"{device}{one.title(first)}"
            drawn.append(
                Strip(workload, first.metric.name, _labelled(f"{workload}: {first.metric.title}", label), arms)
            )
    return tuple(drawn)


def _title(kind: DeviceKind, device: str, host: str, compared_hosts: int) -> str:
    parts = [f"{wording.KINDS[kind]}{f', {clean(device)}' if device else ''}"]
    parts += [f"on {clean(host)}"] if host else []
    parts += ["on this pair of hosts" if compared_hosts == 2 else "on these hosts"] if compared_hosts else []
    return " ".join(parts)


def _against(judged: Sequence[Judged]) -> str:
    """Return what a table compares: "blkfront against ide", "queues 2 and 4 against 1"."""
    pairing = judged[0].pair.pairing
    before = "" if pairing.factor.name == "device" else f"{pairing.factor.title} "
    candidates = dict.fromkeys(pairing.name(each.pair.candidate).removeprefix(before) for each in judged)
    baseline = pairing.name(judged[0].pair.baseline).removeprefix(before)
    return f"{before}{wording.listed(list(candidates))} against {baseline}"


def _row(judged: Judged, family: Family, hosts: Sequence[HostFacts]) -> Row:
    pair, found, pairing = judged.pair, judged.comparison, judged.pair.pairing
    sides = pair.baseline, pair.candidate
    named = [(pairing.name(side), side) for side in sides]
    arms = _arm(pairing, *named[0]), _arm(pairing, *named[1])
    margin, metric = pairing.contrast.margin, pair.candidate.metric
    estimate = found.estimate if found else None
    bounds = estimate.interval if estimate else None
    differing, besides = in_use.note(pair), guests.note(pair)
    not_had = (*shortfalls.of_factor(pair), *shortfalls.notes(named))
    limits = (
        *notes(found, arms, margin, ceiling(*sides), pairing.switch.unit),
        *unsettled(found, judged.p, family, margin),
    )
    return Row(
        workload=pairing.title(pair.candidate),
        settings=wording.settings(pair.candidate.cell.workload),
        metric=metric.name,
        metric_title=metric.title,
        baseline=arms[0],
        candidate=arms[1],
        verdict=judged.verdict.replace("_", " ").upper(),
        tone=judged.verdict,
        ratio=fmt.ratio(estimate.point) if estimate else "",
        interval=fmt.interval(bounds.low, bounds.high) if bounds else "",
        bound=found.bound.value if found and found.bound in {Bound.AT_LEAST, Bound.AT_MOST} else "",
        notes=(*limits, *not_had, *confounds(pair, hosts), *filter(None, (besides, differing)), *flags(named)),
        brief=brief(limits, arms),
        kind=pair.candidate.cell.kind.value,
        not_had=not_had,
        differing=differing,
        guests=besides,
        point=estimate.point if estimate else None,
        low=bounds.low if bounds else None,
        high=bounds.high if bounds else None,
        decades=found.decades if found else 0,
        indicative=bool(found and found.indicative),
        factor=pairing.factor.name,
        unit=pairing.switch.unit,
        units=found.units if found else None,
    )


def _arm(pairing: Pairing, name: str, side: CellTrials) -> Arm:
    return replace(arm(side, name, pairing.switch), proof=proof(side))


def _labelled(caption: str, label: str) -> str:
    return f"{caption} · {label}" if label else caption
