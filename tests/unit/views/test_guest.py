"""What doctor says of an image whose guest does not answer."""

from pvbench.errors import BootError, NoNetwork
from pvbench.views.doctor import render
from pvbench.views.guest import checkup_of, looked_into, silent
from tests.unit.guest.test_look import CONSOLE


def test_a_guest_without_a_network_is_explained_by_what_it_said_on_its_console() -> None:
    error = NoNetwork("its network does not answer", hint="mend it")
    error.console = CONSOLE

    checkup = silent("debian.qcow2", [error])

    assert not checkup.fit
    assert ("reached by", "its serial console alone") in checkup.facts
    assert checkup.lacks[0].what == "its network does not answer"
    assert any("xen-netfront" in lack.what for lack in checkup.lacks)


def test_a_guest_that_said_nothing_is_told_by_why_it_is_silent() -> None:
    error = NoNetwork("its network does not answer", hint="mend it")

    assert looked_into(error) is None
    assert looked_into(BootError("it is gone")) is None
    assert [(lack.what, lack.mend) for lack in silent("debian.qcow2", [error]).lacks] == [(error.message, "mend it")]


LOOK = """\
kernel=6.1.0-32-amd64
command_line=BOOT_IMAGE=/boot/vmlinuz root=/dev/vda1 ro console=ttyS0 {word}
free=900000
boot_files= /boot/grub/grub.cfg /etc/default/grub update-grub
module xen-netfront=loaded
module e1000={e1000}
tool fio=pushed
"""


def told(word: str = "", e1000: str = "there") -> str:
    return render(checkup_of("debian.qcow2", "netfront", LOOK.format(word=word, e1000=e1000).encode(), []))


def test_an_image_that_unplugs_can_be_measured_in_isolated_and_is_told_how_it_keeps_both() -> None:
    text = told()

    assert text.startswith("debian.qcow2 can be measured in: yes\n")
    assert "boot loader" in text
    assert "boot_files" not in text.replace("boot files", "boot_files")
    assert "works: one kind of device a boot, placement isolated" in text
    words = " ".join(text.split())
    assert "refused: emulated and PV devices side by side, placement coexist" in words
    assert "add `xen_emul_unplug=unnecessary` in GRUB_CMDLINE_LINUX of /etc/default/grub and run `update-grub`" in words


def test_an_image_that_keeps_both_says_so() -> None:
    assert "works: emulated and PV devices side by side" in told("xen_emul_unplug=unnecessary")


def test_an_image_whose_kernel_refuses_pv_lacks_them_and_is_told_the_way() -> None:
    text = " ".join(told("xen_emul_unplug=never").split())

    assert "can be measured in: no" in text
    assert "missing: PV devices: its kernel boots with xen_emul_unplug=never" in text
    assert "mend: in the image, which boots by GRUB, take `xen_emul_unplug=never` out" in text


def test_no_line_is_wider_than_a_terminal() -> None:
    text = told("xen_emul_unplug=never " + "word=value " * 40, e1000="absent")

    assert max(map(len, text.splitlines())) <= 100
    assert "missing: e1000, the driver of e1000" in text


def test_the_versions_of_tools_are_told_where_the_guest_says_them() -> None:
    look = LOOK.format(word="", e1000="there").encode() + b"tool netperf=own\n"
    facts = dict(checkup_of("debian.qcow2", "netfront", look, [], (("tool fio", "3.33 (pvbench's)"),)).facts)

    assert (facts["fio"], facts["netperf"]) == ("3.33 (pvbench's)", "its own")
