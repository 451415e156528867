"""What was in use in a run, as a table; and what is said of a comparison whose arms differ in a part of it. Pure."""

from collections.abc import Sequence

from pvbench.comparisons.in_use import differing, parts_in_use
from pvbench.contrasts import CellPair
from pvbench.factors import FACTORS, Factor
from pvbench.parts import PARTS
from pvbench.printable import clean
from pvbench.reports.page import InUse
from pvbench.samples import CellTrials


def note(pair: CellPair) -> str:
    """Return in which parts the arms of a comparison differ, beside what they are compared along; empty for none."""
    told = [f"{part} ({_said(ours)} | {_said(theirs)})" for part, ours, theirs in differing(pair)]
    return f"the arms differ in: {', '.join(told)}" if told else ""


def table(cells: Sequence[CellTrials]) -> tuple[InUse, ...]:
    """Return what was in use, a row for each value of each part; it names the arms where not all had it."""
    had = {cell.id: parts_in_use(cell) for cell in cells}
    if not any(had.values()):
        return ()
    varied = [row for row in FACTORS.values() if len({row.value(cell.cell.arm) for cell in cells}) > 1]
    arms: dict[str, dict[str, list[str]]] = {}
    for cell in cells:
        for part, values in had[cell.id].items():
            for value in values:
                arms.setdefault(part, {}).setdefault(value, []).append(_arm(cell, varied))
    everybody = {_arm(cell, varied) for cell in cells}
    return tuple(
        InUse(
            part=part,
            side=row.side,
            value=clean(value),
            arms="" if everybody <= set(own) else "; ".join(dict.fromkeys(own)),
            read_from=row.read_from,
            means=row.means,
        )
        for part, row in PARTS.items()
        for value, own in arms.get(part, {}).items()
    )


def _arm(cell: CellTrials, varied: Sequence[Factor]) -> str:
    """Return what an arm is called among others: its device, and its values of what else is varied."""
    said = [clean(cell.cell.device)]
    for row in varied:
        value = row.value(cell.cell.arm)
        if row.name != "device" and value is not None and row.acts_on(cell.cell.arm):
            said.append(f"{row.title} {clean(row.say(value))}")
    return ", ".join(said)


def _said(values: Sequence[str]) -> str:
    return " and ".join(map(clean, values))
