"""Change points of nights: what is found, what is not, and how often nothing is taken for something."""

import tracemalloc
from typing import NamedTuple

import numpy as np
import pytest

from pvbench.stats.changepoint import changes

STEPS = (0.03, 0.05, 0.08, 0.15)
MARGIN = 3


class Nights(NamedTuple):
    values: list[list[float]]
    truth: list[dict[int, float]]  # where each series changes, and by how much


def nights(seed: int, count: int = 1000, length: int = 120) -> Nights:
    """Return series with noise of 2 %, half of it AR(1) of 0.5, one-sided outliers in 3 % and none to two steps."""
    rng = np.random.default_rng(seed)
    values, truth = [], []
    for row in range(count):
        rho = 0.5 * (row % 2)
        noise = rng.normal(0, 0.02, length)
        for night in range(1, length):
            noise[night] = rho * noise[night - 1] + np.sqrt(1 - rho**2) * noise[night]
        steps: dict[int, float] = {}
        for _ in range(int(rng.integers(0, 3))):
            at = int(rng.integers(10, length - 10))
            if all(abs(at - other) >= 15 for other in steps):
                steps[at] = float(rng.choice(STEPS))
                noise[at:] += rng.choice([-1, 1]) * np.log1p(steps[at])
        outliers = np.where(rng.random(length) < 0.03, 0.8, 1.0)
        values.append((100 * np.exp(noise) * outliers).tolist())
        truth.append(steps)
    return Nights(values, truth)


def score(made: Nights, leaving_out: float | None = None) -> tuple[float, float]:
    """Return (precision, F1) of what is found within the margin, a true change found once."""
    right = wrong = missed = 0
    for steps, found in zip(made.truth, changes(made.values), strict=True):
        left = dict(steps)
        for each in found:
            near = min(left, key=lambda at: abs(at - each.index), default=None)
            if near is None or abs(near - each.index) > MARGIN:
                wrong += 1
            elif left.pop(near) != leaving_out:
                right += 1
        missed += sum(size != leaving_out for size in left.values())
    precision, recall = right / (right + wrong), right / (right + missed)
    return precision, 2 * precision * recall / (precision + recall)


@pytest.mark.proof
@pytest.mark.parametrize("seed", [101, 102, 103])
def test_steps_of_3_to_15_per_cent_are_found_among_noise_and_outliers(seed: int) -> None:
    made = nights(seed)

    precision, f1 = score(made)
    _, f1_of_larger = score(made, leaving_out=0.03)
    flat = [values for values, steps in zip(made.values, made.truth, strict=True) if not steps]
    alarmed = sum(bool(found) for found in changes(flat)) / len(flat)

    assert precision >= 0.92
    assert f1 >= 0.87
    assert f1_of_larger >= 0.93
    assert alarmed <= 0.02  # of some 330 series; over all seeds below
    print(f"precision {precision:.3f}, F1 {f1:.3f}, without 3 % steps {f1_of_larger:.3f}, flat alarmed {alarmed:.2%}")


@pytest.mark.proof
def test_at_most_one_flat_series_in_a_hundred_has_an_alarm() -> None:
    flat = [values for seed in range(201, 205) for values, steps in zip(*nights(seed), strict=True) if not steps]

    assert sum(bool(found) for found in changes(flat)) / len(flat) <= 0.01


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


def test_what_is_found_in_a_series_does_not_depend_on_those_beside_it() -> None:
    made = nights(7, count=40).values
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
