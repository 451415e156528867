"""Alarms of nights: what a step, a bad night, a vanished cell and a constant one come to, night by night."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from pvbench.history.analysis import Analysis, analyse
from pvbench.history.nouns import Alarm, AlarmKind, Night, Point, Role, Series, SeriesKey, Side, State
from pvbench.testing.histories import Fault, Injected, Simulation, simulated_history
from pvbench.testing.nights import synthetic_nights

KEY = SeriesKey(Side.VALUE, "xen1", "block", "blkfront", "c0", "randread 4 KiB", "{}", "iops")
SERIES = 8


def night(number: int, **changed: object) -> Night:
    return replace(Night(f"n{number:03}", f"d{number:03}", f"t{number:03}", "m", 1, 1), **changed)  # type: ignore[arg-type]


def steady(nights: int, seed: int = 1, noise: float = 0.02) -> np.ndarray:
    """Values of SERIES series, a row each."""
    return 1000 * np.exp(np.random.default_rng(seed).normal(0, noise, (SERIES, nights)))


def history(
    values: np.ndarray, environments: Sequence[str] | None = None
) -> tuple[tuple[Night, ...], tuple[Series, ...]]:
    nights = tuple(map(night, range(values.shape[1])))
    kinds = environments or ["e"] * len(nights)
    series = tuple(
        Series(
            replace(KEY, cell=f"c{row}"),
            tuple(
                Point(f"n{at:03}", None if np.isnan(value) else float(value), environment=kinds[at])
                for at, value in enumerate(own)
            ),
        )
        for row, own in enumerate(values)
    )
    return nights, series


def again(
    told: tuple[tuple[Night, ...], tuple[Series, ...]], number: int, value: float | None
) -> tuple[tuple[Night, ...], tuple[Series, ...]]:
    """Add fresh boots that look again at the first series of a night."""
    nights, series = told
    look = night(number, run_id="again", role=Role.AGAIN, again=f"n{number:03}")
    first = replace(series[0], points=(*series[0].points, Point("again", value, environment="e")))
    return (*nights, look), (first, *series[1:])


def of(analysis: Analysis, row: int = 0, since: str = "") -> list[Alarm]:
    """Return the alarms of a series from a night on: of any nights a share of those told are false, and cleared."""
    return [each for each in analysis.alarms if each.series == analysis.series[row].key.id and each.run_id >= since]


def test_a_step_of_8_per_cent_is_suspect_the_night_after_and_fresh_boots_confirm_it() -> None:
    values = steady(201)
    values[0, 200] = 920

    (suspect,) = of(analyse(*history(values)), since="n200")
    (confirmed,) = of(analyse(*again(history(values), 200, 925.0)), since="n200")
    (cleared,) = of(analyse(*again(history(values), 200, 1004.0)), since="n200")

    assert (suspect.kind, suspect.state, suspect.run_id, suspect.seen) == (
        AlarmKind.REGRESSION,
        State.SUSPECT,
        "n200",
        "n200",
    )
    assert suspect.ratio == pytest.approx(0.92, abs=0.01)
    assert confirmed.state is State.CONFIRMED
    assert cleared.state is State.CLEARED
    assert confirmed.run_id == cleared.run_id == "n200"


def test_enough_nights_confirm_a_step_without_fresh_boots_and_one_bad_night_is_cleared() -> None:
    values = steady(220)
    values[0, 200:] *= 0.92
    values[1, 200] *= 0.7

    analysis = analyse(*history(values))

    step = of(analysis, since="n199")[0]
    (bad,) = (each for each in of(analysis, 1) if each.run_id == "n200")
    assert (step.state, step.kind) == (State.CONFIRMED, AlarmKind.REGRESSION)
    assert step.run_id in ("n199", "n200", "n201")
    assert (bad.state, bad.run_id) == (State.CLEARED, "n200")


def test_a_cell_without_a_value_and_a_constant_one_are_told_at_once_and_closed_when_they_come_back() -> None:
    values = steady(60)
    values[0, 50:53] = np.nan
    values[1, 50:54] = 987.654

    told = {(each.kind, each.state, each.run_id, each.seen, each.until) for each in analyse(*history(values)).alarms}
    first = of(analyse(*history(values[:, :51])))[-1]

    assert (AlarmKind.MISSING, State.CONFIRMED, "n050", "n050", "n053") in told
    assert (AlarmKind.CONSTANT, State.CONFIRMED, "n050", "n051", "n054") in {
        (kind, state, run, min(seen, "n051"), until) for kind, state, run, seen, until in told
    }
    assert (first.kind, first.state) == (AlarmKind.MISSING, State.SUSPECT)


def test_a_new_environment_begins_a_level_without_an_alarm() -> None:
    values = steady(120)
    values[:, 60:] *= 0.8

    alarms = analyse(*history(values, ["old"] * 60 + ["new"] * 60)).alarms

    assert not [each for each in alarms if each.state is State.CONFIRMED or "n059" <= each.run_id <= "n062"]


def test_twice_as_good_is_not_plausible() -> None:
    values = steady(61)
    values[0, 60] *= 10

    (told,) = of(analyse(*history(values)), since="n060")

    assert (told.kind, told.state) == (AlarmKind.IMPLAUSIBLE, State.SUSPECT)


def test_a_history_without_nights_has_no_alarms() -> None:
    assert analyse((), ()).alarms == ()


def test_what_all_series_of_a_host_do_is_told_as_the_host_s_doing() -> None:
    values = steady(61, noise=0.005)
    values[:, 60] *= 0.9

    told = [each for each in analyse(*history(values)).alarms if each.run_id == "n060"]

    assert len(told) == SERIES
    assert all("the host, not the device" in each.words for each in told)


def test_a_drift_of_the_host_hides_no_step_of_one_series() -> None:
    rng = np.random.default_rng(4)
    values = steady(101, noise=0.005) * np.exp(rng.normal(0, 0.03, 101))
    values[0, 100] *= 0.95

    (told,) = of(analyse(*history(values)), since="n100")

    assert (told.kind, told.state) == (AlarmKind.REGRESSION, State.SUSPECT)
    assert "host" not in told.words


def test_a_change_that_is_undone_or_followed_by_another_environment_has_ended() -> None:
    values = steady(160)
    values[0, 80:120] *= 0.85
    values[1, 80:] *= 0.85

    undone = of(analyse(*history(values)), since="n078")[0]
    moved = of(analyse(*history(values, ["old"] * 140 + ["new"] * 20)), 1, since="n078")[0]

    assert undone.state is moved.state is State.CONFIRMED
    assert undone.until in {f"n{at}" for at in range(117, 124)}
    assert moved.until == "n140"
    assert not undone.stands


def test_a_series_that_the_matrix_forgot_is_missing_and_not_for_ever() -> None:
    nights, series = history(steady(60))
    nights = tuple(replace(each, environments=(("xen1", "e"),)) for each in nights)
    gone = replace(series[0], points=series[0].points[:30])

    after_one = of(analyse(nights[:31], [gone, *(replace(s, points=s.points[:31]) for s in series[1:])]), since="n030")
    for_long = of(analyse(nights, (gone, *series[1:])), since="n030")

    assert [(each.kind, each.state) for each in after_one] == [(AlarmKind.MISSING, State.SUSPECT)]
    assert [(each.kind, each.state) for each in for_long] == [(AlarmKind.MISSING, State.CONFIRMED)]


def test_a_series_that_never_differed_is_constant_only_after_many_nights_and_a_coarse_one_not_at_all() -> None:
    values = np.full((2, 40), 100.0)
    values[1] = np.where(np.random.default_rng(1).random(40) < 0.5, 100.0, 101.0)

    alarms = analyse(*history(values)).alarms
    young = analyse(*history(values[:, :7])).alarms

    assert [each.series for each in alarms if each.kind is AlarmKind.CONSTANT] == [history(values)[1][0].key.id]
    assert young == ()


@pytest.mark.parametrize("seed", range(12))
def test_whatever_the_values_are_the_record_changes_nothing_and_every_figure_is_finite(seed: int) -> None:
    rng = np.random.default_rng(seed)
    values = steady(int(rng.integers(1, 70)), seed, float(rng.choice([0, 1e-6, 0.02, 0.3])))
    values[rng.random(values.shape) < rng.choice([0, 0.1, 0.6])] = np.nan
    values[rng.random(values.shape) < 0.03] *= 10.0 ** rng.integers(-300, 300)
    values[0] = np.nan if seed % 3 == 0 else np.round(values[0], -2)
    nights, series = again(history(values), values.shape[1] - 1, 900.0)

    analysis = analyse(nights, series)

    assert analyse(nights, series, analysis.alarms).alarms == analysis.alarms
    shown = [figure for each in analysis.alarms for figure in (each.ratio, each.threshold) if figure is not None]
    assert np.isfinite(shown).all()


def test_what_was_recorded_as_confirmed_stays_as_it_was_said() -> None:
    nights, series = history(steady(60))
    said = Alarm(series[0].key.id, AlarmKind.REGRESSION, State.CONFIRMED, "n030", "n030", ratio=0.9, words="said")
    open_before = replace(said, series=series[1].key.id, state=State.SUSPECT)

    analysis = analyse(nights, series, [said, open_before])

    assert said in analysis.alarms
    assert [each.state for each in of(analysis, 1) if each.run_id == "n030"] == [State.CLEARED]


@pytest.mark.thorough
@pytest.mark.parametrize("seed", [1, 2])
def test_nights_appended_one_by_one_move_no_confirmed_change_recorded_or_not(seed: int) -> None:
    nights, series = history(np.array(synthetic_nights(seed, count=25).values))
    recorded: list[Alarm] = []
    confirmed: dict[tuple[str, str, str], float | None] = {}

    for count in range(1, 121):
        short = [replace(each, points=each.points[:count]) for each in series]
        alarms = analyse(nights[:count], short, recorded).alarms
        assert count % 10 or alarms == analyse(nights[:count], short).alarms
        now = {(x.series, x.kind, x.run_id): x.ratio for x in alarms if x.state is State.CONFIRMED and x.ratio}
        assert confirmed.items() <= now.items()
        confirmed = now
        recorded += [each for each in alarms if each not in recorded]

    assert len(confirmed) > 8


@pytest.mark.thorough
def test_a_fault_put_into_a_simulated_history_is_told_the_next_night(tmp_path: Path) -> None:
    step, vanished, constant = Injected(3, 200), Injected(5, 200, Fault.VANISHED), Injected(7, 200, Fault.CONSTANT)
    simulation = Simulation(nights=202, series=48, seed=2, injected=(step, vanished, constant))
    kept = simulated_history(str(tmp_path), simulation)

    analysis = analyse(kept.nights(), kept.series())

    cells = [each.key.cell for each in analysis.series if each.key.side is Side.VALUE]
    of_cell = {each.key.id: each.key.cell for each in analysis.series}
    new = {
        (cells.index(of_cell[each.series]), each.kind)
        for each in analysis.alarms
        if each.run_id >= kept.nights()[200].run_id
    }
    assert new >= {(3, AlarmKind.REGRESSION), (5, AlarmKind.MISSING), (7, AlarmKind.CONSTANT)}
