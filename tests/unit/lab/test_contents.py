"""What images are made from, by flavour."""

import pytest

from pvbench.lab import contents
from pvbench.lab.flavours import BY_HOST, FLAVOURS, USUAL, Flavour


def test_every_flavour_has_an_image_and_a_name_of_its_own() -> None:
    assert len({contents.digest(flavour, 8) for flavour in FLAVOURS.values()}) == len(FLAVOURS) == len(BY_HOST)
    assert BY_HOST["lab"] is USUAL is FLAVOURS["xen"]


@pytest.mark.parametrize("flavour", FLAVOURS.values(), ids=list(FLAVOURS))
def test_a_host_is_called_as_matrices_call_it(flavour: Flavour) -> None:
    assert contents.overlay(flavour)["etc/hostname"] == f"{flavour.host}\n"


def test_a_plain_host_has_nothing_of_xen_but_what_any_xen_needs_to_be_told_there() -> None:
    plain = FLAVOURS["plain"]

    assert not [package for package in plain.packages if "xen" in package]
    assert [name for name, text in contents.overlay(plain).items() if "XEN" in text] == ["etc/default/grub"]


def test_what_is_left_out_is_left_out_wherever_the_release_has_its_modules() -> None:
    left_out = contents.excluded()

    assert {"/lib/modules/*/kernel/drivers/gpu/*", "/usr/lib/modules/*/kernel/drivers/gpu/*"} <= set(left_out)
    assert not [pattern for pattern in left_out if "drivers/char" in pattern or "drivers/xen" in pattern]
