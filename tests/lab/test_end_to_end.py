"""The program on a real Xen host: the embedded lab, brought up (and built, if need be) by the program itself.

Each test is a person's or an accident's afternoon. They share the lab and run one after the other; a boot takes about
a minute.
"""

import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

pytestmark = pytest.mark.lab

ARMS = """\
schema: 1
hosts: [lab]
devices: {net: [e1000, netfront], block: [ide, blkfront]}
placement: coexist
workloads:
  - fio: {rw: randread, bs: 4KiB, runtime: 3s, warmup: 1s}
  - iperf3: {direction: down, runtime: 3s, warmup: 1s}
scratch: 64MiB
run: {blocks: 1, seed: 1}
compare: {baseline: {net: e1000, block: ide}}
"""
ISOLATED = """\
schema: 1
hosts: [lab]
devices: {block: [ide, blkfront]}
placement: isolated
workloads:
  - fio: {rw: read, bs: 256KiB, runtime: 3s, warmup: 1s}
scratch: 64MiB
run: {blocks: 1, seed: 1}
compare: {baseline: {block: ide}}
"""


def pvbench(folder: Path, *argv: str, expect: int = 0, timeout: float = 1800) -> subprocess.CompletedProcess[str]:
    done = subprocess.run(
        [sys.executable, "-m", "pvbench", *argv], cwd=folder, capture_output=True, text=True, timeout=timeout,
        stdin=subprocess.DEVNULL, check=False,
    )  # fmt: skip
    assert done.returncode == expect, f"{argv}: {done.returncode}\n{done.stdout}\n{done.stderr}"
    return done


def left_behind(folder: Path) -> str:
    return pvbench(folder, "clean", "lab", "--dry-run").stdout


def rows(folder: Path) -> list[dict[str, Any]]:
    run = max((folder / "results/runs").iterdir())
    return [json.loads(line) for line in (run / "journal.ndjson").read_text().splitlines()]


@pytest.fixture(scope="module", autouse=True)
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    folder = tmp_path_factory.mktemp("lab")
    ran = json.loads(pvbench(folder, "lab", "status", "--json").stdout)["running"]
    pvbench(folder, "lab", "up", timeout=3600)
    yield
    if not ran:
        pvbench(folder, "lab", "down")


def test_a_second_up_is_quick_and_the_clock_is_right(tmp_path: Path) -> None:
    pvbench(tmp_path, "lab", "up")

    said = pvbench(tmp_path, "lab", "ssh", "--", "date", "+%s").stdout
    assert abs(int(said) - time.time()) < 5


def test_from_matrix_to_report(tmp_path: Path) -> None:
    (tmp_path / "m.yaml").write_text(ARMS)

    done = pvbench(tmp_path, "run", "m.yaml")

    assert "software emulation" in done.stdout
    found = rows(tmp_path)
    assert [row["outcome"] for row in found] == ["ok"] * 4
    figure = {
        row["spec"]["cell"]["device"]: next(
            value["value"] for value in row["readings"] if value["metric"] in ("iops", "goodput")
        )
        for row in found
    }
    assert figure["blkfront"] > 2 * figure["ide"]
    assert figure["netfront"] > 2 * figure["e1000"]
    overheads = [dict(row["seconds"])["overhead"] for row in found]
    assert all(overhead < 15 for overhead in overheads), overheads  # 3 s on an idle machine; CI's is not
    pvbench(tmp_path, "report", "last", "-o", "report.html")
    html = (tmp_path / "report.html").read_text()
    assert "software emulation" in html
    assert not re.search(r"(src|href)=.https?:", html)
    assert "no" in left_behind(tmp_path).lower() or not left_behind(tmp_path)


def test_isolated_arms_have_a_boot_each(tmp_path: Path) -> None:
    (tmp_path / "m.yaml").write_text(ISOLATED)

    pvbench(tmp_path, "run", "m.yaml")

    found = rows(tmp_path)
    assert {row["outcome"] for row in found} == {"ok"}
    assert len({row["spec"]["boot"] for row in found}) == 2


def test_traffic_over_the_wrong_device_is_invalid(tmp_path: Path) -> None:
    (tmp_path / "m.yaml").write_text(ARMS)

    pvbench(tmp_path, "run", "m.yaml", "--negative-control", expect=3)

    found = rows(tmp_path)
    assert [row["outcome"] for row in found] == ["invalid"] * 4
    assert all(not row["readings"] and "carried" in row["reason"] for row in found)


def test_a_killed_controller_is_resumed_and_leaves_nothing(tmp_path: Path) -> None:
    (tmp_path / "m.yaml").write_text(ARMS)
    first = subprocess.Popen(
        [sys.executable, "-m", "pvbench", "run", "m.yaml"], cwd=tmp_path, stderr=subprocess.PIPE, text=True,
        stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
    )  # fmt: skip
    assert first.stderr is not None
    for line in first.stderr:
        if "trial 2 of 4" in line:
            os.kill(first.pid, signal.SIGKILL)
            break
    first.stderr.close()
    first.wait()
    before = rows(tmp_path)
    assert len(before) == 2

    # The host notices the end of the connection, undoes what it made and gives the lease up; that takes seconds.
    done = None
    for _ in range(60):
        done = subprocess.run(
            [sys.executable, "-m", "pvbench", "run", "--resume", "last"], cwd=tmp_path, capture_output=True, text=True,
            stdin=subprocess.DEVNULL, check=False,
        )  # fmt: skip
        if done.returncode != 4:
            break
        time.sleep(2)
    assert done is not None
    assert done.returncode == 0, done.stderr
    after = rows(tmp_path)
    assert after[:2] == before
    assert [row["outcome"] for row in after] == ["ok"] * 4
    listed = pvbench(tmp_path, "lab", "ssh", "--", "xl", "list").stdout
    assert "pvb-" not in listed


def test_a_person_can_check_a_figure_by_hand(tmp_path: Path) -> None:
    done = pvbench(
        tmp_path, "shell", "lab", "--devices", "ide,blkfront", "--", "fio", "--name=byhand", "--filename=/dev/xvde",
        "--rw=randread", "--bs=4k", "--direct=1", "--time_based", "--runtime=2", "--readonly", "--ioengine=psync",
    )  # fmt: skip

    assert "IOPS=" in done.stdout
