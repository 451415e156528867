"""The device asked for must have carried at least 99 % of the traffic, as both sides saw it."""

import pytest

from pvbench.drivers import DRIVERS
from pvbench.evidence.path_check import judge
from pvbench.model import Witness


def seen(side: str, driver: str | None, asked: int | None, total: int | None) -> Witness:
    return Witness(side, driver, asked, total)


def test_a_trial_whose_device_carried_everything_is_fine() -> None:
    assert judge(DRIVERS["netfront"], seen("guest", "vif", 100, 100), seen("host", "vif5.1", 995, 1000)) is None


def test_neighbours_that_ask_for_each_other_on_an_idle_network_are_no_other_path() -> None:
    slow = seen("guest", "e1000", 8095, 8260), seen("host", "vif5.0-emu", 8095, 8260)  # six round trips, and some ARP

    assert judge(DRIVERS["e1000"], *slow) is None


def test_a_device_may_be_idle_only_where_nothing_need_have_reached_it() -> None:
    idle = seen("guest", None, 0, 0), seen("host", None, 0, 0)

    assert judge(DRIVERS["ide"], *idle, idle=True) is None
    assert "saw no traffic" in str(judge(DRIVERS["ide"], *idle))
    unknown = seen("guest", None, None, None), seen("host", None, 0, 0)
    assert "the guest could not say" in str(judge(DRIVERS["ide"], *unknown, idle=True))


@pytest.mark.parametrize(
    ("device", "guest", "host", "reason"),
    [
        ("netfront", ("e1000", 10, 10_000_000), ("vif5.0-emu", 10, 10_000_000), "e1000 carried the most"),
        ("e1000", ("vif", 0, 10_000_000), ("vif5.1", 0, 10_000_000), "vif carried the most"),
        ("e1000", ("e1000", 980_000, 1_000_000), ("vif5.0-emu", 1_000_000, 1_000_000), "carried 98.0 %"),
        ("e1000", ("e1000", 1_000_000, 1_000_000), ("vif5.0-emu", 980_000, 1_000_000), "seen by the host"),
        ("e1000", ("e1000", 1000, 1000), ("vif5.1", 0, 1000), "seen by the host"),
        ("ide", (None, 0, 0), ("hda", 100, 100), "the guest saw no traffic"),
        ("ide", ("ata_piix", 100, 100), (None, None, None), "the host could not say"),
        ("ide", ("ata_piix", 100, 100), (None, 0, 0), "the host saw no traffic"),
        ("blkfront", ("ata_piix", None, 100), ("hda", 0, 100), "ata_piix carried the most"),
    ],
)
def test_anything_else_is_invalid_with_its_reason(
    device: str,
    guest: tuple[str | None, int | None, int | None],
    host: tuple[str | None, int | None, int | None],
    reason: str,
) -> None:
    said = judge(DRIVERS[device], seen("guest", *guest), seen("host", *host))

    assert said is not None
    assert reason in said
