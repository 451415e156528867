"""How long a guest is waited for: one that stopped is not, one that is slow is."""

from collections.abc import Iterator
from typing import Any

import pytest

from pvbench.xen.silence import BARRED
from pvbench.xen.waiting import Waiting
from tests.unit.xen import consoles_seen as seen

SPEED = 0.084
MIB = 1 << 20


def patience(usual_s: float) -> float:
    return max(30.0, min(1800.0, 2 * usual_s / SPEED))


def given_up(looks: Iterator[dict[str, Any]], step_s: float = 5.0) -> float:
    """Return after how long a guest that looks so, one look after another, is waited for no longer."""
    waiting, now = Waiting(0.0, 90.0, patience), 0.0
    for look in looks:
        if waiting.over(now, look):
            return now
        now += step_s
    raise AssertionError("waited for ever")


def always(console: str | None, read: int | None = 200 * MIB, port: str = "silent") -> Iterator[dict[str, Any]]:
    while True:
        yield {"console": console, "read": read, "port": port}


@pytest.mark.parametrize(
    "console",
    [
        seen.GRUB_NO_KERNEL,
        seen.GRUB_RESCUE,
        seen.GRUB_PROMPT,
        seen.EXTLINUX_NO_KERNEL,
        seen.EXTLINUX_NO_INITRD,
        seen.PANIC_ROOT,
        seen.PANIC_INIT,
        seen.INITRAMFS_TOOLS,
        seen.DRACUT,
        seen.MKINITCPIO,
        seen.ALPINE,
        seen.EMERGENCY,
    ],
)
def test_a_guest_that_stopped_is_not_waited_for(console: str) -> None:
    assert given_up(always(console)) == 0


@pytest.mark.parametrize("console", [*seen.BOOTED.values(), seen.FULL, seen.SSHD_FAILED, seen.NO_SSHD_KEYS])
def test_a_guest_at_a_prompt_has_a_minute_to_answer(console: str) -> None:
    assert 30 <= given_up(always(console)) <= 60


@pytest.mark.parametrize(
    ("console", "read"),
    [
        ("", 0),
        (None, 0),
        ("", 600 << 10),
        (seen.GRUB_MENU, 2 * MIB),
        (seen.EXTLINUX_PROMPT, 200 << 10),
        (seen.GRUB_NO_KERNEL_OLD.replace("error: you need to load the kernel first.", ""), 2 * MIB),
    ],
)
def test_a_boot_loader_that_loads_nothing_has_two_minutes(console: str | None, read: int) -> None:
    assert 60 <= given_up(always(console, read)) <= 120


@pytest.mark.parametrize("port", ["refused", BARRED])
def test_a_network_that_answers_while_nothing_moves_has_a_minute(port: str) -> None:
    assert given_up(always("", port=port)) <= 60


def test_a_slow_guest_that_reads_is_waited_for_until_the_deadline() -> None:
    looks = ({"console": seen.KERNEL, "read": number, "port": "silent"} for number in range(10_000))

    assert given_up(looks) >= 1800


def test_a_slow_guest_that_prints_is_waited_for_until_the_deadline() -> None:
    looks = ({"console": f"{seen.LOGIN}{'.' * number}", "read": None, "port": "refused"} for number in range(10_000))

    assert given_up(looks) >= 1800


def test_a_kernel_that_unpacks_itself_is_waited_for() -> None:
    """It neither prints nor reads for minutes on an emulated host."""
    assert given_up(always("", read=40 * MIB)) >= 300
    assert given_up(always(seen.KERNEL, read=40 * MIB)) >= 300


def test_the_builtin_guest_tells_nothing_and_has_its_time() -> None:
    def silent() -> Iterator[dict[str, Any]]:
        while True:
            yield {"alive": True, "log": None}

    assert given_up(silent()) >= 1800


def test_a_guest_at_a_prompt_that_only_writes_its_journal_is_not_waited_for() -> None:
    looks = ({"console": seen.LOGIN, "read": 200 * MIB + 4096 * number, "port": "silent"} for number in range(10_000))

    assert 30 <= given_up(looks) <= 60
