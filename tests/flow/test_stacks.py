"""Two hypervisors against each other, from a matrix to a report, by reboots of a made-up host."""

import json
from pathlib import Path

import pytest

from pvbench.cli.main import main
from pvbench.errors import Unreachable
from pvbench.model import DeployedStack, Outcome
from pvbench.store import Store
from pvbench.testing import FakeWorld
from pvbench.testing.world import HOSTS

MATRIX = """\
schema: 1
hosts: [xen1]
stacks: [xen417, xen420]
placement: isolated
devices: {net: [netfront], block: [blkfront]}
workloads:
  - netperf: {test: TCP_RR, runtime: 1s, warmup: 1s}
  - fio: {rw: randread, bs: 4KiB, runtime: 1s, warmup: 1s}
run: {blocks: 2, traces: 0}
compare: {factor: stack, baseline: xen417}
"""
KNOWN = (
    DeployedStack("xen417", "0ldd1ge57000", "Xen 4.17.5", "Linux 6.12"),
    DeployedStack("xen420", "neWd1ge57000", "Xen 4.20.0", "Linux 6.12"),
)


@pytest.fixture
def world(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> FakeWorld:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "140")
    (tmp_path / "hosts.yaml").write_text(HOSTS)
    (tmp_path / "matrix.yaml").write_text(MATRIX)
    made = FakeWorld(tmp_path / "home")
    made.stacks.known, made.stacks.runs = KNOWN, "xen420"
    return made


def rows(results: Path) -> list[tuple[str, str, Outcome]]:
    """Return what each trial was planned for, what the host said meanwhile, and what came of it."""
    with Store.open(results, "2") as store:
        return [
            (trial.spec.cell.arm.stack, dict(trial.witnesses[1].facts).get("hypervisor", ""), trial.outcome)
            if trial.witnesses
            else (trial.spec.cell.arm.stack, "", trial.outcome)
            for trial in store.trials()
        ]


def test_reboots_are_told_before_a_run_and_made_for_each_deployment(
    world: FakeWorld, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["plan", "matrix.yaml"], world.edges()) == 0
    assert "xen1 is rebooted 4 times" in capsys.readouterr().out
    assert main(["run", "matrix.yaml"], world.edges()) == 0

    first, second, third, fourth, *back = world.stacks.booted
    assert {first, second} == {"xen417", "xen420"}
    assert (third, fourth) == (second, first), "the order alternates, and each is booted anew"
    assert back == ([] if fourth == "xen420" else ["back to xen420"])
    assert world.hypervisor.undone.count("setup") == 4
    said = capsys.readouterr().err
    assert said.index("is rebooted 4 times") < said.index("rebooting into the stack")
    assert set(rows(tmp_path / "results")) == {
        ("xen417@0ldd1ge57000", "Xen 4.17.5", Outcome.OK),
        ("xen420@neWd1ge57000", "Xen 4.20.0", Outcome.OK),
    }


def test_a_report_compares_stacks_by_name_and_says_what_each_is(
    world: FakeWorld, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["run", "matrix.yaml"], world.edges()) == 0
    capsys.readouterr()
    assert main(["compare", "last", "--json"], world.edges()) == 0
    found = json.loads(capsys.readouterr().out)["comparisons"]
    assert {("stack", "deployment", 2)} == {(each["factor"], each["unit"], each["units"]) for each in found}
    assert main(["report", "last", "-o", "report.html"], world.edges()) == 0
    page = (tmp_path / "report.html").read_text(encoding="utf-8")
    assert "stack xen420 against xen417" in page
    assert "Xen 4.17.5, Xen 4.20.0" in page
    assert "0ldd1ge57000: Xen 4.17.5, Linux 6.12" in page


def test_a_stack_that_does_not_come_up_costs_its_own_rows(world: FakeWorld, tmp_path: Path) -> None:
    world.stacks.refused = lambda name: "the new stack did not come up" if name == "xen417" else None
    assert main(["run", "matrix.yaml"], world.edges()) == 3
    assert {(stack, outcome) for stack, _, outcome in rows(tmp_path / "results")} == {
        ("xen417@0ldd1ge57000", Outcome.NOT_MEASURED),
        ("xen420@neWd1ge57000", Outcome.OK),
    }
    assert world.stacks.booted.count("xen417") == 4, "each deployment is tried twice"


def test_a_run_is_taken_up_whichever_stack_the_host_runs(world: FakeWorld, tmp_path: Path) -> None:
    def ends(_device: str, number: int) -> None:
        if number == 3:
            raise KeyboardInterrupt

    world.hypervisor.before_run = ends
    assert main(["run", "matrix.yaml"], world.edges()) == 130
    assert world.stacks.runs == "xen420", "it has what it had, after an interruption too"
    world.hypervisor.before_run = lambda _device, _number: None
    world.stacks.runs = "xen417"
    world.hypervisor.now = type(world.hypervisor.now)(
        **{**vars(world.hypervisor.now), "hypervisor": "Xen 4.17.5", "kernel": "Linux 6.12"}
    )
    assert main(["run", "--resume", "last"], world.edges()) == 0
    assert {outcome for *_, outcome in rows(tmp_path / "results")} == {Outcome.OK}
    assert world.stacks.runs == "xen417"


def test_a_guest_that_breaks_costs_no_reboot(world: FakeWorld, tmp_path: Path) -> None:
    def breaks(_device: str, number: int) -> None:
        if number == 2:
            raise Unreachable("the guest is gone")

    world.hypervisor.before_run = breaks
    assert main(["run", "matrix.yaml"], world.edges()) == 0
    assert len([name for name in world.stacks.booted if not name.startswith("back")]) == 4


def test_a_stack_that_was_never_deployed_is_told_of_before_anything_is_measured(
    world: FakeWorld, capsys: pytest.CaptureFixture[str]
) -> None:
    world.stacks.known = KNOWN[1:]
    assert main(["run", "matrix.yaml"], world.edges()) == 4
    assert "xen1: no stack 'xen417' was deployed there" in capsys.readouterr().err
    assert world.hypervisor.boots == []


def test_a_stack_that_is_another_now_ends_a_resumed_run(world: FakeWorld, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["run", "matrix.yaml"], world.edges()) == 0
    world.stacks.known = (DeployedStack("xen417", "other0000000", "Xen 4.17.5", "Linux 6.12"), KNOWN[1])
    assert main(["run", "--resume", "last"], world.edges()) == 2
    assert "stack xen417 (0ldd1ge57000: Xen 4.17.5, Linux 6.12 then, other0000000" in capsys.readouterr().err
