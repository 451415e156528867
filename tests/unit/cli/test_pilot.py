"""pilot over a made-up world: what it measures, what it says, and what it refuses."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

Call = Callable[..., Any]


def run_id(here: Path) -> str:
    return next((here / "results/runs").iterdir()).name


@pytest.fixture
def piloted(call: Call, matrix: Path) -> Any:
    return call("pilot", matrix, "--boots", "3", "--runs", "2", "--fit", "6h")


def test_a_pilot_measures_its_own_blocks_and_runs_without_twins(piloted: Any, here: Path, world: Any) -> None:
    assert 0 == piloted.code
    assert (3, 4 * 3 * 2) == (len(world.boots), len(world.trials))
    assert "run: {blocks: 5, runs_per_boot: 1}" in piloted.out
    assert "In 6 h" in piloted.out
    assert "not reused" in piloted.out
    manifest = json.loads((here / "results/runs" / run_id(here) / "manifest.json").read_text())
    assert ["pvbench", "pilot"] == manifest["command"][:2]
    assert not any(spec["twin"] for spec in manifest["plan"])


def test_a_finished_pilot_is_read_again_without_measuring(piloted: Any, call: Call, world: Any) -> None:
    before = len(world.trials)
    again = call("pilot", "--of", "last", "--fit", "6h")
    assert (0, piloted.out, before) == (again.code, again.out, len(world.trials))
    data = json.loads(call("pilot", "--of", "last", "--json", "--width", "5%").out)
    assert (0.05, 5, 4, 2) == (
        data["width"], data["recommended"]["blocks"], len(data["cells"]), len(data["comparisons"])
    )  # fmt: skip


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
