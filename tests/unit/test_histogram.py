import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pvbench.histogram import mean_s, merge, quantile_ns, tail_s, total

histograms = st.lists(st.tuples(st.integers(1, 50), st.integers(1, 400)), min_size=1, max_size=30)


def test_counts_of_equal_bins_are_added() -> None:
    assert ((100, 5), (200, 3)) == merge([[(100, 2)], [(200, 3), (100, 3)], []])


@given(histograms, st.sampled_from([0.5, 0.9, 0.99]))
def test_a_percentile_of_merged_bins_is_that_of_all_samples_together(raw: list[tuple[int, int]], q: float) -> None:
    bins = merge([raw])
    samples = sorted(midpoint for midpoint, count in bins for _ in range(count))
    found = tail_s(bins, q)
    if found is not None:
        assert samples[math.ceil(round(len(samples) * q, 6)) - 1] / 1e9 == found


def test_percentiles_are_refused_where_too_few_samples_lie_beyond() -> None:
    assert None is tail_s(((1000, 9_999),), 0.999)
    assert 1e-6 == tail_s(((1000, 10_000),), 0.999)
    assert None is tail_s(((1000, 99_999),), 0.9999)
    assert 1e-6 == tail_s(((1000, 100_000),), 0.9999)
    assert 1e-6 == tail_s(((1000, 1_000),), 0.99)


def test_the_quantile_of_nothing_at_all_is_the_least_and_that_of_all_the_most() -> None:
    bins = ((100, 2), (200, 3), (300, 1))
    assert (100, 100, 200, 300) == tuple(quantile_ns(bins, share) for share in (0, 0.25, 0.5, 1))


def test_all_of_more_samples_than_a_float_counts_are_still_all() -> None:
    assert 2 == quantile_ns(((1, 2**53), (2, 2**53 + 1)), 1.0)


def test_a_quantile_of_no_samples_is_refused() -> None:
    with pytest.raises(ValueError, match="of some samples"):
        quantile_ns((), 0.5)


def test_a_mean_weighs_by_counts() -> None:
    assert 2.5e-7 == mean_s(((100, 1), (300, 3)))


def test_nothing_has_no_percentile() -> None:
    assert (0, None) == (total(()), tail_s((), 0.5))


def test_a_quantile_outside_its_range_is_refused() -> None:
    with pytest.raises(ValueError, match="between 0 and 1"):
        tail_s(((1, 1),), 1.0)


def test_a_quantile_of_more_samples_than_a_float_counts_is_still_one_of_them() -> None:
    assert quantile_ns(((5, 2**53 + 1), (7, 2**53 + 2)), 1.0) == 7
    assert quantile_ns(((5, 2**62 - 1),), 1.0) == 5
