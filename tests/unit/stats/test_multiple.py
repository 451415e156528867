import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import false_discovery_control

from pvbench.metrics import METRICS
from pvbench.stats import Correction, Sample, Verdict, compare, judge
from pvbench.stats.compare import Comparison
from pvbench.stats.multiple import benjamini_hochberg, holm

values = st.lists(st.floats(min_value=0, max_value=1), min_size=1, max_size=30)


def comparison(ratio: float, spread: float, blocks: int = 5) -> Comparison:
    rng = np.random.default_rng(int(1000 * ratio))
    logs = rng.normal(0, 1, blocks)
    logs = (logs - logs.mean()) / logs.std(ddof=1) * spread
    arms = (Sample(tuple(enumerate(numbers))) for numbers in ([1.0] * blocks, (ratio * np.exp(logs)).tolist()))
    return compare(*arms, metric=METRICS["iops"])


def test_holm_is_as_in_the_paper() -> None:
    assert pytest.approx((0.03, 0.06, 0.06, 0.02)) == holm((0.01, 0.04, 0.03, 0.005))


@given(values)
def test_corrections_keep_the_order_and_never_lower_a_p_value(found: list[float]) -> None:
    for adjust in (holm, benjamini_hochberg):
        adjusted = adjust(found)
        assert all(one >= p for one, p in zip(adjusted, found, strict=True))
        ranked = [adjusted[i] for i in sorted(range(len(found)), key=found.__getitem__)]
        assert ranked == sorted(ranked)
        assert all(0 <= one <= 1 for one in adjusted)


@given(values)
def test_benjamini_and_hochbergs_is_scipys(found: list[float]) -> None:
    assert pytest.approx(false_discovery_control(found).tolist()) == list(benjamini_hochberg(found))


def test_one_comparison_alone_keeps_its_verdict() -> None:
    barely = comparison(1.2, 0.1)
    assert Verdict.FASTER is barely.verdict
    assert (barely,) == judge([barely]).comparisons


def test_a_difference_that_does_not_survive_is_undetermined_and_claims_no_size() -> None:
    barely = comparison(30, 0.9, blocks=2)
    assert (Verdict.UNDETERMINED, 0) == (barely.verdict, barely.decades), "df = 1 is no verdict here"
    family = judge([comparison(1.2, 0.14), comparison(1.01, 0.3), comparison(40, 0.1)])
    assert [Verdict.UNDETERMINED, Verdict.UNDETERMINED, Verdict.FASTER] == [one.verdict for one in family.comparisons]
    assert [0, 0, 1] == [one.decades for one in family.comparisons]
    assert (Correction.HOLM, 3) == (family.correction, family.tests)


def test_what_was_not_tested_is_not_counted() -> None:
    untested = compare(Sample(((1, 0.0),)), Sample(((1, 2.0),)), metric=METRICS["iops"])
    family = judge([untested, comparison(2, 0.1)])
    assert (1, None) == (family.tests, family.adjusted[0])


def test_past_twenty_comparisons_the_share_of_false_ones_is_bounded() -> None:
    assert Correction.HOLM is judge([comparison(2, 0.1)] * 20).correction
    assert Correction.BENJAMINI_HOCHBERG is judge([comparison(2, 0.1)] * 21).correction


@given(st.floats(0.3, 3), st.floats(0.001, 0.5), st.integers(2, 12))
def test_the_p_value_says_what_the_interval_says(ratio: float, spread: float, blocks: int) -> None:
    estimate = comparison(ratio, spread, blocks).estimate
    assert estimate is not None
    assert estimate.interval is not None
    assert estimate.p is not None
    if abs(estimate.p - 0.05) > 1e-9:
        assert (estimate.p < 0.05) == (not estimate.interval.low <= 1 <= estimate.interval.high)
