"""A cell as one side of a comparison."""

from collections import Counter

from pvbench import wording
from pvbench.model import Outcome
from pvbench.printable import clean
from pvbench.reports.page import Arm
from pvbench.samples import CellTrials

NEVER_REACHED = "never reached: the run ended before it"


def arm(cell: CellTrials) -> Arm:
    """Return a cell as a page shows it beside another."""
    sample = cell.sample
    invalid, lacking = cell.count(Outcome.INVALID), cell.count(Outcome.NOT_MEASURED)
    status = "ok" if sample else "invalid" if invalid else "not_measured"
    reasons = Counter(clean(trial.reason) for trial in cell.trials if trial.reason)
    if cell.missing:
        reasons[NEVER_REACHED] += cell.missing
    without = "INVALID" if status == "invalid" else "NOT MEASURED"
    return Arm(
        device=clean(cell.cell.device),
        io_path=wording.io_path(cell.cell.device),
        cell=cell.id,
        status=status,
        median=cell.metric.text(sample.median) if sample else without,
        values=sample.values if sample else (),
        ok=cell.count(Outcome.OK),
        invalid=invalid,
        not_measured=lacking,
        reasons=tuple(reasons.most_common()),
        flagged=tuple(sorted(cell.flagged.items())),
    )
