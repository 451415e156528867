"""Cells that differ in their direction alone → where one direction is much the faster, and who pays in each. Pure."""

from collections.abc import Hashable, Mapping, Sequence
from types import MappingProxyType

from pvbench import figures as fmt
from pvbench import wording
from pvbench.model import Cell
from pvbench.printable import clean
from pvbench.reports.mechanism_page import BillView, MechanismPage
from pvbench.samples import CellTrials

MUCH = 2.0
"""So many times faster one direction is before it is told."""
PAYERS = 3
_FREE = frozenset({"idle", "others"})
OPPOSITES: Mapping[tuple[str, str], str] = MappingProxyType(
    {
        ("direction", "down"): "up",
        ("rw", "read"): "write",
        ("rw", "randread"): "randwrite",
    }
)
"""The parameter and value of one direction, and the value of the other."""


def lines(gathered: Sequence[CellTrials], costs: MechanismPage | None) -> tuple[str, ...]:
    """Return a line for each device one of whose directions is more than twice as fast as the other."""
    bills = {each.cell: each.bill for load in costs.workloads for each in load.devices} if costs else {}
    by_cell = {_key(found.cell, dict(found.cell.workload.params)): found for found in gathered}
    said = []
    for found in gathered:
        params = dict(found.cell.workload.params)
        for (name, value), opposite in OPPOSITES.items():
            other = by_cell.get(_key(found.cell, {**params, name: opposite})) if params.get(name) == value else None
            if other is not None:
                said += _line(found, other, bills)
    return tuple(said)


def _key(cell: Cell, params: Mapping[str, Hashable]) -> Hashable:
    return cell.host, cell.device, cell.arm, cell.tunables, cell.workload.tool, tuple(sorted(params.items()))


def _line(one: CellTrials, other: CellTrials, bills: Mapping[str, BillView | None]) -> list[str]:
    if not one.sample or not other.sample or one.metric != other.metric:
        return []
    fast, slow = sorted((one, other), key=lambda found: -found.sample.median if found.sample else 0.0)
    most, least = (found.sample.median if found.sample else 0.0 for found in (fast, slow))
    if not least or most <= MUCH * least:
        return []
    names = wording.cell_title(fast.cell), wording.cell_title(slow.cell)
    texts = fast.metric.text(most), slow.metric.text(least)
    paid = [f"{name}: {_paid(bills.get(found.id))}" for name, found in zip(names, (fast, slow), strict=True)]
    return [
        f"{clean(fast.cell.device)}: {texts[0]} ({names[0]}) against {texts[1]} ({names[1]}), "
        f"{fmt.ratio(most / least)} apart. Who pays, as shares of the host’s CPUs: {'; '.join(paid)}."
    ]


def _paid(bill: BillView | None) -> str:
    """Return the payers of most CPU time, most first."""
    shares = (
        sorted((part for part in bill.shares if part.tone not in _FREE), key=lambda part: -part.amount) if bill else []
    )
    said = [f"{part.name} {part.shown}" for part in shares[:PAYERS] if part.amount > 0]
    return ", ".join(said) if said else fmt.NOT_MEASURED
