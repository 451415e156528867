import pytest

from pvbench.stats.steady import slope, unsteady


@pytest.mark.parametrize("windows", [(), (1, 2, 3, 9), (100, 104, 98, 101, 99), (100, 102, 104, 106, 108)])
def test_what_is_steady_or_too_short_is_not_flagged(windows: tuple[float, ...]) -> None:
    assert None is unsteady(windows)


def test_a_range_above_a_fifth_of_the_mean_is_flagged() -> None:
    assert "five windows range over 30 % of their mean" == unsteady((100, 115, 85, 100, 100))


def test_a_trend_above_a_tenth_is_flagged_even_within_the_range() -> None:
    assert "their trend moves 12 %" == unsteady((94, 97, 100, 103, 106))


def test_more_windows_are_merged_to_five() -> None:
    assert None is unsteady([80, 120] * 10)
    assert None is not unsteady([80] * 10 + [120] * 10)


def test_nothing_moving_is_flagged() -> None:
    assert "nothing moved" == unsteady((0, 0, 0, 0, 0))


def test_the_slope_is_that_of_least_squares() -> None:
    assert 2 == slope((1, 3, 5, 7))
