import pytest

from pvbench.guest import kept
from pvbench.model import Placement

GRUB = "/boot/grub/grub.cfg /etc/default/grub update-grub"


def booted(line: str, files: str = GRUB) -> kept.Booted:
    return kept.parse(f"command_line=root=/dev/vda1 {line}\nboot_files= {files}\n".encode())


def refused(line: str, *absent: str, placement: Placement = Placement.COEXIST, files: str = GRUB):
    there = {device: device not in absent for device in ("e1000", "netfront", "ide", "blkfront")}
    return kept.refusal("debian.qcow2", placement, there, ["enX0 (vif)"], booted(line, files))


def test_a_guest_with_all_its_devices_is_not_refused() -> None:
    assert refused("quiet") is None


def test_a_guest_that_unplugs_is_told_what_keeps_both_and_where_that_is_written() -> None:
    error = refused("quiet", "e1000", "ide")

    assert "does not keep emulated and PV devices side by side: e1000 and ide are gone" in str(error)
    assert "not told xen_emul_unplug=unnecessary" in str(error)
    assert "add `xen_emul_unplug=unnecessary` in GRUB_CMDLINE_LINUX" in str(error.hint)
    assert str(error.hint).endswith("or use placement isolated")


def test_never_loses_the_pv_half_and_is_replaced() -> None:
    error = refused("xen_emul_unplug=never", "netfront", "blkfront", files="/boot/extlinux.conf")

    assert "boots with xen_emul_unplug=never, and no PV driver loads" in str(error)
    assert "write `xen_emul_unplug=unnecessary` for `xen_emul_unplug=never`" in str(error.hint)
    assert "APPEND lines of /boot/extlinux.conf" in str(error.hint)


def test_of_an_isolated_guest_never_is_taken_out() -> None:
    error = refused("xen_emul_unplug=never", "blkfront", placement=Placement.ISOLATED)

    assert "take `xen_emul_unplug=never` out in GRUB_CMDLINE_LINUX" in str(error.hint)


@pytest.mark.parametrize("word", ["nopv", "xen_nopv"])
def test_a_kernel_that_shall_not_see_a_hypervisor_has_no_pv_device(word: str) -> None:
    assert f"boots with {word}" in str(refused(word, "netfront"))


def test_another_choice_of_what_is_unplugged_is_named_and_replaced() -> None:
    error = refused("xen_emul_unplug=ide-disks", "ide")

    assert "boots with xen_emul_unplug=ide-disks" in str(error)
    assert "for `xen_emul_unplug=ide-disks`" in str(error.hint)


@pytest.mark.parametrize("placement", list(Placement))
def test_a_guest_that_keeps_both_and_lacks_a_driver_is_told_which(placement: Placement) -> None:
    error = refused("xen_emul_unplug=unnecessary", "e1000", placement=placement)

    assert "has no e1000; it has enX0 (vif)" in str(error)
    assert "boot a kernel with e1000" in str(error.hint)


@pytest.mark.parametrize(
    ("line", "both"),
    [
        ("", False),
        ("xen_emul_unplug=unnecessary", True),
        ("xen_emul_unplug=ide-disks,unnecessary", True),
        ("xen_emul_unplug=unnecessary xen_emul_unplug=never", False),
        ("xen_emul_unplug=unnecessary nopv", False),
        ("foo_xen_emul_unplug=unnecessary", False),
    ],
)
def test_both_are_kept_by_one_word_alone(line: str, both: bool) -> None:
    assert booted(line).keeps_both is both


def test_what_a_guest_prints_reaches_no_terminal_as_it_is() -> None:
    there = {"ide": False}
    error = kept.refusal("g", Placement.ISOLATED, there, ["\x1b[2Jx"], booted("xen_emul_unplug=\x1b]0;a"))

    assert "\x1b" not in str(error) + str(error.hint)
