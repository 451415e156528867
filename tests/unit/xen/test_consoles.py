"""What serial consoles say, by what real programs print there; hostile text among it."""

import time
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pvbench.xen import consoles
from tests.unit.xen import consoles_seen as seen

CONSOLES = Path(__file__).parents[2] / "golden/consoles"
SAID = [
    (
        seen.GRUB_NO_KERNEL,
        "does not find its kernel: file `/boot/vmlinuz-6.1.0-32-amd64' not found",
        "update-grub",
        True,
    ),
    (seen.GRUB_NO_KERNEL_OLD, "does not find its kernel: file `/boot/vmlinuz' not found", "update-grub", True),
    (seen.GRUB_RESCUE, "stopped: error: no such partition", "grub-install", True),
    (seen.GRUB_PROMPT, "waits at its prompt: it found no configuration", "grub-install", True),
    (seen.GRUB_MENU, "menu waits for somebody", "GRUB_TIMEOUT", False),
    (seen.EXTLINUX_NO_KERNEL, "does not find /boot/vmlinuz", "LINUX and INITRD of the image's extlinux.conf", True),
    (seen.EXTLINUX_NO_INITRD, "does not find /initrd.img", "LINUX and INITRD", True),
    (seen.EXTLINUX_PROMPT, "waits at its prompt", "extlinux.conf", False),
    (seen.EXTLINUX_NO_MODULE, "Failed to load ldlinux.c32", "extlinux --install", True),
    (seen.SEABIOS, "finds nothing to boot", "boots by BIOS", True),
    (seen.PANIC_ROOT, "does not find its root file system", "root=", True),
    (seen.PANIC_INIT, "No working init found", "/sbin/init", True),
    (seen.PANIC_KILLED, "Attempted to kill init", "root= or initramfs", True),
    (seen.PANIC_MEMORY, "initramfs does not unpack: write error", "more memory", True),
    (seen.INITRAMFS_TOOLS, "does not find its root file system, UUID=1b2c-77", "virtio_blk", True),
    (seen.DRACUT, "root file system, /dev/disk/by-uuid/9e5", "virtio_blk", True),
    (seen.MKINITCPIO, "root file system, /dev/vda2", "virtio_blk", True),
    (seen.ALPINE, "initramfs does not find its root file system", "virtio_blk", True),
    (seen.EMERGENCY, "emergency mode, without dev-disk-by", "/etc/fstab", True),
    (seen.FSCK, "file system is damaged", "e2fsck", True),
    (seen.FULL, "disk is full", "free some 200 MB", False),
    (seen.NO_SSHD_KEYS, "no host key", "ssh-keygen -A", False),
    (seen.SSHD_FAILED, "sshd did not start: ssh.service - OpenBSD Secure Shell server", "sshd -t", False),
    (seen.SSHD_FAILED_EL7, "sshd did not start: OpenSSH server daemon", "sshd -t", False),
    (seen.SSHD_FAILED_OPENRC, "sshd did not start: sshd", "sshd -t", False),
    (seen.CORRUPT_KERNEL, "does not unpack: XZ-compressed data is corrupt", "kernel in the image anew", True),
    (seen.BAD_KERNEL, "stopped: error: invalid magic number", "boot loader", True),
    (seen.TOO_NEW, "refuse the host's processor", "older level of x86-64", True),
    (seen.FROZEN, "init stopped: Failed to mount API filesystems", "what init names", True),
    (seen.RELABELS, "labels its files for SELinux", "boot the image once", False),
    (seen.BOOTS_AGAIN, "shut itself down: Restarting system", "first boot", True),
    (seen.SEED_DENIED, "cannot mount its seed, /dev/vdb", "SELinux's policy", False),
    (seen.TWO_MACS, "two NICs bear one MAC", "isolated", False),
]


