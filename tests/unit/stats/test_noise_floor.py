import math

import pytest

from pvbench.metrics import Better
from pvbench.stats import noise
from pvbench.stats.noise_floor import twin_log


def test_no_twins_no_noise_floor() -> None:
    assert noise([]) is None


def test_one_twinned_block_gives_a_point_alone() -> None:
    found = noise([(1, math.log(1.02)), (1, math.log(1.04))])
    assert found is not None
    assert (None, 1, 2, False) == (found.interval, found.blocks, found.pairs, found.biased)
    assert pytest.approx(math.sqrt(1.02 * 1.04)) == found.ratio


def test_all_pairs_of_a_block_are_one_value() -> None:
    few, many = (noise([(1, 0.02)] * n + [(2, 0.04), (3, -0.01)]) for n in (1, 50))
    assert few is not None
    assert many is not None
    assert (few.ratio, few.interval, 3) == (many.ratio, many.interval, many.blocks)


def test_identical_arms_that_differ_by_more_than_chance_are_a_bias() -> None:
    biased, sound = noise([(1, 0.04), (2, 0.041), (3, 0.039)]), noise([(1, 0.04), (2, -0.041), (3, 0.02)])
    assert biased is not None
    assert sound is not None
    assert (True, False) == (biased.biased, sound.biased)


def test_above_one_the_twin_is_better_whatever_the_metric() -> None:
    assert pytest.approx(math.log(2)) == twin_log(1, 2, Better.HIGHER) == twin_log(2, 1, Better.LOWER)
    assert None is twin_log(0, 1, Better.HIGHER)
