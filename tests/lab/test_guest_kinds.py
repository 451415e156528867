"""Guests like those of distributions that are none of Debian's: measured beside the builtin one, as they come."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.lab.campaign import LEFT, dom0, pvbench
from tests.lab.like_images import like_image
from tests.lab.own_guests import digest, measured

pytestmark = [pytest.mark.lab, pytest.mark.soak, pytest.mark.usefixtures("lab", "room")]

DEVICES = ("ide", "blkfront", "e1000", "netfront")
USERS = {"ubuntu": "ubuntu", "fedora": "root"}
MATRIX = """\
schema: 1
hosts: [lab]
devices: {{block: [ide, blkfront], net: [e1000, netfront]}}
placement: isolated
guest: {{image: [builtin, {images}], memory: 1GiB}}
workloads:
  - fio: {{rw: randread, bs: 4KiB, runtime: 2s, warmup: 1s}}
  - fio: {{rw: randwrite, bs: 4KiB, runtime: 2s, warmup: 1s}}
  - iperf3: {{direction: up, runtime: 2s, warmup: 1s}}
  - netperf: {{test: TCP_RR, runtime: 2s, warmup: 1s}}
run: {{blocks: 1, seed: 1, traces: 0}}
scratch: 16MiB
compare: {{factor: guest, baseline: builtin}}
"""


def looked(folder: Path, name: str) -> dict[str, Any]:
    """Return what doctor tells of a guest."""
    argv = ("doctor", "lab", "--guest", str(like_image(name)), "--user", USERS[name], "--json")
    told = json.loads(pvbench(folder, *argv, timeout=3600).stdout)
    assert told["fit"], told
    return dict(told["facts"])


def test_guests_of_other_distributions_kinds_are_measured_beside_the_builtin_one_and_stay_as_they_are(
    tmp_path: Path,
) -> None:
    images = {name: like_image(name) for name in USERS}
    before = {name: digest(path) for name, path in images.items()}
    wanted = (json.dumps({"path": str(path), "user": USERS[name]}) for name, path in images.items())

    made = measured(tmp_path, MATRIX.format(images=", ".join(wanted)))

    guests = ("builtin", *(path.name for path in images.values()))
    assert made == {(guest, device, "ok") for guest in guests for device in DEVICES}
    assert {name: digest(path) for name, path in images.items()} == before
    assert dom0(tmp_path, LEFT).split() == []


def test_a_guest_like_ubuntus_is_entered_by_sudo_where_root_is_locked_and_runs_nothing_in_tmp(tmp_path: Path) -> None:
    assert looked(tmp_path, "ubuntu")["security module"] == "AppArmor"


def test_a_guest_like_fedoras_enforces_selinux_while_it_is_looked_at(tmp_path: Path) -> None:
    assert looked(tmp_path, "fedora")["security module"] == "SELinux enforcing"
