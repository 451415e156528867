"""Alarms of nights: what a step, a bad night, a vanished cell and a constant one come to, night by night."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest

from pvbench.history.analysis import Analysis, analyse
from pvbench.history.nouns import Alarm, AlarmKind, Night, Point, Role, Series, SeriesKey, Side, State

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
