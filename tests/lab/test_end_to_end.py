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
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from pvbench import shipped
from pvbench.model import Emulation
from pvbench.xen.facts import emulation

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
TUNED = """\
schema: 1
hosts: [lab]
devices: {net: [netfront]}
placement: isolated
workloads:
  - iperf3: {direction: up, peer: [dom0, guest], runtime: 3s, warmup: 1s}
tunables: {queues: 16}
guest: {vcpus: 2}
run: {blocks: 1, seed: 1, traces: 0}
"""


def pvbench(folder: Path, *argv: str, expect: int = 0, timeout: float = 1800) -> subprocess.CompletedProcess[str]:
    done = subprocess.run(
        [sys.executable, "-m", "pvbench", *argv],
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=timeout,
        stdin=subprocess.DEVNULL,
        check=False,
    )
    assert done.returncode == expect, f"{argv}: {done.returncode}\n{done.stdout}\n{done.stderr}"
    return done


def left_behind(folder: Path) -> str:
    return pvbench(folder, "clean", "lab", "--dry-run").stdout


def rows(folder: Path) -> list[dict[str, Any]]:
    run = max((folder / "results/runs").iterdir())
    return [json.loads(line) for line in (run / "journal.ndjson").read_text().splitlines()]


def outcomes(folder: Path) -> list[str]:
    """Return what became of each trial in the end: one that something disturbed has more rows than one."""
    return list({row["id"]: row["outcome"] for row in rows(folder)}.values())


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


def test_the_lab_is_found_out_as_emulated_without_the_words_in_its_firmware(tmp_path: Path) -> None:
    if json.loads(pvbench(tmp_path, "lab", "status", "--json").stdout)["accelerator"] != "tcg":
        pytest.skip("this machine's KVM runs the lab")
    argv = [sys.executable, "-m", "pvbench", "lab", "ssh", "--", "python3", "-"]
    program = (shipped.folder("hostside") / "pvb_processor.py").read_text()
    done = subprocess.run(argv, capture_output=True, text=True, check=True, input=program)
    seen = json.loads(done.stdout)

    assert seen["beneath"] == "TCGTCGTCGTCG"
    assert emulation({"sys_vendor": "Dell Inc.", "product_name": "R7525"}, seen) is Emulation.SOFTWARE
    assert emulation({"sys_vendor": "Dell Inc.", "product_name": "R7525"}, seen | {"beneath": ""}) is Emulation.SOFTWARE


