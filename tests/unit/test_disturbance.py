"""What else ran during a measurement, from two looks, and when it was too much."""

import pytest

from pvbench.disturbance import Beneath, beneath, disturbed

CALM = Beneath(100.0, 2, 50.0, 1.0, 7.0)


def later(*, others: float = 0.0, stolen: float = 0.0, waiting: float | None = 0.0) -> Beneath:
    return Beneath(104.0, 2, 50.0 + others, 1.0 + stolen, None if waiting is None else 7.0 + waiting)


def test_shares_are_those_of_all_cpus_and_of_the_time() -> None:
    assert dict(beneath(CALM, later(others=4.0, stolen=0.8, waiting=3.0))) == pytest.approx(
        {"programs beneath": 0.5, "stolen beneath": 0.1, "waiting beneath": 0.75}
    )


def test_a_kernel_without_pressure_figures_tells_no_waiting() -> None:
    assert "waiting beneath" not in dict(beneath(CALM, later(waiting=None)))


@pytest.mark.parametrize(
    ("before", "after"),
    [(None, CALM), (CALM, None), (CALM, CALM), (CALM, Beneath(104.0, 1, 60.0, 1.0, 8.0))],
    ids=["not looked", "not looked again", "no time", "a CPU went"],
)
def test_looks_that_do_not_tell_give_nothing(before: Beneath | None, after: Beneath | None) -> None:
    assert beneath(before, after) == ()


@pytest.mark.parametrize(
    ("shares", "said"),
    [
        ((), None),
        ((("other guests", 0.05), ("programs beneath", 0.09), ("waiting beneath", 0.9)), None),
        ((("other guests", 0.25), ("programs of the host", 0.15)), "other guests used 25% of the host's CPUs"),
        ((("programs beneath", 0.5), ("waiting beneath", 0.75)), "other programs of the machine beneath used 50%"),
        ((("programs beneath", 0.5),), "other programs of the machine beneath used 50%"),
        ((("programs beneath", 0.5), ("waiting beneath", 0.02)), None),
        ((("stolen beneath", 0.2), ("waiting beneath", 0.0)), "given 20% less"),
    ],
    ids=["nothing told", "a desk at rest", "a domain", "a program", "no pressure told", "cores to spare", "stolen"],
)
def test_what_disturbs_is_what_takes_more_than_its_share(
    shares: tuple[tuple[str, float], ...], said: str | None
) -> None:
    found = disturbed(shares, 0.1)
    assert found is None if said is None else said in str(found)


def test_where_nobody_asked_nothing_disturbs() -> None:
    assert disturbed((("other guests", 0.9),), None) is None
