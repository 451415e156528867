import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pvbench import text_format as fmt
from pvbench.metrics import METRICS


@pytest.mark.parametrize(
    ("metric", "number", "expected"),
    [
        ("throughput", 1_234_500.0, "1.23 MB/s"),
        ("throughput", 999_700.0, "1.00 MB/s"),
        ("throughput", 12.0, "12.0 B/s"),
        ("iops", 2293.4, "2,290 IOPS"),
        ("iops", 123_456.0, "123k IOPS"),
        ("transactions", 122.04, "122 trans/s"),
        ("goodput", 6.1e6, "6.10 Mbit/s"),
        ("latency_p50", 475e-6, "475 µs"),
        ("latency_p99", 0.0802, "80.2 ms"),
        ("latency_p999", 0.0, "0 s"),
        ("retransmits", 0.0, "0"),
        ("retransmits", 1234.0, "1,234"),
        ("lost_share", 0.0123, "1.23 %"),
        ("iops", None, "not measured"),
    ],
)
def test_values_are_written_with_three_digits_and_their_unit(metric: str, number: float | None, expected: str) -> None:
    assert expected == fmt.value(METRICS[metric], number)


def test_what_has_no_digits_is_still_written() -> None:
    assert ["∞", "-∞"] == [fmt.significant(each) for each in (math.inf, -math.inf)]


@pytest.mark.parametrize("metric", METRICS.values(), ids=lambda metric: metric.name)
@given(number=st.floats(min_value=0, max_value=1e12, allow_subnormal=False))
def test_every_metric_has_a_format(metric: object, number: float) -> None:
    text = fmt.value(METRICS[metric.name], number)  # type: ignore[attr-defined]
    assert text
    assert "e+" not in text
    assert "nan" not in text


@pytest.mark.parametrize(
    ("point", "expected"), [(16.2, "16×"), (2.13, "2.1×"), (1.024, "1.02×"), (0.0632, "0.063×"), (123.4, "120×")]
)
def test_ratios_have_two_digits_and_near_one_two_places(point: float, expected: str) -> None:
    assert expected == fmt.ratio(point)


def test_intervals_are_rounded_outward() -> None:
    assert "[11, 22]" == fmt.interval(11.9, 21.1)
    assert "[9.9, 16]" == fmt.interval(9.99, 15.2)
    assert "[0.95, 1.07]" == fmt.interval(0.951, 1.0601)
    assert "[12, 21]" == fmt.interval(12.0, 21.0)


@given(st.floats(1e-4, 1e4), st.floats(1e-4, 1e4))
def test_no_end_of_an_interval_reads_better_than_it_is(one: float, other: float) -> None:
    low, high = sorted((one, other))
    shown = [float(end) for end in fmt.interval(low, high).replace(",0", "0").strip("[]").replace(",", " ").split()][:2]
    if "," not in fmt.interval(low, high).replace(", ", " "):
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
    assert expected == fmt.duration(seconds)


def test_sizes_are_binary_and_shares_are_rounded_down() -> None:
    assert ("4 KiB", "1.50 GiB", "512 B") == (fmt.size(4096), fmt.size(3 << 29), fmt.size(512))
    assert ("99.9 %", "100 %", "not measured") == (fmt.share(0.99962), fmt.share(1.0), fmt.share(None))


def test_what_cannot_be_seen_is_spelt_out() -> None:
    assert r"\x1b[31mred\u202eder\x0a\u200b" == fmt.clean("\x1b[31mred\u202eder\n\u200b")
    assert "a\nb" == fmt.clean("a\nb", keep="\n")
    assert "Größe 大 <b>" == fmt.clean("Größe 大 <b>")


@given(st.text())
def test_clean_text_is_printable_whatever_came_in(text: str) -> None:
    assert fmt.clean(text).isprintable()


def test_a_nan_is_never_asked_for() -> None:
    with pytest.raises(ValueError):
        fmt.significant(math.nan)
