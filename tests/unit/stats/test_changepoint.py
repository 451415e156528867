"""Change points of nights: what is found, what is not, and how often nothing is taken for something."""

import json
import os
import time
import tracemalloc
from pathlib import Path

import numpy as np
import pytest

from pvbench.stats.changepoint import changes
from pvbench.testing.nights import MARGIN, score, synthetic_nights

TREEHERDER = Path(os.environ.get("TREEHERDER", Path(__file__).parents[4] / "shared/data/treeherder"))


def indices(values: list[list[float]]) -> list[list[int]]:
    return [[each.index for each in own] for own in changes(values)]


@pytest.mark.proof
@pytest.mark.parametrize("seed", [101, 102, 103, 104, 105])
def test_steps_of_3_to_15_per_cent_are_found_among_noise_and_outliers(seed: int) -> None:
    made = synthetic_nights(seed)

    began = time.process_time()
    told = indices(made.values)
    took = time.process_time() - began
    every, larger = score(made, told), score(made, told, leaving_out=0.03)

    print(f"precision {every.precision:.3f}, F1 {every.f1:.3f}, without 3 % steps {larger.f1:.3f}, {took:.2f} s")
    assert every.precision >= 0.92
    assert every.f1 >= 0.87
    assert larger.f1 >= 0.93
    assert took <= 5


@pytest.mark.proof
def test_at_most_one_flat_series_in_a_hundred_has_an_alarm() -> None:
    made = [synthetic_nights(seed) for seed in range(201, 205)]
    flat = [values for each in made for values, steps in zip(each.values, each.steps, strict=True) if not steps]

    assert sum(map(bool, indices(flat))) / len(flat) <= 0.01


@pytest.mark.proof
def test_a_settled_change_is_neither_moved_nor_removed_by_the_nights_after_it() -> None:
    made = synthetic_nights(301, count=60).values
    settled: list[set[tuple[int, float]]] = [set() for _ in made]

    for nights in range(1, 121):
        for row, own in enumerate(changes([values[:nights] for values in made])):
            now = {(each.index, each.ratio) for each in own if each.settled}
            assert settled[row] <= now
            settled[row] = now

    assert sum(map(len, settled)) > 30


@pytest.mark.proof
@pytest.mark.parametrize("name", ["a11y", "runs1", "runs2", "runs3", "runs4", "runs5", "tp5rss"])
def test_what_perfherder_is_expected_to_find_is_found(name: str) -> None:
    """Mozilla's series; MPL-2.0, so they are not shipped: TREEHERDER names the folder where they are."""
    if not (TREEHERDER / f"{name}.json").exists():
        pytest.skip(f"no {name}.json in {TREEHERDER}: set TREEHERDER to where Mozilla's series are")
    kept = json.loads((TREEHERDER / f"{name}.json").read_text())
    expected = [kept["timestamps"].index(each) for each in kept["expected_alert_timestamps"]]

    (told,) = indices([kept["values"]])

    assert [at for at in expected if not any(abs(at - index) <= MARGIN for index in told)] == []


def test_one_bad_night_is_no_change_and_a_lasting_step_is() -> None:
    rng = np.random.default_rng(5)
    steady = 100 * np.exp(rng.normal(0, 0.01, 60))
    bad = steady.copy()
    bad[30] *= 0.5
    slower = steady.copy()
    slower[40:] *= 0.92

    of_bad, of_slower = changes([bad.tolist(), slower.tolist()])

    assert of_bad == ()
    (found,) = of_slower
    assert found.index == 40
    assert found.ratio == pytest.approx(0.92, abs=0.01)
    assert found.noise == pytest.approx(0.01, rel=0.4)


def test_nights_that_were_not_measured_are_passed_over_and_keep_their_indices() -> None:
    rng = np.random.default_rng(6)
    values: list[float | None] = (100 * np.exp(rng.normal(0, 0.01, 60))).tolist()
    values = [None if at % 7 == 0 else (value or 0) * (1.2 if at >= 36 else 1) for at, value in enumerate(values)]

    ((found,),) = changes([values])

    assert found.index == 36


def test_series_of_any_length_and_constant_ones_are_answered() -> None:
    assert changes([]) == []
    assert changes([[], [1.0], [2.0] * 5, [3.0] * 50, [None] * 10]) == [(), (), (), (), ()]


def test_a_step_in_a_series_without_any_noise_is_found() -> None:
    ((found,),) = changes([[100.0] * 20 + [104.0] * 20])

    assert (found.index, round(found.ratio, 3)) == (20, 1.04)


@pytest.mark.parametrize("wild", [1e4, 1e300, 1e-300])
def test_a_value_however_wild_hides_no_step(wild: float) -> None:
    values = [100.0] * 20 + [104.0] * 20
    values[5] = wild

    ((found,),) = changes([values])

    assert (found.index, round(found.ratio, 3)) == (20, 1.04)


@pytest.mark.thorough
def test_what_is_found_in_a_series_does_not_depend_on_those_beside_it() -> None:
    made = synthetic_nights(7, count=40).values
    wild = [10.0 ** (at % 9) for at in range(120)]
    alone = [changes([values])[0] for values in made]

    assert changes([*made, wild])[:-1] == alone


def test_many_series_take_no_more_memory_than_a_few() -> None:
    wild = [10.0 ** (at % 9) for at in range(200)]

    tracemalloc.start()
    changes([wild] * 100)
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()

    assert most < 8e6


@pytest.mark.parametrize("wrong", [0.0, -1.0, float("nan"), float("inf")])
def test_a_value_that_is_no_positive_number_is_refused(wrong: float) -> None:
    with pytest.raises(ValueError, match="positive"):
        changes([[1.0] * 9 + [wrong]])


def test_several_wild_values_of_a_short_series_hide_no_step() -> None:
    ((found,),) = changes([[1e308, 5e-324, 1e308, *[1.0] * 12, *[5.0] * 12]])

    assert (found.index, found.ratio) == (15, pytest.approx(5))
