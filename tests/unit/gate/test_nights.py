"""A run beside its history: what is suspected, confirmed and cleared, lost and constant, and what is not told yet."""

from collections.abc import Callable
from dataclasses import replace
from functools import cache
from pathlib import Path

import pytest

from pvbench.errors import UsageError
from pvbench.exit_codes import ExitCode
from pvbench.gate import junit, markdown
from pvbench.gate.limits import Limit, Limits
from pvbench.gate.nights import NEW_FOR, gate
from pvbench.gate.nouns import Gated, Side, State
from pvbench.history.judged import night_of, points_of
from pvbench.history.nouns import Night, Point, Role, Series, SeriesKey
from pvbench.model import Cell, Flag, FlagKind, Reading, Trial, TrialSpec
from pvbench.stats.changepoint import FIRST
from pvbench.testing.histories import HOSTS, Fault, Injected, Simulation, simulate
from pvbench.testing.runs import sample_run
from tests.unit.gate.runs import is_victim, times

pytestmark = pytest.mark.thorough

NIGHTS, SERIES = 30, 24
VICTIM = "blkfront, Random read, 4 KiB, depth 1"
Change = Callable[[Trial], Trial | None]
Points = dict[SeriesKey, tuple[Point, ...]]


def same(trial: Trial) -> Trial:
    return trial


def run(change: Change = same, *, day: int = NIGHTS, part: str = "", kernel: str = "") -> Side:
    """Return the run that the simulated nights are made of, as a night of its own."""
    sample = sample_run().changed(change)
    host = replace(sample.manifest.hosts[0], name=HOSTS[0])
    host = replace(host, kernel=kernel) if kernel else host

    def moved(spec: TrialSpec) -> TrialSpec:
        return replace(spec, cell=Cell(replace(spec.cell.arm, host=HOSTS[0]), spec.cell.workload))

    manifest = replace(
        sample.manifest,
        run_id=f"night-{day}{part}",
        started=f"2026-01-{day + 1:02d}T23:30:00Z",
        hosts=(host,),
        plan=tuple(map(moved, sample.manifest.plan)),
    )
    return Side(manifest, tuple(replace(trial, spec=moved(trial.spec)) for trial in sample.trials))


@cache
def nights(injected: Injected | None = None, count: int = NIGHTS) -> tuple[tuple[Night, ...], tuple[Series, ...]]:
    simulation = Simulation(
        count, SERIES, seed=3, noise=0.01, drift=0.01, outliers=0, injected=(injected,) if injected else ()
    )
    kept = [each for each, _ in simulate(simulation, sample_run())]
    points: Points = {}
    for each in kept:
        for key, point in each.points.items():
            points[key] = (*points.get(key, ()), point)
    return tuple(each.night for each in kept), tuple(Series(*each) for each in points.items())


def with_look(now: Side, again: Side) -> tuple[tuple[Night, ...], tuple[Series, ...]]:
    """Return the nights with a run, and another that looked at it again."""
    known, series = nights()
    points = {each.key: each.points for each in series}
    own = night_of(now.manifest, now.trials)
    look = night_of(again.manifest, again.trials, role=Role.AGAIN, again=own.run_id)
    for side in (now, again):
        for key, point in points_of(side.manifest, side.trials).items():
            points[key] = (*points.get(key, ()), point)
    return (*known, own, look), tuple(Series(*each) for each in points.items())


def gated(now: Side, injected: Injected | None = None, count: int = NIGHTS, **options: object) -> Gated:
    return gate(*nights(injected, count), (), now, Limits(), **options)  # type: ignore[arg-type]


def test_a_run_like_the_nights_before_passes() -> None:
    found = gated(run())

    assert found.code is ExitCode.DONE
    assert len(found.rows) == SERIES
    assert {row.state for row in found.rows} == {State.OK}
    assert all(row.ratio and 0.9 < row.ratio < 1.1 for row in found.rows)


def test_a_run_that_is_8_percent_slower_in_one_cell_is_suspect_and_fresh_boots_tell() -> None:
    slower = run(times(0.92))
    suspect = gated(slower)

    assert suspect.code is ExitCode.NOT_MEASURED
    assert suspect.rows[0].title.startswith("blkfront")
    assert "fresh boots tell" in suspect.rows[0].why
    for factor, code in ((0.92, ExitCode.REGRESSED), (1, ExitCode.DONE)):
        found = gate(*with_look(slower, run(times(factor), part="-again")), (), slower, Limits())
        assert found.code is code
    found = gate(*with_look(slower, run(times(0.92), part="-again")), (), slower, Limits())
    assert found.rows[0].state is State.REGRESSED
    assert {row.title.partition(" ÷ ")[0].partition(",")[0] for row in found.rows[: found.count(State.REGRESSED)]} == {
        "blkfront"
    }


def test_a_change_that_was_confirmed_nights_ago_fails_until_it_is_the_level() -> None:
    step = Injected(cell=_victim(), night=10)

    for count, code in ((19, ExitCode.REGRESSED), (30, ExitCode.DONE)):
        assert gated(run(times(0.92), day=count), step, count).code is code


