"""What is looked at again with fresh boots: the cells that a night's suspects are of, and their baselines."""

from collections.abc import Iterable, Sequence

from pvbench.history.analysis import Analysis
from pvbench.history.nouns import Alarm, Series, State
from pvbench.matrix import Matrix, expand
from pvbench.model import Cell


def suspects(analysis: Analysis, run_id: str) -> tuple[Alarm, ...]:
    """Return what a night told that waits for a second look."""
    return tuple(each for each in analysis.alarms if each.seen == run_id and each.state is State.SUSPECT)


def cells_of(alarms: Iterable[Alarm], series: Sequence[Series], matrix: Matrix) -> frozenset[Cell]:
    """Return the cells of a matrix that alarms are about, each with its baselines."""
    keys = {each.key.id: each.key for each in series}
    told = [keys[alarm.series] for alarm in alarms if alarm.series in keys]
    wanted = {key.cell for key in told} | {key.against_cell for key in told}
    wanted |= {key.against_cell for key in keys.values() if key.cell in {each.cell for each in told}}
    return frozenset(cell for cell in expand(matrix) if cell.lasting_id in wanted)
