"""Guest modes from a matrix to a report, on a made-up host: who can run which, what the kernel says, what confounds."""

from dataclasses import replace
from pathlib import Path

import pytest

from pvbench.cli.main import main
from pvbench.model import GuestMode, Mechanism, Outcome
from pvbench.store import Store
from pvbench.testing import FakeWorld
from pvbench.testing.world import HOSTS

MATRIX = """\
schema: 1
hosts: [xen1]
placement: isolated
devices: {net: [netfront], block: [ide, blkfront]}
guest: {mode: [hvm, pvh, pv]}
workloads:
  - netperf: {test: TCP_RR, runtime: 1s, warmup: 1s}
  - fio: {rw: randread, bs: 4KiB, runtime: 1s, warmup: 1s}
run: {blocks: 2}
compare: [{factor: mode, baseline: hvm}, {baseline: {block: ide}}]
"""
CALLS = Mechanism(2.0, 50, (("PV hypercall", 200), ("event channel send", 150)), (), 0, 1.1)


@pytest.fixture
def world(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> FakeWorld:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "140")
    (tmp_path / "hosts.yaml").write_text(HOSTS)
    (tmp_path / "matrix.yaml").write_text(MATRIX)
    return FakeWorld(tmp_path / "home")


def is_what(world: FakeWorld, cpu: str, modes: str) -> None:
    host = world.hypervisor
    host.now = replace(host.now, cpu=cpu, details=(*host.now.details, ("guest modes", modes)))


def page(world: FakeWorld, folder: Path) -> str:
    assert main(["report", "last", "-o", str(folder / "report.html")], world.edges()) == 0
    return (folder / "report.html").read_text(encoding="utf-8")


def test_every_pv_device_is_measured_in_each_mode_and_amd_is_told_of(
    world: FakeWorld, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    is_what(world, "AMD EPYC Processor", "hvm, pvh, pv")
    assert main(["plan", "matrix.yaml"], world.edges()) == 0
    assert "ide exists only in hvm guests, so it is not measured in pvh and pv guests" in capsys.readouterr().out
    assert main(["run", "matrix.yaml"], world.edges()) == 0

    booted = {(spec.devices, spec.mode.value) for spec in world.hypervisor.boots}
    assert booted == {
        (("ide",), "hvm"),
        *(((device,), mode) for device in ("netfront", "blkfront") for mode in ("hvm", "pvh", "pv")),
    }
    text = page(world, tmp_path)
    assert "guest mode pvh and pv against hvm" in text
    assert text.count("this compares the grant frames too") >= 4
    assert "a PVH guest, which has no such device, cacheable" in text


def test_what_was_read_of_the_grant_frames_is_told_instead_of_what_is_usual(world: FakeWorld, tmp_path: Path) -> None:
    is_what(world, "AMD EPYC Processor", "hvm, pvh, pv")
    world.hypervisor.in_use = lambda spec, _: (
        ("grant frames", "uncacheable" if spec.mode is GuestMode.HVM else "write-back"),
    )
    assert main(["run", "matrix.yaml"], world.edges()) == 0

    text = page(world, tmp_path)
    assert "this compares the grant frames too" not in text
    assert text.count("the arms differ in: grant frames (uncacheable | write-back)") >= 4


def test_on_other_processors_nothing_is_said_of_grant_frames(world: FakeWorld, tmp_path: Path) -> None:
    is_what(world, "Intel(R) Xeon(R) Gold 6230", "hvm, pvh, pv")
    assert main(["run", "matrix.yaml"], world.edges()) == 0
    assert "grant frames too" not in page(world, tmp_path)


def test_a_guest_whose_kernel_says_another_mode_gives_no_figure(world: FakeWorld, tmp_path: Path) -> None:
    world.hypervisor.says_mode = lambda mode: GuestMode.HVM if mode is GuestMode.PVH else mode
    main(["run", "matrix.yaml"], world.edges())
    with Store.open(tmp_path / "results", "2") as store:
        outcomes = {(trial.spec.cell.arm.mode, trial.outcome) for trial in store.trials()}
        reasons = {trial.reason for trial in store.trials() if trial.outcome is Outcome.INVALID}
    assert outcomes == {
        (GuestMode.HVM, Outcome.OK),
        (GuestMode.PVH, Outcome.INVALID),
        (GuestMode.PV, Outcome.OK),
    }
    assert reasons == {"a guest of mode pvh was asked for, and its kernel says that it runs as hvm"}


def test_a_host_that_cannot_run_a_mode_is_told_of_before_the_first_boot(
    world: FakeWorld, capsys: pytest.CaptureFixture[str]
) -> None:
    is_what(world, "AMD EPYC Processor", "hvm, pvh")
    assert main(["run", "matrix.yaml"], world.edges()) == 4
    said = capsys.readouterr().err
    assert "xen1 cannot run pv guests, only hvm, pvh" in said
    assert "leave pv out of" in said
    assert world.hypervisor.boots == []


def test_a_guest_without_exits_is_said_to_make_hypercalls(world: FakeWorld, tmp_path: Path) -> None:
    world.hypervisor.mechanism = CALLS
    assert main(["run", "matrix.yaml"], world.edges()) == 0
    text = page(world, tmp_path)
    assert "none: hypercalls" in text
    assert "PV hypercall 4.0" in text
    assert "0 exits" not in text
