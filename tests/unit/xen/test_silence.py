import pytest

from pvbench.xen.silence import settled, why_silent


@pytest.mark.parametrize(
    ("console", "read", "why", "mend"),
    [
        ("", 512, "its boot loader never ran", "boots by BIOS"),
        ("", 5 << 20, "printed nothing on its serial console", "console=ttyS0"),
        (
            "[1.0] Kernel panic - not syncing: VFS: Unable to mount root fs\r\n",
            1 << 20,
            "Unable to mount root",
            "root=",
        ),
        ("Gave up.\nALERT!  LABEL=root does not exist.  Dropping to a shell!", None, "LABEL=root", "virtio_blk"),
        ("error: no such partition.\r\nEntering rescue mode...\r\n", 1 << 16, "no such partition", "boot loader"),
        ("cp: write error: No space left on device\n", 1 << 20, "disk is full", "free space"),
        ("\x1b[0;31mFAILED\x1b[0m Failed to start ssh.service - OpenBSD\r\n", None, "sshd did not start", "sshd"),
        ("Debian GNU/Linux 12 host ttyS0\r\n\r\nhost login: ", None, "network does not answer", "driver of its NIC"),
        ("Starting \x1b[1mnetworking\x1b[0m\r\n", None, "'Starting networking'", "time or memory"),
    ],
)
def test_a_silent_guest_is_explained_by_what_it_printed(console: str, read: int | None, why: str, mend: str) -> None:
    said, mending = why_silent(console, read)

    assert why in said
    assert mend in mending
    assert "\x1b" not in said


def test_a_network_that_answers_lacks_an_sshd() -> None:
    why, mend = why_silent("host login: ", 1 << 20, "refused")

    assert "nothing listens at its SSH port" in why
    assert "openssh-server" in mend


@pytest.mark.parametrize(
    ("console", "last"),
    [
        ("host login: ", True),
        ("\x1b[1mhost login:\x1b[0m \r\n", True),
        ("(initramfs) ", True),
        ("Kernel panic - not syncing: x ]---\r\n", True),
        ("Starting ssh.service\r\n", False),
        ("", False),
        ("host login: " + "more " * 100, False),
    ],
)
def test_a_guest_that_has_come_as_far_as_it_will_is_known(console: str, last: bool) -> None:
    assert settled(console) is last
