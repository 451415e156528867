"""The lab's flavours: a host without Xen that boots from its own disk, and two labs at once."""

import json
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from pvbench import shipped
from tests.lab.campaign import pvbench

pytestmark = [pytest.mark.lab, pytest.mark.soak]

ENTRY = "menuentry hang --id hang { while true; do sleep 1; done }"


def run(flavour: str, *command: str, timeout: float = 120) -> str:
    """Return what a command prints on a lab; nothing where the lab does not answer."""
    done = pvbench(Path.cwd(), "lab", "ssh", "--flavour", flavour, "--", *command, timeout=timeout)
    return done.stdout.strip() if done.returncode == 0 else ""


def boot_id(flavour: str) -> str:
    return run(flavour, "cat", "/proc/sys/kernel/random/boot_id")


def comes_back(flavour: str, before: str, patience_s: float = 300) -> bool:
    deadline = time.monotonic() + patience_s
    while time.monotonic() < deadline:
        now = boot_id(flavour)
        if now not in ("", before):
            return True
        time.sleep(2)
    return False


@pytest.fixture(scope="module", autouse=True)
def plain(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """A host without Xen, as it is after its first boots."""
    folder = tmp_path_factory.mktemp("lab")
    up = pvbench(folder, "lab", "up", "--flavour", "plain", "--fresh", timeout=3600)
    assert up.returncode == 0, up.stderr
    yield
    pvbench(folder, "lab", "down", "--flavour", "plain")


def test_a_plain_host_makes_its_boot_menu_and_comes_back_by_it_with_what_was_written() -> None:
    assert not run("plain", "cat", "/sys/hypervisor/type")
    assert "menuentry" in run("plain", "sh", "-c", "update-grub 2>/dev/null && cat /boot/grub/grub.cfg")
    before = boot_id("plain")

    run("plain", "sh", "-c", "echo kept >/root/note; reboot")

    assert comes_back("plain", before)
    assert run("plain", "cat", "/root/note") == "kept"
    assert "BOOT_IMAGE=/boot/vmlinuz" in run("plain", "cat", "/proc/cmdline")


def test_a_host_that_hangs_before_its_kernel_is_reset_by_the_watchdog_that_was_armed_before_it_rebooted() -> None:
    run("plain", "sh", "-c", f"echo '{ENTRY}' >/boot/grub/custom.cfg; grub-reboot hang")
    before = boot_id("plain")

    run("plain", "python3", "-c", (shipped.folder("hostside") / "pvb_bmc.py").read_text(), "60")
    run("plain", "sh", "-c", "sync; reboot")

    assert comes_back("plain", before)
    assert "next_entry=\n" in run("plain", "grub-editenv", "list") + "\n"


def test_a_second_lab_comes_up_beside_it_and_neither_disturbs_the_other(tmp_path: Path) -> None:
    before = boot_id("plain")

    assert pvbench(tmp_path, "lab", "up", "--flavour", "xen13", timeout=3600).returncode == 0
    try:
        assert run("xen13", "sh", "-c", "xl info | grep xen_version").split()[-1].startswith("4.20")
        there = json.loads(pvbench(tmp_path, "lab", "status", "--json").stdout)
        assert {"lab-xen13", "lab-plain"} <= {other["host"] for other in there["others"] if other["running"]}
    finally:
        pvbench(tmp_path, "lab", "down", "--flavour", "xen13")
    assert boot_id("plain") == before
