"""A negative control is refused where nothing could be swapped: it would pass, and say that the proof does not hold."""

import pytest

from pvbench.campaign.control import check_control
from pvbench.errors import UsageError
from pvbench.matrix import load
from pvbench.testing.campaign import MATRIX

QUEUES = "tunables: {queues: [1, 4]}\ncompare: {factor: queues, baseline: 1}\n"
NO_COMPARISON = MATRIX.partition("compare:")[0]


def test_two_devices_of_each_kind_in_one_guest_can_be_swapped() -> None:
    check_control(load(MATRIX, name="m"))


@pytest.mark.parametrize(
    ("text", "why"),
    [
        (MATRIX.replace("coexist", "isolated"), "with placement isolated each guest has one device"),
        (NO_COMPARISON.replace("[e1000, netfront]", "[netfront]") + QUEUES, "netfront is alone of its kind"),
        (NO_COMPARISON.replace("[ide, blkfront]", "[blkfront]") + QUEUES, "blkfront is alone of its kind"),
    ],
)
def test_what_nothing_can_be_swapped_with_is_no_control(text: str, why: str) -> None:
    with pytest.raises(UsageError, match=why):
        check_control(load(text, name="m"))
