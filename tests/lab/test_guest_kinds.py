"""Guests like those of distributions that are none of Debian's: measured beside the builtin one, as they come."""

import hashlib
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.lab.campaign import LEFT, dom0, lab_is_up, pvbench
from tests.lab.like_images import like_image

pytestmark = [pytest.mark.lab, pytest.mark.soak]

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


@pytest.fixture(scope="module", autouse=True)
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    folder = tmp_path_factory.mktemp("lab")
    was_up = lab_is_up(folder)
    assert pvbench(folder, "lab", "up", timeout=3600).returncode == 0
    yield
    if not was_up:
        pvbench(folder, "lab", "down")


def digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


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
    (tmp_path / "m.yaml").write_text(MATRIX.format(images=", ".join(wanted)))

    done = pvbench(tmp_path, "run", "m.yaml", timeout=14400)

    assert done.returncode == 0, done.stderr
    (journal,) = (tmp_path / "results/runs").glob("*/journal.ndjson")
    rows = {row["id"]: row for row in map(json.loads, journal.read_text().splitlines())}.values()
    arms = ((row["spec"]["cell"]["arm"], row["outcome"]) for row in rows)
    made = {(arm.get("guest", "builtin"), arm["device"], outcome) for arm, outcome in arms}
    guests = ("builtin", *(path.name for path in images.values()))
    assert made == {(guest, device, "ok") for guest in guests for device in DEVICES}
    assert {name: digest(path) for name, path in images.items()} == before
    assert dom0(tmp_path, LEFT).split() == []


def test_a_guest_like_ubuntus_is_entered_by_sudo_where_root_is_locked_and_runs_nothing_in_tmp(tmp_path: Path) -> None:
    assert looked(tmp_path, "ubuntu")["security module"] == "AppArmor"


def test_a_guest_like_fedoras_enforces_selinux_while_it_is_looked_at(tmp_path: Path) -> None:
    assert looked(tmp_path, "fedora")["security module"] == "SELinux enforcing"
