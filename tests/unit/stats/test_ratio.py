import math

import pytest

from pvbench.metrics import Better
from pvbench.stats import Method, Sample
from pvbench.stats.ratio import estimate


def sample(*values: float, first: int = 0) -> Sample:
    return Sample(tuple(enumerate(values, start=first)))


def test_the_paired_interval_is_the_textbook_one() -> None:
    # d = ln 2, ln 4, ln 8: mean ln 4, sd ln 2, t(0.975, 2) = 4.302653
    found = estimate(sample(1, 1, 1), sample(2, 4, 8), Better.HIGHER, 0.95)
    half = 4.302652729911275 * math.log(2) / math.sqrt(3)
    assert found.interval is not None
    assert pytest.approx(4.0) == found.point
    assert pytest.approx(4 * math.exp(-half)) == found.interval.low
    assert pytest.approx(4 * math.exp(half)) == found.interval.high
    assert (3, Method.PAIRED) == (found.units, found.method)


def test_where_lower_is_better_the_ratio_is_turned_over() -> None:
    assert pytest.approx(4.0) == estimate(sample(8, 8), sample(2, 2), Better.LOWER, 0.95).point


def test_one_block_gives_an_estimate_without_an_interval() -> None:
    found = estimate(sample(2), sample(6), Better.HIGHER, 0.95)
    assert (pytest.approx(3.0), None, 1, Method.POINT) == (found.point, found.interval, found.units, found.method)


def test_a_block_that_lacks_an_arm_is_left_out_of_the_pairs() -> None:
    found = estimate(sample(1, 1, 1000), sample(3, 3), Better.HIGHER, 0.95)
    assert (pytest.approx(3.0), 2) == (found.point, found.units)


def test_drift_shared_by_a_block_cancels() -> None:
    found = estimate(sample(100, 50, 25), sample(300, 150, 75), Better.HIGHER, 0.95)
    assert found.interval is not None
    assert (pytest.approx(3.0), pytest.approx(3.0)) == (found.interval.low, found.interval.high)


def test_arms_without_a_common_block_get_fiellers_interval() -> None:
    above, below = (9.0, 11.0, 10.0), (1.9, 2.1, 2.0)
    found = estimate(sample(*below), sample(*above, first=10), Better.HIGHER, 0.95)
    assert Method.UNPAIRED is found.method
    assert pytest.approx(5.0) == found.point
    assert found.interval is not None
    # Each end θ solves (N - θD)² = t²(s²_N/n + θ²s²_D/n): both lie equally many standard errors away.
    distances = [
        abs(10 - theta * 2) / math.sqrt(1 / 3 + theta**2 * 0.01 / 3)
        for theta in (found.interval.low, found.interval.high)
    ]
    assert pytest.approx(distances[0]) == distances[1]
    assert 2.776 < distances[0] < 4.303  # t with 4 and with 2 degrees of freedom
    assert found.interval.low < 5 < found.interval.high


def test_fieller_without_a_resolved_denominator_is_unbounded() -> None:
    found = estimate(sample(0.1, 9.9), sample(5, 5.1, first=10), Better.HIGHER, 0.95)
    assert (Method.UNPAIRED, None) == (found.method, found.interval)


def test_fieller_of_constant_arms_is_the_point() -> None:
    found = estimate(sample(2, 2), sample(6, 6, first=10), Better.HIGHER, 0.95)
    assert found.interval is not None
    assert (3.0, 3.0) == (found.interval.low, found.interval.high)


def test_a_zero_has_no_ratio() -> None:
    with pytest.raises(ValueError, match="above zero"):
        estimate(sample(0, 1), sample(1, 1), Better.HIGHER, 0.95)
