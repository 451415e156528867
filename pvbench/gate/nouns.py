"""The nouns of a gate: the two sides, the state of each cell, and what all of them come to. Pure."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum

from pvbench.exit_codes import ExitCode
from pvbench.gate.environment import Difference
from pvbench.gate.limits import Limit, Limits
from pvbench.metrics import METRICS, Metric
from pvbench.model import Trial
from pvbench.stats.loss import Loss
from pvbench.store import Manifest


class State(StrEnum):
    """What became of a cell, worst first."""

    REGRESSED = "regressed"
    CONTAMINATED = "contaminated"
    MISSING = "missing"
    CONSTANT = "constant"
    IMPLAUSIBLE = "implausible"
    UNDETERMINED = "undetermined"
    IMPROVED = "improved"
    NEW = "new"
    OK = "ok"


NOTHING = (State.MISSING, State.CONSTANT, State.IMPLAUSIBLE)
"""States of a cell that measured nothing, or nothing that can be believed."""


@dataclass(frozen=True)
class Row:
    """A cell under a metric: its values before and now in the metric's unit, its limit, and what came of it.

    `ratio` is above 1 where the run is better, whichever way the metric is; `loss` is what the boots of a baseline run
    tell of it. `why` says what words are needed beside the state; `blocks` is how many blocks in each run would tell,
    where these do not. `against` is the cell of the baseline arm where the row is of a ratio of two arms.
    """

    cell: str
    title: str
    host: str
    metric: Metric
    limit: Limit
    state: State
    before: float | None = None
    now: float | None = None
    ratio: float | None = None
    loss: Loss | None = None
    why: str = ""
    blocks: int | None = None
    against: str = ""

    @property
    def lost_below(self) -> float | None:
        """The loss that is ruled out, at 95 % one-sided: 0.12 where no more was lost; None where nothing is known."""
        least = self.loss.least if self.loss else None
        return None if least is None else max(0.0, 1 / least - 1)


@dataclass(frozen=True)
class Gated:
    """What the gate found: every row, worst first, and what the two runs' environments differ in.

    `expected` are differences that were made on purpose. `label` is what stands beside the figures of such hosts.
    `lenient` lets a run pass where some cells could not be told. `nights` is how many nights a history has before the
    run; None beside a baseline run. `simulated` tells that a program made some of them.
    """

    run: str
    against: str
    rows: tuple[Row, ...]
    unexpected: tuple[Difference, ...] = ()
    expected: tuple[Difference, ...] = ()
    label: str = ""
    lenient: bool = False
    nights: int | None = None
    simulated: bool = False

    def count(self, state: State) -> int:
        """Return how many rows are in a state."""
        return sum(row.state is state for row in self.rows)

    @property
    def code(self) -> ExitCode:
        """How the gate ends: what is proven comes first, then what cannot be trusted, then what is not there."""
        states = {row.state for row in self.rows}
        if State.REGRESSED in states:
            return ExitCode.REGRESSED
        if State.CONTAMINATED in states or self.unexpected:
            return ExitCode.CONTAMINATED
        lacking = {*NOTHING} if self.lenient else {*NOTHING, State.UNDETERMINED}
        # A gate that could tell nothing of anything has not been passed.
        if states & lacking or not states & {State.OK, State.IMPROVED}:
            return ExitCode.NOT_MEASURED
        return ExitCode.DONE

    @property
    def ruled_out(self) -> float | None:
        """The loss that is ruled out for each cell that is ok; None without one."""
        known = [row.lost_below for row in self.rows if row.state is State.OK and row.lost_below is not None]
        return max(known, default=None)


def ordered(rows: Iterable[Row]) -> tuple[Row, ...]:
    """Return rows worst first: by what became of them, and of those that regressed by how much."""
    order = list(State)

    def key(row: Row) -> tuple[object, ...]:
        lost = row.ratio or 1.0 if row.state is State.REGRESSED else 1.0
        return order.index(row.state), lost, row.host, row.title, row.metric.name

    return tuple(sorted(rows, key=key))


def nowhere(limits: Limits, known: Collection[str], why: str) -> list[Row]:
    """Return a row for each metric that has limits of its own and of which nothing is known."""
    return [
        Row("", "every cell", "", METRICS[name], limit, State.MISSING, why=why)
        for name, limit in limits.metrics.items()
        if name not in known
    ]


@dataclass(frozen=True)
class Side:
    """A run as the gate reads it: what it was started with, and the last record of each trial."""

    manifest: Manifest
    trials: Sequence[Trial]
