"""doctor --guest over a made-up host: five images that cannot be measured in, and what mends each."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from pvbench.errors import GuestKeyMismatch, GuestUnfit, PvbenchError
from pvbench.hypervisor import GuestSpec
from pvbench.testing.world import FakeWorld
from pvbench.xen.silence import aside, silent
from tests.unit.test_disk_image import qcow2
from tests.unit.xen import consoles_seen as seen

Call = Callable[..., Any]
LOOK = """\
kernel=6.1.0-32-amd64
distribution=Debian GNU/Linux 12 (bookworm)
command_line=BOOT_IMAGE=/boot/vmlinuz root=/dev/vda1 ro console=ttyS0
free={free}
boot_files= /boot/grub/grub.cfg /etc/default/grub update-grub
module xen-netfront={netfront}
module xen-blkfront=loaded
module e1000={e1000}
module ata-piix=there
tool fio=pushed
tool iperf3=own
"""


def looks(free: int = 900_000, netfront: str = "loaded", e1000: str = "there") -> str:
    return LOOK.format(free=free, netfront=netfront, e1000=e1000)


def mute(console: str, port: str = "silent", read: int = 1 << 28) -> Callable[[GuestSpec], PvbenchError | None]:
    return lambda spec: silent(spec, "xen1", {"console": console, "read": read, "port": port}, waited_s=55.0)


@pytest.fixture
def doctor(call: Call, matrix: Path) -> Callable[[], Any]:
    (matrix.parent / "debian.qcow2").write_bytes(qcow2())
    return lambda: call("doctor", "xen1", "--guest", "debian.qcow2")


def told(said: Any) -> str:
    assert said.code == 4, said.err
    assert said.out.startswith("debian.qcow2 can be measured in: no\n")
    assert max(map(len, said.out.splitlines())) <= 100
    return " ".join(said.out.split())


def test_an_image_without_netfront_is_reached_by_its_emulated_nic_and_that_is_named(
    doctor: Callable[[], Any], world: FakeWorld
) -> None:
    no_network = mute(seen.KERNEL + seen.LOGIN)
    world.hypervisor.refuses = lambda spec: no_network(spec) if spec.devices == ("netfront",) else None
    world.answers["sh"] = looks(netfront="absent")
    text = told(doctor())

    assert "reached by e1000" in text
    assert "missing: xen-netfront, the frontend of netfront mend: boot a kernel with it" in text


def test_an_image_without_e1000_is_told_that_driver(doctor: Callable[[], Any], world: FakeWorld) -> None:
    world.answers["sh"] = looks(e1000="absent")
    text = told(doctor())

    assert "reached by netfront" in text
    assert "missing: e1000, the driver of e1000 mend: boot a kernel with it, or leave e1000 out" in text
    assert len(world.hypervisor.boots) == 1


@pytest.mark.parametrize(
    ("console", "port", "read", "missing", "mend"),
    [
        (seen.KERNEL + seen.LOGIN, "refused", 1 << 28, "nothing listens at its SSH port", "install openssh-server"),
        (seen.SSHD_FAILED, "refused", 1 << 28, "its sshd did not start: ssh.service", "`sshd -t`"),
        (seen.GRUB_NO_KERNEL, "silent", 2 << 20, "does not find its kernel", "update-grub"),
        (seen.EXTLINUX_NO_KERNEL, "silent", 1 << 20, "does not find /boot/vmlinuz", "extlinux.conf"),
        (seen.INITRAMFS_TOOLS, "silent", 1 << 26, "does not find its root file system, UUID=1b2c-77", "root="),
        (seen.PANIC_INIT, "silent", 1 << 26, "No working init found", "/sbin/init"),
        ("", "silent", 512, "its boot loader never ran", "boots by BIOS"),
        ("", "silent", 1 << 20, "has loaded no kernel", "SERIAL 0"),
        (seen.FULL, "refused", 1 << 28, "its disk is full", "free some 200 MB"),
    ],
)
def test_an_image_without_sshd_or_room_or_that_does_not_boot_is_told_in_one_boot(
    doctor: Callable[[], Any], world: FakeWorld, console: str, port: str, read: int, missing: str, mend: str
) -> None:
    world.hypervisor.refuses = mute(console, port, read)
    text = told(doctor())

    assert missing in text.partition("mend: ")[0]
    assert mend in text.partition("mend: ")[2]
    assert len(world.hypervisor.boots) == 1


def test_an_image_whose_disk_is_full_and_that_boots_all_the_same_is_told_its_room(
    doctor: Callable[[], Any], world: FakeWorld
) -> None:
    world.answers["sh"] = looks(free=1200)
    text = told(doctor())

    assert "missing: free space: its root file system has 1 MiB mend: free 50 MiB or more" in text


def test_a_full_disk_that_took_no_seed_is_told_as_why_the_guest_bears_another_key(
    doctor: Callable[[], Any], world: FakeWorld
) -> None:
    error = GuestKeyMismatch(f"pvb-x answers with another host key than it was given{aside({'console': seen.FULL})}")
    world.hypervisor.refuses = lambda _spec: error
    text = told(doctor())

    assert "missing: pvb-x answers with another host key than it was given; its disk is full" in text


def test_an_image_that_lacks_nothing_can_be_measured_in(doctor: Callable[[], Any], world: FakeWorld) -> None:
    world.answers["sh"] = looks()
    said = doctor()

    assert said.code == 0
    assert said.out.startswith("debian.qcow2 can be measured in: yes\n")
    assert "boot loader" in said.out
    assert "refused: emulated and PV devices side by side, placement coexist" in said.out


def test_a_run_in_an_image_that_unplugs_goes_on_with_the_other_guest_and_says_why_once(
    call: Call, matrix: Path, world: FakeWorld
) -> None:
    (matrix.parent / "debian.qcow2").write_bytes(qcow2())
    matrix.write_text(matrix.read_text() + "guest: {image: [builtin, debian.qcow2]}\n")
    unfit = GuestUnfit("the guest debian.qcow2 does not keep both", hint="run `update-grub`")
    world.hypervisor.refuses = lambda spec: unfit if spec.guest == "debian.qcow2" else None
    said = call("run", matrix)

    assert said.code == 3
    assert [spec.guest for spec in world.hypervisor.boots] == ["debian.qcow2", "builtin", "builtin"]
    assert said.err.count("does not keep both") == 1
    assert said.err.count("NOT MEASURED: as the one before") == 7
    assert "does not keep both (run `update-grub`)" in " ".join(said.out.split())
