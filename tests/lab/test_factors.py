"""Comparisons along other factors than the device, on the lab: what was granted, intervals and verdicts."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.lab.campaign import pvbench

pytestmark = [pytest.mark.lab, pytest.mark.usefixtures("lab")]

QUEUES_AND_GRANTS = """\
schema: 1
hosts: [lab]
devices: {net: [netfront], block: [blkfront]}
placement: coexist
workloads:
  - iperf3: {direction: up, parallel: 2, runtime: 2s, warmup: 1s}
  - fio: {rw: randread, bs: 4KiB, runtime: 2s, warmup: 1s}
tunables: {queues: [1, 4], persistent_grants: [false, true]}
run: {blocks: 2, seed: 1, traces: 0}
scratch: 16MiB
compare:
  - {factor: queues, baseline: 1}
  - {factor: persistent_grants, baseline: false}
"""
DEVICE_AND_RING = """\
schema: 1
hosts: [lab]
devices: {block: [ide, blkfront]}
placement: coexist
workloads:
  - fio: {rw: randread, bs: 4KiB, runtime: 2s, warmup: 1s}
tunables: {ring_pages: [1, 8]}
run: {blocks: 2, seed: 1, traces: 0}
scratch: 16MiB
compare:
  - {factor: device, baseline: {block: ide}}
  - {factor: ring_pages, baseline: 1}
"""


def compared(folder: Path, matrix: str) -> list[dict[str, Any]]:
    """Measure a matrix and return every comparison of it."""
    (folder / "m.yaml").write_text(matrix)
    done = pvbench(folder, "run", "m.yaml")
    assert done.returncode == 0, done.stderr
    answer = pvbench(folder, "compare", "last", "--json")
    assert answer.returncode == 0, answer.stderr
    assert pvbench(folder, "report", "last", "-o", "report.html").returncode == 0
    found: list[dict[str, Any]] = json.loads(answer.stdout)["comparisons"]
    for each in found:
        if each["verdict"] != "invalid":
            assert each["low"] < each["ratio"] < each["high"], each
            assert each["verdict"] in {"faster", "slower", "equivalent", "undetermined"}, each
    return found


def granted(folder: Path, name: str) -> dict[tuple[str, str], str | None]:
    """Return what was in force of a tunable, by device and what was asked for."""
    (journal,) = (folder / "results/runs").glob("*/journal.ndjson")
    rows = [json.loads(line) for line in journal.read_text().splitlines()]
    return {
        (row["spec"]["cell"]["arm"]["device"], each["asked"]): each["got"]
        for row in rows
        for each in row["granted"]
        if each["name"] == name
    }


def test_queues_and_persistent_grants_are_compared_with_what_was_granted(tmp_path: Path) -> None:
    found = compared(tmp_path, QUEUES_AND_GRANTS)

    factors = {each["factor"] for each in found}
    assert factors == {"queues", "persistent_grants"}
    # A disk is granted no more queues than its guest has vCPUs: nothing differs that could be compared.
    assert granted(tmp_path, "queues") == {
        ("netfront", "1"): "1",
        ("netfront", "4"): "4",
        ("blkfront", "1"): "1",
        ("blkfront", "4"): "1",
    }
    verdicts = {(each["factor"], each["b"]["device"]): each["verdict"] for each in found}
    assert verdicts["queues", "blkfront"] == "invalid"
    assert verdicts["queues", "netfront"] != "invalid"
    assert verdicts["persistent_grants", "blkfront"] != "invalid"
    assert granted(tmp_path, "persistent_grants") == {("blkfront", "true"): "true", ("blkfront", "false"): "false"}


def test_two_comparisons_of_one_matrix_stand_in_one_report(tmp_path: Path) -> None:
    found = compared(tmp_path, DEVICE_AND_RING)

    assert {each["factor"] for each in found} == {"device", "ring_pages"}
    device = [each for each in found if each["factor"] == "device"]
    assert all(each["ratio"] > 2 for each in device), device
    assert granted(tmp_path, "ring_pages") == {("blkfront", "1"): "1", ("blkfront", "8"): "8"}
    page = (tmp_path / "report.html").read_text()
    assert "ring pages" in page
    assert "software emulation" in page