@pytest.fixture(scope="module")
def measured(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder in which the matrix of all arms has been run."""
    folder = tmp_path_factory.mktemp("measured")
    (folder / "m.yaml").write_text(ARMS)
    assert "software emulation" in pvbench(folder, "run", "m.yaml").stdout
    return folder


def figures(folder: Path) -> dict[str, float]:
    return {
        row["spec"]["cell"]["arm"]["device"]: next(
            reading["value"] for reading in row["readings"] if reading["metric"] in ("iops", "goodput")
        )
        for row in rows(folder)
    }


def test_from_matrix_to_report(measured: Path) -> None:
    found, figure = rows(measured), figures(measured)

    assert outcomes(measured) == ["ok"] * 4
    assert figure["blkfront"] > 2 * figure["ide"]
    assert figure["netfront"] > 2 * figure["e1000"]
    overheads = [dict(row["seconds"])["overhead"] for row in found]
    assert sorted(overheads)[len(overheads) // 2] < 6, overheads  # about 1 s on an idle machine; CI's is not
    pvbench(measured, "report", "last", "-o", "report.html")
    html = (measured / "report.html").read_text()
    assert "software emulation" in html
    assert not re.search(r"(src|href)=.https?:", html)
    assert "no" in left_behind(measured).lower() or not left_behind(measured)


def test_the_mechanism_behind_the_figures_is_measured(measured: Path) -> None:
    found = {row["spec"]["cell"]["arm"]["device"]: row for row in rows(measured)}

    for row in found.values():
        bill = row["bill"]
        assert sum(seconds for _, seconds in bill["paid"]) == pytest.approx(bill["wall_s"] * bill["cpus"], rel=0.03)
        assert row["mechanism"], row["flags"]
    exits = {
        device: {what: often / row["mechanism"]["ios"] for what, often in row["mechanism"]["counts"]}
        for device, row in found.items()
    }
    assert exits["ide"]["exit: port I/O"] >= 20
    assert exits["blkfront"].get("exit: port I/O", 0) < 1
    timed = {trap["name"] for trap in found["ide"]["traps"]}
    assert timed == {
        "port read, hypervisor",
        "port read, device model",
        "memory read, device model",
        "empty hypercall",
        "event to self",
    }


def test_a_person_finds_the_same_figure_by_hand(measured: Path) -> None:
    done = pvbench(
        measured,
        "shell",
        "lab",
        "--devices",
        "ide,blkfront",
        "--",
        "fio",
        "--name=byhand",
        "--filename=/dev/xvde",
        "--rw=randread",
        "--bs=4k",
        "--direct=1",
        "--time_based",
        "--runtime=5",
        "--readonly",
        "--ioengine=psync",
        "--output-format=json",
    )

    by_hand = json.loads(done.stdout[done.stdout.index("{") :])["jobs"][0]["read"]["iops"]
    # Boots differ, and this machine has other things to do; another device would be ten times slower.
    assert 0.4 < by_hand / figures(measured)["blkfront"] < 2.5


def test_isolated_arms_have_a_boot_each(tmp_path: Path) -> None:
    (tmp_path / "m.yaml").write_text(ISOLATED)

    pvbench(tmp_path, "run", "m.yaml")

    found = rows(tmp_path)
    assert {row["outcome"] for row in found} == {"ok"}
    assert len({row["spec"]["boot"] for row in found}) == 2


def test_what_dom0_refuses_is_not_granted_and_another_guest_may_answer(tmp_path: Path) -> None:
    (tmp_path / "m.yaml").write_text(TUNED)

    said = pvbench(tmp_path, "run", "m.yaml").stdout

    found = rows(tmp_path)
    assert outcomes(tmp_path) == ["ok", "ok"]
    # The lab's netback is told to offer 8; without that it would offer one, as dom0 has one vCPU.
    assert all(row["granted"] == [{"name": "queues", "asked": "16", "got": "8"}] for row in found)
    assert said.count("queues: 16 asked, not granted: 8 in force") == 2


def test_traffic_over_the_wrong_device_is_invalid(tmp_path: Path) -> None:
    (tmp_path / "m.yaml").write_text(ARMS)

    pvbench(tmp_path, "run", "m.yaml", "--negative-control", expect=3)

    found = rows(tmp_path)
    assert outcomes(tmp_path) == ["invalid"] * 4
    assert all(not row["readings"] and "carried" in row["reason"] for row in found)


@contextmanager
def measuring(folder: Path) -> Iterator[tuple["subprocess.Popen[str]", Iterator[str]]]:
    """Hold a running `pvbench run m.yaml` and what it says, line by line; at the end it has ended."""
    with subprocess.Popen(
        [sys.executable, "-m", "pvbench", "run", "m.yaml"],
        cwd=folder,
        stderr=subprocess.PIPE,
        text=True,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
    ) as running:
        assert running.stderr is not None
        yield running, iter(running.stderr)


def test_a_killed_controller_is_resumed_and_leaves_nothing(tmp_path: Path) -> None:
    (tmp_path / "m.yaml").write_text(ARMS)
    with measuring(tmp_path) as (first, lines):
        for line in lines:
            if "trial 2 of 4" in line:
                os.kill(first.pid, signal.SIGKILL)
                break
    before = rows(tmp_path)
    assert len(before) >= 2

    # The host notices the end of the connection, undoes what it made and gives the lease up; that takes seconds.
    done = None
    for _ in range(60):
        done = subprocess.run(
            [sys.executable, "-m", "pvbench", "run", "--resume", "last"],
            cwd=tmp_path,
            capture_output=True,
            text=True,
            stdin=subprocess.DEVNULL,
            check=False,
        )
        if done.returncode != 4:
            break
        time.sleep(2)
    assert done is not None
    assert done.returncode == 0, done.stderr
    after = rows(tmp_path)
    assert after[: len(before)] == before
    assert outcomes(tmp_path) == ["ok"] * 4
    listed = pvbench(tmp_path, "lab", "ssh", "--", "xl", "list").stdout
    assert "pvb-" not in listed


STOP_SSHD = "systemctl stop ssh; pkill -x sshd; sleep 20; systemctl start ssh"
DESTROY = "xl destroy $(xl list | sed -n 's/^\\(pvb-[^ ]*\\) .*/\\1/p')"


@pytest.mark.parametrize("accident", [STOP_SSHD, DESTROY], ids=["sshd stops for 20 s", "the domain is destroyed"])
def test_a_run_survives_an_accident_on_the_host(tmp_path: Path, accident: str) -> None:
    (tmp_path / "m.yaml").write_text(ARMS)
    said = []
    with measuring(tmp_path) as (running, lines):
        for line in lines:
            said.append(line)
            if "trial 2 of 4" in line:
                pvbench(tmp_path, "lab", "ssh", "--", "systemd-run", "--quiet", "sh", "-c", accident)
    assert running.returncode == 0, said

    assert outcomes(tmp_path) == ["ok"] * 4
    assert len([line for line in said if "booting" in line]) == 2, said
    assert "pvb-" not in pvbench(tmp_path, "lab", "ssh", "--", "xl", "list").stdout


@pytest.mark.skipif(os.geteuid() != 0, reason="only root may mount a small file system")
def test_a_full_disk_on_the_controller_loses_nothing(tmp_path: Path) -> None:
    (tmp_path / "m.yaml").write_text(ARMS)
    small = tmp_path / "results"  # too small for rows and outputs; a trace that does not fit would be a flag
    small.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=100k", "small", small], check=True)
    try:
        full = pvbench(tmp_path, "run", "m.yaml", expect=4)
        assert "no space" in full.stderr.lower() or "full" in full.stderr.lower()
        before = rows(tmp_path)
        assert "pvb-" not in pvbench(tmp_path, "lab", "ssh", "--", "xl", "list").stdout
        subprocess.run(["mount", "-o", "remount,size=200m", small], check=True)
        pvbench(tmp_path, "run", "--resume", "last")
        assert rows(tmp_path)[: len(before)] == before
        assert outcomes(tmp_path) == ["ok"] * 4
    finally:
        subprocess.run(["umount", small], check=True)
