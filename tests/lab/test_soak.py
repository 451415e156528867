"""Faults in numbers, on the lab: whatever happens, a run ends after --resume with every trial measured once.

Most of an hour; `make soak`. PVBENCH_SOAK_SEED repeats the moments of an earlier run, which prints its seed.
"""

import os
import random
import time
from pathlib import Path

import pytest

from tests.lab.campaign import Campaign, dom0, qmp

pytestmark = [pytest.mark.lab, pytest.mark.soak, pytest.mark.usefixtures("lab")]

KILLS, PROGRAM_KILLS, BLOCKS = 20, 5, 4
LONGEST_S = 80.0  # a visit's set-up, boot, trial and teardown, about


@pytest.fixture
def moments() -> random.Random:
    seed = int(os.environ.get("PVBENCH_SOAK_SEED") or time.time())
    print(f"\nseed {seed}")
    return random.Random(seed)


def test_twenty_kills_of_the_controller_at_random_moments_lose_nothing(tmp_path: Path, moments: random.Random) -> None:
    campaign = Campaign(tmp_path, BLOCKS)
    kills, ended = 0, 0
    while kills < KILLS:
        moment = moments.uniform(0.1, LONGEST_S)
        if campaign.lives_for(moment):
            campaign.kill()
            kills += 1
            campaign.tell(f"kill {kills} of {KILLS} after {moment:.1f} s: {campaign.said[-1:]}; {campaign.state()}")
            continue
        campaign.tell(f"it ended with {campaign.code}: {campaign.said[-2:]}; {campaign.state()}")
        ended += 1
        assert ended < 2 * KILLS, "a run that ends by itself all the time is not tested by kills"
        if campaign.code == 0:
            campaign.check_host()
            (folder := tmp_path / f"after-{kills}").mkdir()
            campaign = Campaign(folder, BLOCKS)
        else:
            time.sleep(1)  # the host is not free yet of the one that was killed
    campaign.tell(f"killed in {dict(campaign.phases)}")

    campaign.finish()
    campaign.check_host()


@pytest.mark.parametrize("program", ["pvb-setup", "pvb-domain"])
def test_five_kills_of_a_program_on_the_host_lose_nothing(tmp_path: Path, moments: random.Random, program: str) -> None:
    kills, runs = 0, 0
    while kills < PROGRAM_KILLS:
        runs += 1
        (folder := tmp_path / str(runs)).mkdir()
        campaign = Campaign(folder, 1)
        running = campaign.start()
        time.sleep(moments.uniform(0.1, LONGEST_S))
        killed = ""
        while running.poll() is None and not killed:
            killed = dom0(folder, f"p=$(pgrep -f '/{program}$') && kill -9 $p && echo $p").strip()
        if killed:
            kills += 1
            campaign.tell(f"kill {kills} of {PROGRAM_KILLS} of {program} ({killed}): {campaign.said[-1:]}")
        goes_on(campaign)


def goes_on(campaign: Campaign) -> None:
    """What happened to the host was not the run's end: either it went on by itself, or --resume does."""
    assert campaign.running is not None
    code = campaign.running.wait(timeout=1800)
    campaign.check_rows()
    campaign.tell(
        f"the run ended with {code}: {campaign.state()}; {[line for line in campaign.said if 'again' in line]}"
    )
    if code != 0:
        campaign.finish()
    assert len({row["id"] for row in campaign.rows() if row["outcome"] == "ok"}) == campaign.blocks
    campaign.check_host()


def test_a_host_that_reboots_in_a_run_costs_a_pause(tmp_path: Path) -> None:
    campaign = Campaign(tmp_path, 2)
    campaign.start()
    campaign.wait_for("trial 1 of 2")
    campaign.wait_for("b02")
    campaign.tell(f"rebooting dom0; boot id {dom0(tmp_path, 'cat /proc/sys/kernel/random/boot_id').strip()}")
    dom0(tmp_path, "systemd-run --quiet --on-active=1 --timer-property=AccuracySec=100ms systemctl reboot")

    goes_on(campaign)
    campaign.tell(f"boot id {dom0(tmp_path, 'cat /proc/sys/kernel/random/boot_id').strip()}")


def test_an_sshd_that_is_stopped_for_20_s_costs_a_pause(tmp_path: Path) -> None:
    campaign = Campaign(tmp_path, 1)
    campaign.start()
    campaign.wait_for("guest answers")
    campaign.tell("stopping sshd")
    dom0(tmp_path, "systemd-run --quiet sh -c 'systemctl stop ssh; pkill -x sshd; sleep 20; systemctl start ssh'")

    goes_on(campaign)


@pytest.mark.parametrize("words", ["booting a guest", "guest answers"], ids=["in a boot", "in a trial"])
def test_a_network_that_drops_packets_for_90_s_costs_a_pause(tmp_path: Path, words: str) -> None:
    campaign = Campaign(tmp_path, 1)
    campaign.start()
    campaign.wait_for(words)
    campaign.tell("the lab's network drops everything, without a reset")
    qmp("set_link", name="n0", up=False)
    time.sleep(90)
    qmp("set_link", name="n0", up=True)
    campaign.tell(f"it carries again; meanwhile: {campaign.said[-2:]}")

    goes_on(campaign)


@pytest.mark.parametrize("accident", ["destroy", "pause"])
def test_a_guest_that_is_destroyed_or_hangs_costs_a_boot(tmp_path: Path, accident: str) -> None:
    campaign = Campaign(tmp_path, 1)
    campaign.start()
    campaign.wait_for("guest answers")
    campaign.tell(f"xl {accident}")
    dom0(tmp_path, f"xl {accident} $(xl list | sed -n 's/^\\(pvb-[^ ]*\\) .*/\\1/p')")

    goes_on(campaign)