def test_a_cell_that_vanished_is_missing() -> None:
    gone = run(lambda trial: None if is_victim(trial) else trial)
    plan = tuple(spec for spec in gone.manifest.plan if spec.cell.id in {each.spec.cell.id for each in gone.trials})

    for now in (gone, Side(replace(gone.manifest, plan=plan), gone.trials)):
        found = gated(now)
        assert found.code is ExitCode.NOT_MEASURED
        assert found.rows[0].state is State.MISSING
        assert found.rows[0].before is not None
        assert VICTIM in {row.title for row in found.rows if row.state is State.MISSING}


def test_a_cell_that_is_constant_within_the_run_or_over_the_nights_measured_nothing() -> None:
    def constant(trial: Trial) -> Trial:
        return replace(trial, readings=(Reading("iops", 2000.0),)) if is_victim(trial) else trial

    within = gated(run(constant))
    over = gated(run(), Injected(cell=_victim(), night=NIGHTS - 8, fault=Fault.CONSTANT))

    for found in (within, over):
        assert found.code is ExitCode.NOT_MEASURED
        assert State.CONSTANT in {row.state for row in found.rows if row.title == VICTIM}


def test_a_cell_that_is_thrice_as_fast_as_ever_is_not_believed() -> None:
    found = gated(run(times(3)))

    assert found.code is ExitCode.NOT_MEASURED
    assert found.rows[0].state is State.IMPLAUSIBLE


def test_another_kernel_begins_anew_and_is_told() -> None:
    now = run(kernel="Linux 6.12.0")

    assert gated(now).code is ExitCode.CONTAMINATED
    begun = gated(now, changed=["kernel"])
    assert begun.code is ExitCode.NOT_MEASURED
    assert {row.state for row in begun.rows} == {State.NEW}


def test_a_disturbed_cell_is_contaminated_with_its_ratio() -> None:
    flag = Flag(FlagKind.DISTURBED, "another guest took 40 %")
    found = gated(run(lambda trial: replace(trial, flags=(flag,)) if is_victim(trial) else trial))

    assert found.code is ExitCode.CONTAMINATED
    assert {row.title for row in found.rows if row.state is State.CONTAMINATED} == {
        VICTIM,
        VICTIM.replace(",", " ÷ ide,", 1),
    }


def test_a_suspect_is_not_hidden_by_a_gain_confirmed_before() -> None:
    gain = Injected(cell=_victim(), night=18, ratio=1.2)

    found = gated(run(times(0.9), day=25), gain, 25)

    assert found.code is ExitCode.NOT_MEASURED
    assert [row.state for row in found.rows if row.title == VICTIM] == [State.UNDETERMINED]


def test_the_nights_after_another_environment_are_judged_or_said_not_to_be() -> None:
    known, series = nights()
    first = run(kernel="Linux 6.12.0")
    points = {each.key: each.points for each in series}
    for key, point in points_of(first.manifest, first.trials).items():
        points[key] = (*points[key], point)
    after = run(kernel="Linux 6.12.0", day=30, part="-next")
    after = Side(replace(after.manifest, started="2026-02-01T23:30:00Z"), after.trials)

    found = gate(
        (*known, night_of(first.manifest, first.trials)),
        tuple(Series(*each) for each in points.items()),
        (),
        after,
        Limits(),
    )

    assert {row.state for row in found.rows} <= {State.OK, State.UNDETERMINED}
    assert all(row.why for row in found.rows)


def test_a_young_history_tells_nothing_yet() -> None:
    found = gated(run(day=4), count=4)

    assert found.code is ExitCode.NOT_MEASURED
    assert {row.why for row in found.rows} == {f"4 nights before; a series is judged from {FIRST} on"}


def test_a_run_that_the_history_has_already_is_told_as_it_was_that_night() -> None:
    known, series = with_look(run(), run(part="-again"))
    later = gate(known, series, (), run(), Limits())

    assert [(row.title, row.state, row.ratio) for row in later.rows] == [
        (row.title, row.state, row.ratio) for row in gated(run()).rows
    ]
    with pytest.raises(UsageError, match="looked at a night again"):
        gate(known, series, (), run(part="-again"), Limits())


def test_a_metric_that_no_series_is_of_does_not_pass() -> None:
    found = gate(*nights(), (), run(), Limits(metrics={"latency_p99": Limit()}))

    assert found.code is ExitCode.NOT_MEASURED
    assert found.rows[0].metric.name == "latency_p99"


def test_what_is_told_of_nights_is_written_like_any_gate() -> None:
    found = gated(run(times(0.92)))

    assert f"beside its history of {NIGHTS} nights, simulated \\(under software emulation" in markdown.render(found)
    assert b"<error" in junit.encode(found)


def _victim() -> int:
    """Return the number of the victim's cell among the simulated ones."""
    values = [each.key for each in nights()[1] if not each.key.against]
    return next(
        number for number, key in enumerate(values) if key.arm == "blkfront" and "Random read, 4" in key.workload
    )


def test_the_page_has_the_numbers_of_nights_that_hold() -> None:
    text = " ".join((Path(__file__).parents[3] / "docs/gate.md").read_text().split())

    assert f"the first {NEW_FOR} nights of the change" in text
    assert f"fewer than {FIRST} nights before" in text
