"""pilot over a made-up world: what it measures, what it says, and what it refuses."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

Call = Callable[..., Any]


def run_id(here: Path) -> str:
    return min((here / "results/runs").iterdir()).name


@pytest.fixture
def piloted(call: Call, matrix: Path) -> Any:
    return call("pilot", matrix, "--boots", "3", "--runs", "2", "--fit", "6h")


def test_a_pilot_measures_its_own_blocks_and_runs_without_twins(piloted: Any, here: Path, world: Any) -> None:
    assert 0 == piloted.code
    assert (3, 4 * 3 * 2) == (len(world.hypervisor.boots), len(world.hypervisor.runs))
    assert "run: {blocks: 5, runs_per_boot: 1}" in piloted.out
    assert "In 6 h" in piloted.out
    assert "not reused" in piloted.out
    manifest = json.loads((here / "results/runs" / run_id(here) / "manifest.json").read_text())
    assert ["pvbench", "pilot"] == manifest["command"][:2]
    assert not any(spec["twin"] for spec in manifest["plan"])


def test_a_finished_pilot_is_read_again_without_measuring(piloted: Any, call: Call, world: Any) -> None:
    before = len(world.hypervisor.runs)
    again = call("pilot", "--of", "last", "--fit", "6h")
    assert (0, piloted.out, before) == (again.code, again.out, len(world.hypervisor.runs))
    data = json.loads(call("pilot", "--of", "last", "--json", "--width", "5%").out)
    assert (0.05, 5, 4, 2) == (
        data["width"],
        data["recommended"]["blocks"],
        len(data["cells"]),
        len(data["comparisons"]),
    )


def test_a_pilot_never_becomes_a_run(piloted: Any, call: Call, here: Path) -> None:
    said = call("run", "--resume", "last")
    assert (2, True) == (said.code, "is a pilot, and never becomes a run" in said.err)
    assert f"pvbench pilot --of {run_id(here)}" in said.err
    assert "a pilot, not a result" in call("compare", "last", "ide", "blkfront").out


def test_a_run_is_no_pilot(measured: Any, call: Call) -> None:
    said = call("pilot", "--of", "last")
    assert (2, True) == (said.code, "is no pilot but a run" in said.err)


@pytest.mark.parametrize(
    "words", [(), ("m.yaml", "--of", "last"), ("m.yaml", "--width", "10"), ("m.yaml", "--fit", "soon")]
)
def test_what_a_pilot_cannot_be_asked_is_one_line(call: Call, words: tuple[str, ...]) -> None:
    said = call("pilot", *words)
    assert (2, "") == (said.code, said.out)
    assert "pilot" in said.err or "width" in said.err or "fit" in said.err


def test_twins_and_runs_of_a_run_are_measured_told_and_kept_apart(call: Call, matrix: Path, world: Any) -> None:
    matrix.write_text(matrix.read_text().replace("{blocks: 2, seed: 7}", "{blocks: 2, runs_per_boot: 2, twins: 1}"))
    assert "4 cells in 2 blocks, 24 trials" in call("check", matrix).out
    assert "run 2 twin" in call("plan", matrix).out
    said = call("run", matrix)
    assert (0, 24, 2) == (said.code, len(world.hypervisor.runs), len(world.hypervisor.boots))
    assert "Noise floor, twin to original: 1.00× [1.00, 1.00] (2 blocks, 4 pairs)" in " ".join(said.out.split())
    shown = call("show", "last").out
    assert "boot b01-xen1, run 2, twin: ok" in shown
    cells = json.loads(call("show", "last", "--json").out)["cells"]
    assert 8 == sum(trial["twin"] for cell in cells for trial in cell["trials"])


def test_repeats_in_a_boot_read_other_offsets_and_the_arms_the_same(call: Call, matrix: Path, here: Path) -> None:
    matrix.write_text(matrix.read_text().replace("{blocks: 2, seed: 7}", "{blocks: 1, runs_per_boot: 2, twins: 1}"))
    assert 0 == call("run", matrix).code
    seeds: dict[int, set[str]] = {}
    for cell in json.loads(call("show", "last", "--json").out)["cells"]:
        for trial in cell["trials"]:
            words = [word for command in trial["commands"] for word in command["argv"] if "randseed" in word]
            seeds.setdefault(trial["run"], set()).update(words)
    assert [1, 1] == [len(found) for found in seeds.values()]
    assert seeds[1] != seeds[2]
