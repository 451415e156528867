"""Losses between two runs: what is proven of them, what is ruled out, and how many units that takes."""

import math

import numpy as np
import pytest

from pvbench.metrics import Better
from pvbench.stats import Sample
from pvbench.stats.loss import MOST_UNITS, loss, proven, units_to_rule_out


def sample(ratio: float, units: int, seed: int, sd: float = 0.05) -> Sample:
    logs = np.random.default_rng(seed).normal(math.log(ratio), sd, units)
    return Sample(tuple(enumerate(np.exp(logs).tolist())))


@pytest.mark.parametrize("better", Better)
def test_a_ratio_is_above_1_where_now_is_better_and_its_least_lies_within_the_interval(better: Better) -> None:
    found = loss(sample(1, 10, 1), sample(1.5, 10, 2), better)

    assert (found.ratio > 1) is (better is Better.HIGHER)
    assert found.interval is not None
    assert found.least is not None
    assert found.interval.low < found.least < found.ratio


def test_units_of_two_runs_are_never_pairs() -> None:
    """Were they, two runs that drift alike from block to block would have an interval of no width."""
    one = sample(1, 8, 1, sd=0.2)
    other = Sample(tuple((unit, value * 1.01) for unit, value in one.values))

    interval = loss(one, other, Better.HIGHER).interval

    assert interval is not None
    assert interval.high / interval.low > 1.2


def test_one_unit_tells_nothing_but_a_ratio() -> None:
    found = loss(sample(1, 1, 1), sample(1, 1, 2), Better.HIGHER)

    assert (found.interval, found.least, found.p, found.units) == (None, None, None, 1)
    assert proven([found]) == (False,)


def test_a_loss_among_many_rows_takes_more_proof_than_a_loss_alone() -> None:
    lost = loss(sample(1, 6, 1), sample(0.9, 6, 2), Better.HIGHER)
    others = [loss(sample(1, 6, seed), sample(1, 6, seed + 100), Better.HIGHER) for seed in range(10, 60)]

    assert proven([lost]) == (True,)
    assert proven([lost, *others])[0] is False


@pytest.mark.parametrize("spread", [0.001, 0.01, 0.05])
def test_as_many_units_as_are_named_rule_a_loss_out_in_four_runs_of_five(spread: float) -> None:
    units = units_to_rule_out(spread, 0.2)
    assert units is not None

    sd = math.sqrt(spread / 2)
    least = [loss(sample(1, units, s, sd), sample(1, units, s + 5000, sd), Better.HIGHER).least for s in range(400)]
    share = sum(each is not None and each > 1 / 1.2 for each in least) / len(least)
    # Of two units or three the next smaller number is far from enough, and this one more than enough.
    assert 0.74 < share < (1.0 if units > 4 else 1.01)


def test_what_no_matrix_can_tell_is_said_so() -> None:
    assert units_to_rule_out(1.0, 0.01) is None
    assert units_to_rule_out(0.0, 0.01) == 2
    units = [units_to_rule_out(0.01, worse) for worse in (0.3, 0.1, 0.03, 0.01)]
    assert units == sorted(each or MOST_UNITS for each in units)
