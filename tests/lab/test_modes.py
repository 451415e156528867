"""netfront and blkfront in HVM, PVH and PV guests, on the lab: one report, each mode proved by its guest."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.lab.campaign import pvbench

pytestmark = [pytest.mark.lab, pytest.mark.soak, pytest.mark.usefixtures("lab")]

MODES = """\
schema: 1
hosts: [lab]
devices: {net: [netfront], block: [ide, blkfront]}
placement: isolated
guest: {mode: [hvm, pvh, pv]}
workloads:
  - iperf3: {direction: up, runtime: 2s, warmup: 1s}
  - fio: {rw: randread, bs: 4KiB, runtime: 2s, warmup: 1s}
run: {blocks: 2, seed: 1, traces: 1}
scratch: 16MiB
compare:
  - {factor: mode, baseline: hvm}
  - {baseline: {block: ide}}
"""


@pytest.fixture(scope="module")
def run(lab: None, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("modes")
    (folder / "m.yaml").write_text(MODES)
    done = pvbench(folder, "run", "m.yaml")
    assert done.returncode == 0, done.stderr
    return folder


def rows(run: Path) -> list[dict[str, Any]]:
    (journal,) = (run / "results/runs").glob("*/journal.ndjson")
    whole = {row["id"]: row for row in map(json.loads, journal.read_text().splitlines())}
    return list(whole.values())


def test_netfront_and_blkfront_are_measured_in_every_mode_and_ide_in_hvm_alone(run: Path) -> None:
    made = {
        (row["spec"]["cell"]["arm"]["device"], row["spec"]["cell"]["arm"]["mode"], row["outcome"]) for row in rows(run)
    }
    assert made == {
        ("ide", "hvm", "ok"),
        *((device, mode, "ok") for device in ("netfront", "blkfront") for mode in ("hvm", "pvh", "pv")),
    }


def test_the_kernel_of_each_guest_says_what_it_runs_as(run: Path) -> None:
    for row in rows(run):
        (guest,) = [witness for witness in row["witnesses"] if witness["side"] == "guest"]
        assert dict(guest["facts"])["guest mode, by its kernel"] == row["spec"]["cell"]["arm"]["mode"]


def test_what_has_no_exits_and_no_device_model_is_not_said_to_have_any(run: Path) -> None:
    counts = {
        (row["spec"]["cell"]["arm"]["mode"], row["spec"]["cell"]["arm"]["device"]): dict(row["mechanism"]["counts"])
        for row in rows(run)
        if row["mechanism"]
    }
    assert {("hvm", "blkfront"), ("pvh", "blkfront"), ("pv", "blkfront")} <= counts.keys()
    assert not [what for what in counts["pv", "blkfront"] if what.startswith("exit")]
    assert counts["pv", "blkfront"]["PV hypercall"] > 0
    assert counts["pvh", "blkfront"]["exit: hypercall"] > 0
    for row in rows(run):
        paid = dict(row["bill"]["paid"])
        if row["spec"]["cell"]["arm"]["mode"] != "hvm":
            assert paid["device model"] == 0.0


def test_the_modes_are_compared_in_one_report(run: Path) -> None:
    answer = pvbench(run, "compare", "last", "--json")
    assert answer.returncode == 0, answer.stderr
    found = json.loads(answer.stdout)["comparisons"]
    by_mode = {(each["b"]["device"], each["b"]["name"]) for each in found if each["factor"] == "mode"}
    assert by_mode == {(device, f"guest mode {mode}") for device in ("netfront", "blkfront") for mode in ("pvh", "pv")}
    assert pvbench(run, "report", "last", "-o", "report.html").returncode == 0
    page = (run / "report.html").read_text()
    assert "guest mode pvh" in page
    assert "guest mode pv" in page
