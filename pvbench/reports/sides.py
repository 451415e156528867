"""A cell as one side of a comparison."""

from collections import Counter

from pvbench import wording
from pvbench.comparisons import status
from pvbench.factors import Switch
from pvbench.model import Outcome
from pvbench.printable import clean
from pvbench.reports.page import Arm
from pvbench.samples import CellTrials

NEVER_REACHED = "never reached: the run ended before it"


def arm(cell: CellTrials, name: str = "", switch: Switch = Switch.BOOT) -> Arm:
    """Return a cell as a page shows it beside another, where it is called `name` (left out: by its device)."""
    sample = cell.counted(switch)
    invalid, lacking = cell.count(Outcome.INVALID), cell.count(Outcome.NOT_MEASURED)
    reasons = Counter(clean(trial.reason) for trial in cell.trials if trial.reason)
    if cell.missing:
        reasons[NEVER_REACHED] += cell.missing
    given = status(cell, switch)
    without = given.replace("_", " ").upper()
    device = clean(cell.cell.device)
    return Arm(
        name=name or device,
        device=device,
        io_path=wording.io_path(cell.cell.device),
        cell=cell.id,
        status=given,
        median=cell.metric.text(sample.median) if sample else without,
        values=tuple((_block(unit), value) for unit, value in sample.values) if sample else (),
        ok=cell.count(Outcome.OK),
        invalid=invalid,
        not_measured=lacking,
        reasons=tuple(reasons.most_common()),
        flagged=tuple(sorted(cell.flagged.items())),
    )


def _block(unit: tuple[int, int]) -> int | str:
    """Return a unit by its block, and by its boot where the block has several."""
    block, number = unit
    return block if number <= 1 else f"{block}.{number}"