@pytest.mark.parametrize(("console", "meaning", "mend", "last"), SAID)
def test_where_a_guest_stopped_is_told_with_what_mends_it(console: str, meaning: str, mend: str, last: bool) -> None:
    found = consoles.found(consoles.plain(console))

    assert found is not None
    row, said = found
    assert meaning in said
    assert mend in row.mend
    assert row.last is last
    assert "\x1b" not in said
    assert "\n" not in said + row.mend


@pytest.mark.parametrize(
    ("name", "meaning"),
    [
        ("syslinux-no-kernel", "does not find vmlinuz"),
        ("syslinux-no-initrd", "does not find initrd"),
        ("grub-no-kernel", "does not find its kernel: file `/boot/vmlinuz-6.1' not found"),
        ("grub-menu", "menu waits for somebody"),
        ("grub-prompt", "waits at its prompt"),
        ("cloud-init-full-disk", "its disk is full"),
        ("initramfs-tools-no-root", "does not find its root file system, UUID=1b2c3d4e"),
        ("linux-no-root", "does not find its root file system: unknown-block(0,0)"),
    ],
)
def test_what_real_programs_printed_is_known(name: str, meaning: str) -> None:
    """Recorded of SYSLINUX 6.04, GRUB 2.06, Linux, initramfs-tools and cloud-init of Debian, in QEMU 7.2."""
    found = consoles.found(recorded(name))

    assert found is not None
    assert meaning in found[1]


def recorded(name: str) -> str:
    return consoles.plain((CONSOLES / f"{name}.txt").read_bytes().decode(errors="replace"))


@pytest.mark.parametrize("name", ["cloud-init-at-login", "systemd-257-at-login", "cloud-init-full-disk"])
def test_a_real_guest_is_at_its_prompt_though_cloud_init_prints_behind_it(name: str) -> None:
    assert consoles.at_rest(recorded(name))
    assert (consoles.found(recorded(name)) is None) == ("full" not in name)


@pytest.mark.parametrize("console", [*seen.BOOTED.values(), *seen.BOOTING.values()])
def test_a_guest_that_boots_as_it_should_is_not_said_to_have_stopped(console: str) -> None:
    assert consoles.found(consoles.plain(seen.GRUB_COUNTS + seen.SYSLINUX + "boot: \r\n" + console)) is None


def test_what_a_loader_grumbles_about_and_goes_on_is_no_stop() -> None:
    assert consoles.found(consoles.plain(seen.GRUB_HARMLESS)) is None
    assert consoles.found(consoles.plain(seen.GRUB_NO_KERNEL + seen.KERNEL)) is None


@pytest.mark.parametrize("name", seen.BOOTED)
def test_a_prompt_is_known_whatever_comes_behind_it(name: str) -> None:
    assert consoles.at_rest(consoles.plain(seen.BOOTED[name]))


@pytest.mark.parametrize("name", seen.BOOTING)
def test_a_guest_that_prints_is_not_at_rest(name: str) -> None:
    assert not consoles.at_rest(consoles.plain(seen.BOOTING[name]))


@given(st.text(st.sampled_from("\x1b[]0;1mH\r\n \\\x07(login:error grub>boot'`"), max_size=400))
def test_no_text_breaks_the_reading_of_it(console: str) -> None:
    text = consoles.plain(console)

    consoles.found(text)
    consoles.at_rest(text)
    assert "\x1b" not in text


@pytest.mark.parametrize(
    "flood",
    [
        "error: x\n",
        "error: ",
        "Failed to mount x\n",
        "GNU GRUB  version 2 ",
        "Loading x\n",
        "\x1b]0;",
        "\x1b[",
        "login: ",
        "Kernel panic - not syncing: ",
        "ALERT! " + " " * 70,
        "mounting " + "a" * 60 + " on ",
        "[ 1.1] ",
    ],
)
def test_a_flood_of_words_takes_no_time(flood: str) -> None:
    console = (flood * 24_000)[:24_000]
    begun = time.process_time()
    text = consoles.plain(console)
    consoles.found(text)
    consoles.at_rest(text)

    assert time.process_time() - begun < 1
