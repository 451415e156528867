import pytest

from pvbench.errors import NoNetwork, Silent
from pvbench.xen.silence import BARRED, aside, silent, why_silent
from tests.unit.xen import consoles_seen as seen
from tests.unit.xen.test_own_guest import OWN


@pytest.mark.parametrize(
    ("console", "read", "why", "mend"),
    [
        ("", 512, "its boot loader never ran", "boots by BIOS"),
        ("", 1 << 20, "has loaded no kernel", "SERIAL 0"),
        (seen.SYSLINUX, 1 << 20, "the last it printed is 'SYSLINUX 6.04", "more time or memory"),
        ("", 5 << 20, "printed nothing on its serial console", "console=ttyS0"),
        (
            seen.GRUB_COUNTS + "Loading Linux ...\r\nLoading initial ramdisk ...\r\n",
            50 << 20,
            "printed nothing on its serial console",
            "console=ttyS0",
        ),
        (seen.PANIC_ROOT, 1 << 20, "root file system", "root="),
        (seen.FULL, 1 << 20, "disk is full", "free some 200 MB"),
        (seen.SSHD_FAILED, None, "sshd did not start", "sshd -t"),
        (seen.KERNEL + seen.LOGIN, None, "network does not answer", "driver of its NIC"),
        (seen.WAITS, None, "network does not answer", "driver of its NIC"),
        ("[    1.1] x\nStarting \x1b[1mnetworking\x1b[0m\r\n", None, "'Starting networking'", "time or memory"),
    ],
)
def test_a_silent_guest_is_explained_by_what_it_printed(console: str, read: int | None, why: str, mend: str) -> None:
    told = why_silent(console, read)

    assert why in told.why
    assert mend in told.mend
    assert "\x1b" not in told.why


@pytest.mark.parametrize(
    ("port", "why", "mend"),
    [
        ("refused", "nothing listens at its SSH port", "openssh-server"),
        (BARRED, "lets our key in not", "cloud-init"),
        ("open", "says too little in time", "memory"),
        ("mute", "says too little in time", "memory"),
    ],
)
def test_what_its_ssh_port_does_explains_a_guest_that_booted(port: str, why: str, mend: str) -> None:
    told = why_silent(seen.KERNEL + seen.LOGIN, 1 << 20, port)

    assert why in told.why
    assert mend in told.mend


@pytest.mark.parametrize(
    ("console", "read", "another"),
    [
        (seen.KERNEL + seen.LOGIN, 1 << 28, True),
        (seen.WAITS, 1 << 28, True),
        ("", 1 << 28, True),
        ("", 1 << 20, False),
        (seen.PANIC_ROOT, 1 << 28, False),
    ],
)
def test_a_guest_that_booted_may_answer_over_another_nic(console: str, read: int, another: bool) -> None:
    error = silent(OWN, "lab", {"console": console, "read": read, "port": "silent"}, waited_s=40.0)

    assert type(error) is (NoNetwork if another else Silent)


def test_a_key_that_is_not_its_own_is_explained_by_a_full_disk() -> None:
    assert "disk is full" in aside({"console": seen.FULL})
    assert aside({"console": seen.KERNEL + seen.LOGIN}) == ""
    assert aside({}) == ""
