import math

import pytest

from pvbench.stats import Sample


def test_several_readings_of_a_block_become_their_geometric_mean() -> None:
    sample = Sample.of([(1, 2.0), (0, 5.0), (1, 8.0)])
    assert ((0, 5.0), (1, pytest.approx(4.0))) == sample.values


def test_a_zero_reading_makes_its_block_zero() -> None:
    assert ((0, 0.0),) == Sample.of([(0, 0.0), (0, 8.0)]).values
    assert not Sample.of([(0, 0.0)]).positive


def test_the_median_is_taken_over_blocks() -> None:
    assert 3.0 == Sample.of([(0, 1.0), (1, 3.0), (2, 100.0)]).median


@pytest.mark.parametrize(
    "values",
    [(), ((1, 1.0), (0, 1.0)), ((0, 1.0), (0, 2.0)), ((0, math.nan),), ((0, math.inf),), ((0, -1.0),)],
)
def test_a_sample_that_is_none_is_refused(values: tuple[tuple[int, float], ...]) -> None:
    with pytest.raises(ValueError, match="sample"):
        Sample(values)
