import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pvbench import figures


def test_what_has_no_digits_is_still_written() -> None:
    assert ["∞", "-∞"] == [figures.significant(each) for each in (math.inf, -math.inf)]


@pytest.mark.parametrize(
    ("point", "expected"), [(16.2, "16×"), (2.13, "2.1×"), (1.024, "1.02×"), (0.0632, "0.063×"), (123.4, "120×")]
)
def test_ratios_have_two_digits_and_near_one_two_places(point: float, expected: str) -> None:
    assert expected == figures.ratio(point)


def test_intervals_are_rounded_outward() -> None:
    assert "[11, 22]" == figures.interval(11.9, 21.1)
    assert "[9.9, 16]" == figures.interval(9.99, 15.2)
    assert "[0.95, 1.07]" == figures.interval(0.951, 1.0601)
    assert "[12, 21]" == figures.interval(12.0, 21.0)


def test_an_end_that_bounds_nothing_says_so_in_a_few_characters() -> None:
    assert "[<0.0001, >10,000]" == figures.interval(8.9e-14, 2.2e11)
    assert "[0.50, >10,000]" == figures.interval(0.5, 1e5)
    assert "[20,000, 30,000]" == figures.interval(2e4, 3e4)


@given(st.floats(1e-4, 1e4), st.floats(1e-4, 1e4))
def test_no_end_of_an_interval_reads_better_than_it_is(one: float, other: float) -> None:
    low, high = sorted((one, other))
    text = figures.interval(low, high)
    shown = [float(end) for end in text.replace(",0", "0").strip("[]").replace(",", " ").split()][:2]
    if "," not in text.replace(", ", " "):
        assert shown[0] <= low * (1 + 1e-9)
        assert shown[1] >= high * (1 - 1e-9)


@pytest.mark.parametrize(
    ("seconds", "expected"),
    [
        (0.0, "0 ms"),
        (0.0003, "< 1 ms"),
        (0.35, "350 ms"),
        (0.9996, "1 s"),
        (5.0, "5 s"),
        (5.24, "5.2 s"),
        (59.6, "1 min 00 s"),
        (83.0, "1 min 23 s"),
        (7380.0, "2 h 03 min"),
        (None, "not measured"),
    ],
)
def test_durations_are_written_as_people_say_them(seconds: float | None, expected: str) -> None:
    assert expected == figures.duration(seconds)


def test_sizes_are_binary_and_shares_are_rounded_down() -> None:
    assert ("4 KiB", "1.50 GiB", "512 B") == (figures.size(4096), figures.size(3 << 29), figures.size(512))
    assert ("99.9 %", "100 %", "not measured") == (figures.share(0.99962), figures.share(1.0), figures.share(None))


def test_a_nan_is_never_asked_for() -> None:
    with pytest.raises(ValueError):
        figures.significant(math.nan)
