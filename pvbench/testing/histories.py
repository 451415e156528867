"""Simulated histories: a real run's rows varied over nights by a seed, with steps, vanished cells and constants put in.

They say of themselves that they are simulated. What is put in is put into a cell, so that its value, its ratio and its
trials tell of it alike, as a real fault would have them.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from enum import StrEnum

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from pvbench.history import file
from pvbench.history.judged import night_of, points_of
from pvbench.history.nouns import Night, Point, SeriesKey, Side
from pvbench.history.record import KeptRun
from pvbench.history.store import History
from pvbench.metrics import METRICS, Better
from pvbench.model import Cell, Outcome, TrialSpec, Workload, digest
from pvbench.testing.runs import SampleRun, sample_run

Floats = NDArray[np.float64]
Numbers = NDArray[np.int64]
Flags = NDArray[np.bool_]

HOSTS = ("xen1", "xen2", "xen3", "xen4", "xen5", "xen6")
GONE = "simulated: the cell gave no figure"
_FIT = {ord(mark): None for mark in "-:"}


class Fault(StrEnum):
    """What is put into a cell from a night on."""

    STEP = "step"
    VANISHED = "vanished"
    CONSTANT = "constant"


@dataclass(frozen=True)
class Injected:
    """A fault of a cell, by its number, from a night on, or to before `until`; `ratio` of a STEP is better above 1."""

    cell: int
    night: int
    fault: Fault = Fault.STEP
    ratio: float = 0.92
    until: int | None = None

    def at(self, night: int) -> bool:
        """Whether it is there in a night."""
        return self.night <= night and (self.until is None or night < self.until)


@dataclass(frozen=True)
class Simulation:
    """How many nights and series, from when on, and how they vary.

    `noise` is a cell's relative standard deviation from night to night, `drift` what all cells of a host share in a
    night, `outliers` the share of nights in which a cell is worse by 10 to 40 %. In the nights `changed` the first host
    is another than before: a new kernel. `hosts` are what its hosts are called, in turn.
    """

    nights: int = 365
    series: int = 1000
    seed: int = 1
    first: datetime = datetime(2026, 1, 1, 23, 30, tzinfo=UTC)
    noise: float = 0.02
    drift: float = 0.02
    outliers: float = 0.01
    injected: tuple[Injected, ...] = ()
    changed: tuple[int, ...] = ()
    hosts: tuple[str, ...] = HOSTS


def simulated_history(where: str, simulation: Simulation, run: SampleRun | None = None) -> History:
    """Write a simulated history of a run (of the sample run, where none is given) below a folder; return it."""
    history = History.open(where)
    for kept, rows in simulate(simulation, run):
        history.put(kept.night, file.encode_rows(kept, rows))
    return history.fresh()


def simulate(simulation: Simulation, run: SampleRun | None = None) -> Iterator[tuple[KeptRun, pa.Table]]:
    """Yield each night as its file tells of it, and its rows."""
    cells = _cells(simulation, run or sample_run())
    rng = np.random.default_rng(simulation.seed)
    for number in range(simulation.nights):
        goodness = cells.goodness(simulation, number, rng)
        gone = cells.gone(simulation, number)
        rows = cells.rows_of(_started(simulation, number), goodness, gone)
        yield cells.kept(simulation, number, goodness, gone), rows


def _started(simulation: Simulation, number: int) -> str:
    return f"{simulation.first + timedelta(days=number):%Y-%m-%dT%H:%M:%SZ}"


@dataclass(frozen=True)
class _Cells:
    """Copies of a run on other hosts and under other loads: their series as judged once, and their rows.

    `goodness` of a night has a number a cell: 0.92 where it is 8 % worse. A ratio is by the numbers of its two cells.
    `of_row` is each row's cell, -1 where it has none, `of_reading` each reading's, `ways` -1 where less is better.
    """

    night: Night
    values: Mapping[SeriesKey, Point]
    ratios: Mapping[SeriesKey, tuple[Point, int, int]]
    hosts: Numbers
    rows: pa.Table
    of_row: Numbers
    lengths: Numbers
    of_reading: Numbers
    ways: Floats

    def goodness(self, simulation: Simulation, number: int, rng: np.random.Generator) -> Floats:
        """Return how good each cell is in a night."""
        count = len(self.values)
        drift = rng.normal(0, simulation.drift, int(self.hosts.max()) + 1)[self.hosts]
        logs = drift + rng.normal(0, simulation.noise, count)
        slow = rng.uniform(0.1, 0.4, count)
        logs -= np.where(rng.random(count) < simulation.outliers, slow, 0.0)
        goodness = np.exp(logs)
        for each in simulation.injected:
            if each.at(number) and each.fault is Fault.STEP:
                goodness[each.cell] *= each.ratio
            if each.at(number) and each.fault is Fault.CONSTANT:
                goodness[each.cell] = 1.0
        return goodness

    def gone(self, simulation: Simulation, number: int) -> Flags:
        """Return which cells give no figure in a night."""
        gone = np.zeros(len(self.values), dtype=bool)
        gone[[each.cell for each in simulation.injected if each.fault is Fault.VANISHED and each.at(number)]] = True
        return gone

    def kept(self, simulation: Simulation, number: int, goodness: Floats, gone: Flags) -> KeptRun:
        """Return a night as its file tells of it."""
        started = _started(simulation, number)
        run_id = f"{started.translate(_FIT)}-simulated-{simulation.seed:04x}"
        kernel = sum(number >= night for night in simulation.changed)
        environments = {0: digest(["simulated", kernel])} if kernel else {}
        points: dict[SeriesKey, Point] = {}
        for cell, (key, base) in enumerate(self.values.items()):
            way = 1 if key.of.better is Better.HIGHER else -1
            own = replace(base, run_id=run_id, environment=environments.get(int(self.hosts[cell]), base.environment))
            points[key] = _without(own) if gone[cell] else replace(own, value=_times(base.value, goodness[cell] ** way))
        for key, (base, ours, theirs) in self.ratios.items():
            by = float(goodness[ours] / goodness[theirs])
            own = replace(base, run_id=run_id, environment=environments.get(int(self.hosts[ours]), base.environment))
            scaled = replace(own, value=_times(base.value, by), low=_times(base.low, by), high=_times(base.high, by))
            points[key] = _without(own) if gone[ours] or gone[theirs] else scaled
        night = replace(
            self.night,
            run_id=run_id,
            night=started[:10],
            started=started,
            expected=self.rows.num_rows,
            measured=self.rows.num_rows - int(self._gone_rows(gone).sum()),
            environments=tuple({key.host: point.environment for key, point in points.items()}.items()),
        )
        return KeptRun(night, points, digest([run_id, simulation.seed], 32))

    def rows_of(self, started: str, goodness: Floats, gone: Flags) -> pa.Table:
        """Return the rows of a night."""
        missing = self._gone_rows(gone)
        kept = ~np.repeat(missing, self.lengths)
        readings: pa.MapArray = self.rows["readings"].combine_chunks()
        items = readings.items.to_numpy() * np.append(goodness, 1.0)[self.of_reading] ** self.ways
        offsets = np.concatenate([[0], np.cumsum(np.where(missing, 0, self.lengths))]).astype(np.int32)
        made = {
            "night": pa.repeat(started[:10], len(missing)),
            "started": pa.repeat(started, len(missing)),
            "outcome": pa.array(np.where(missing, str(Outcome.NOT_MEASURED), str(Outcome.OK))),
            "reason": pa.array(np.where(missing, GONE, ""), mask=~missing),
            "readings": pa.MapArray.from_arrays(offsets, readings.keys.filter(pa.array(kept)), items[kept]),
        }
        table = self.rows
        for name, column in made.items():
            table = table.set_column(table.schema.get_field_index(name), file.ROWS.field(name), column)
        return table

    def _gone_rows(self, gone: Flags) -> Flags:
        return np.append(gone, False)[self.of_row]


def _cells(simulation: Simulation, run: SampleRun) -> _Cells:
    """Return as many copies of a run as have the series that are wanted; what is beyond them is left out."""
    points: dict[SeriesKey, Point] = {}
    tables: list[pa.Table] = []
    while len(points) < simulation.series:
        made = _copy(run, len(tables), simulation.hosts)
        night = night_of(made.manifest, made.trials, simulated=True)
        points |= points_of(made.manifest, made.trials)
        tables.append(file.table(night, made.manifest, made.trials))
    points = dict(list(points.items())[: simulation.series])
    values = {key: point for key, point in points.items() if key.side is Side.VALUE}
    numbers = {key.cell: number for number, key in enumerate(values)}
    ratios = {
        key: (point, numbers[key.cell], numbers[key.against_cell])
        for key, point in points.items()
        if key.side is Side.RATIO
    }
    rows = pa.concat_tables(tables).combine_chunks()
    readings: pa.MapArray = rows["readings"].combine_chunks()
    of_row = np.array([numbers.get(cell, -1) for cell in rows["cell"].to_pylist()])
    lengths = np.diff(readings.offsets.to_numpy())
    hosts = list(dict.fromkeys(key.host for key in values))
    higher = {name: 1.0 if metric.better is Better.HIGHER else -1.0 for name, metric in METRICS.items()}
    return _Cells(
        night=night,
        values=values,
        ratios=ratios,
        hosts=np.array([hosts.index(key.host) for key in values]),
        rows=rows,
        of_row=of_row,
        lengths=lengths,
        of_reading=np.repeat(of_row, lengths),
        ways=np.array([higher[name] for name in readings.keys.to_pylist()]),
    )


def _copy(run: SampleRun, number: int, hosts: Sequence[str]) -> SampleRun:
    """Return a run as if it had been made on another host, with as many blocks more of everything as `number` says."""
    host, load = hosts[number % len(hosts)], number // len(hosts)

    def moved(spec: TrialSpec) -> TrialSpec:
        workload = spec.cell.workload
        params = {**dict(workload.params), "numjobs" if workload.tool == "fio" else "parallel": load + 1}
        params = params if load else dict(workload.params)
        arm = replace(spec.cell.arm, host=host)
        return replace(spec, cell=Cell(arm, Workload(workload.tool, tuple(sorted(params.items())))))

    manifest = replace(
        run.manifest,
        plan=tuple(map(moved, run.manifest.plan)),
        hosts=tuple(replace(each, name=host) for each in run.manifest.hosts[:1]),
    )
    return SampleRun(manifest, tuple(replace(trial, spec=moved(trial.spec)) for trial in run.trials))


def _without(point: Point) -> Point:
    return replace(point, value=None, low=None, high=None, units=None, reason=GONE)


def _times(value: float | None, by: float) -> float | None:
    return None if value is None else float(value * by)
