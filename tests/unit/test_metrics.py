import pytest
from hypothesis import given
from hypothesis import strategies as st

from pvbench.metrics import METRICS, Metric


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
    assert expected == METRICS[metric].text(number)


@pytest.mark.parametrize("metric", METRICS.values(), ids=lambda metric: metric.name)
@given(number=st.floats(min_value=0, max_value=1e12, allow_subnormal=False))
def test_every_metric_has_a_format(metric: Metric, number: float) -> None:
    text = metric.text(number)
    assert text
    assert "e+" not in text
    assert "nan" not in text
