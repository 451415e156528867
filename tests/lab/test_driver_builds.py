"""Stock, rebuilt and patched drivers on the lab: loaded in guest and dom0, proved by build-id, given back."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from pvbench.builds.loaded import build_ids, loaded_argv, parse_loaded
from tests.lab.campaign import dom0, lab_is_up, pvbench

pytestmark = [pytest.mark.lab, pytest.mark.soak]

PATCH = Path(__file__).parents[2] / "examples/patches/blkfront-larger-requests.patch"
FRONTENDS = f"""\
schema: 1
hosts: [lab]
devices: {{block: [blkfront]}}
placement: isolated
workloads:
  - fio: {{rw: read, bs: 1MiB, runtime: 2s, warmup: 1s}}
frontends: [stock, {{source: distro}}, {{source: distro, patches: [{PATCH}]}}]
run: {{blocks: 1, traces: 0}}
scratch: 64MiB
compare: {{factor: frontends, baseline: stock}}
"""
BACKENDS = """\
schema: 1
hosts: [lab]
devices: {net: [netfront]}
placement: isolated
workloads:
  - netperf: {test: TCP_RR, runtime: 2s, warmup: 1s}
backends: [stock, {source: distro}]
run: {blocks: 1, traces: 0}
compare: {factor: backends, baseline: stock}
"""


@pytest.fixture(scope="module", autouse=True)
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    folder = tmp_path_factory.mktemp("lab")
    was_up = lab_is_up(folder)
    assert pvbench(folder, "lab", "up", timeout=3600).returncode == 0
    dom0(folder, "modprobe -a xen-netback xen-blkback")  # else the first domain has them loaded
    yield
    if not was_up:
        pvbench(folder, "lab", "down")


def in_dom0(folder: Path) -> Mapping[str, str]:
    """Return which builds of its backends dom0 has loaded."""
    said = pvbench(folder, "lab", "ssh", "--", *loaded_argv(("xen-netback", "xen-blkback"))).stdout
    return build_ids(parse_loaded(said.encode()))


def measured(folder: Path, matrix: str) -> dict[str, dict[str, Any]]:
    """Run a matrix and return its trials by what the drivers of their arm were built of, in words."""
    (folder / "m.yaml").write_text(matrix)
    done = pvbench(folder, "run", "m.yaml", timeout=1800)
    assert done.returncode == 0, done.stderr
    (journal,) = (folder / "results/runs").glob("*/journal.ndjson")
    found = {}
    for trial in map(json.loads, journal.read_text().splitlines()):
        arm = trial["spec"]["cell"]["arm"]
        value = arm.get("frontends") or arm.get("backends") or "stock"
        found[value.rpartition(" ")[0] or value] = trial
    return found


def test_stock_rebuilt_and_patched_frontends_are_measured_in_one_run_each_by_its_own_build(tmp_path: Path) -> None:
    trials = measured(tmp_path, FRONTENDS)

    patched = f"patched: {PATCH.name}"
    assert {name: trial["outcome"] for name, trial in trials.items()} == {
        "stock": "ok",
        "rebuilt (distro source)": "ok",
        patched: "ok",
    }
    assert len({dict(trial["in_use"])["blkfront build"] for trial in trials.values()}) == 3
    table = pvbench(tmp_path, "compare", "last").stdout
    assert patched in table
    assert "rebuilt (distro source)" in table


def test_a_rebuilt_netback_serves_its_boots_and_dom0_has_its_own_again_afterwards(tmp_path: Path) -> None:
    before = in_dom0(tmp_path)
    trials = measured(tmp_path, BACKENDS)

    builds = {name: dict(trial["in_use"])["netback build"] for name, trial in trials.items()}
    assert builds["stock"] == before["xen_netback"] != builds["rebuilt (distro source)"]
    assert in_dom0(tmp_path) == before


def test_dom0_gets_its_own_backends_back_when_pvbench_is_killed(tmp_path: Path) -> None:
    before = in_dom0(tmp_path)
    (tmp_path / "m.yaml").write_text(BACKENDS.replace("[stock, ", "[").replace("2s", "60s").partition("compare:")[0])
    running = subprocess.Popen([sys.executable, "-m", "pvbench", "run", "m.yaml"], cwd=tmp_path, env=os.environ)
    until = time.monotonic() + 300
    while in_dom0(tmp_path) == before and time.monotonic() < until:
        time.sleep(2)
    assert in_dom0(tmp_path) != before

    running.send_signal(signal.SIGKILL)
    running.wait()

    until = time.monotonic() + 120
    while in_dom0(tmp_path) != before and time.monotonic() < until:
        time.sleep(2)
    assert in_dom0(tmp_path) == before
