"""Comparisons along tunables, from a matrix to the terminal: planned, measured on a made-up host, judged, told."""

import json
from pathlib import Path

import pytest

from pvbench.cli.main import main
from pvbench.store import Store
from pvbench.testing import FakeWorld
from pvbench.testing.world import HOSTS

MATRIX = """\
schema: 1
hosts: [xen1]
placement: coexist
devices: {net: [e1000, netfront], block: [ide, blkfront]}
tunables: {queues: [1, 4], vcpus: [1, 2]}
workloads:
  - netperf: {test: TCP_RR, runtime: 1s, warmup: 1s}
  - fio: {rw: randread, bs: 4KiB, runtime: 1s, warmup: 1s}
run: {blocks: 5, traces: 0}
compare:
  - {factor: queues, baseline: 1}
  - {factor: vcpus, baseline: 1, margin: 2%}
  - {baseline: {net: e1000, block: ide}}
"""


@pytest.fixture
def world(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> FakeWorld:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "140")
    (tmp_path / "hosts.yaml").write_text(HOSTS)
    (tmp_path / "matrix.yaml").write_text(MATRIX)
    return FakeWorld(tmp_path / "home")


def say(world: FakeWorld, capsys: pytest.CaptureFixture[str], *words: str) -> tuple[int, str]:
    capsys.readouterr()
    code = main(list(words), world.edges())
    return code, capsys.readouterr().out


def test_a_matrix_of_three_comparisons_gives_all_in_one_report(
    world: FakeWorld, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    world.hypervisor.grant = lambda tunable, asked: "2" if (tunable, asked) == ("queues", "4") else asked
    for words in (["check", "matrix.yaml"], ["plan", "matrix.yaml"], ["run", "matrix.yaml"]):
        assert (0, words) == (say(world, capsys, *words)[0], words)

    # Four boots a block, and one more in the block with twins: what is compared takes a boot to switch.
    boots = world.hypervisor.boots
    assert 21 == len(boots)
    assert {(name, dict(spec.tunables)["vcpus"]) for spec in boots for name in [spec.vcpus]} == {(1, 1), (2, 2)}
    assert 1 == sum(spec.name.endswith("-twin") for spec in boots)
    with Store.open(tmp_path / "results", "2") as store:
        assert {"queues": {"1", "2"}, "vcpus": {"1", "2"}} == {
            name: {each.got for trial in store.trials() for each in trial.granted if each.name == name}
            for name in ("queues", "vcpus")
        }

    code, text = say(world, capsys, "compare", "last")
    assert 0 == code
    for caption in (
        "Network, netfront: queues 4 against 1",
        "Disk, blkfront: queues 4 against 1",
        "Network, e1000: vcpus 2 against 1",
        "Network, netfront: vcpus 2 against 1",
        "Disk, ide: vcpus 2 against 1",
        "Network: netfront against e1000",
        "Disk: blkfront against ide",
    ):
        assert caption in text
    assert "queues in force: 2 against 1" in " ".join(text.split())
    data = json.loads(say(world, capsys, "compare", "last", "vcpus", "--json")[1])["comparisons"]
    assert {("vcpus", "boot", 5, "equivalent")} == {
        (each["factor"], each["unit"], each["units"], each["verdict"]) for each in data
    }
    assert 0 == say(world, capsys, "report", "last", "-o", "report.html")[0]
    page = (tmp_path / "report.html").read_text(encoding="utf-8")
    assert "Disk, ide: vcpus 2 against 1" in page


def test_a_comparison_of_what_was_not_granted_is_invalid_and_says_so(
    world: FakeWorld, capsys: pytest.CaptureFixture[str]
) -> None:
    world.hypervisor.grant = lambda tunable, asked: "1" if tunable == "queues" else asked
    assert 0 == say(world, capsys, "run", "matrix.yaml")[0]

    code, text = say(world, capsys, "compare", "last", "queues")
    assert 3 == code, "nothing was compared"
    assert "INVALID" in text
    assert "both arms had queues 1 in force, so nothing was compared" in " ".join(text.split())
    assert 0 == say(world, capsys, "compare", "last", "vcpus")[0]
