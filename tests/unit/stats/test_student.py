"""scipy, which is slow to import, says the same of Student's t."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.special import stdtr, stdtrit

from pvbench.stats.student import cumulative, quantile

FREEDOM = st.floats(1, 1e5)


@given(FREEDOM, st.floats(-60, 60))
def test_a_probability_is_scipys(freedom: float, t: float) -> None:
    assert cumulative(freedom, t) == pytest.approx(float(stdtr(freedom, t)), rel=1e-9, abs=1e-300)


@given(FREEDOM, st.floats(1e-6, 1 - 1e-6))
def test_a_quantile_is_scipys(freedom: float, share: float) -> None:
    assert quantile(freedom, share) == pytest.approx(float(stdtrit(freedom, share)), rel=1e-8, abs=1e-9)


@given(FREEDOM, st.floats(0.001, 0.999))
def test_a_quantile_is_where_its_share_lies(freedom: float, share: float) -> None:
    assert cumulative(freedom, quantile(freedom, share)) == pytest.approx(share, rel=1e-10)


@pytest.mark.parametrize(("freedom", "told"), [(1, 12.706), (2, 4.303), (4, 2.776), (10, 2.228), (30, 2.042)])
def test_a_quantile_is_that_of_the_printed_tables(freedom: int, told: float) -> None:
    assert round(quantile(freedom, 0.975), 3) == told


def test_the_ends_are_the_ends() -> None:
    assert (0.0, 0.5, 1.0) == tuple(cumulative(3, t) for t in (-math.inf, 0.0, math.inf))
    assert 0.0 == quantile(3, 0.5)


@pytest.mark.parametrize("share", [0.0, 1.0, -0.1, math.nan])
def test_a_share_of_nothing_or_of_all_has_no_quantile(share: float) -> None:
    with pytest.raises(ValueError, match="between 0 and 1"):
        quantile(3, share)
