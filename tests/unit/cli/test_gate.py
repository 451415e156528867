"""gate and baseline over the command line."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from pvbench.exit_codes import ExitCode
from pvbench.testing.world import FakeWorld


def test_a_run_is_gated_against_a_named_baseline(
    call: Callable[..., Any], world: FakeWorld, here: Path, matrix: Path
) -> None:
    assert call("run", matrix).code == 0
    assert call("baseline", "set", "last", "--name", "main").code == 0
    assert "main" in call("baseline", "list").out
    assert call("baseline", "show").code == ExitCode.USAGE
    assert "main" in call("baseline", "show", "main").out
    assert call("gate", "last", "--against", "main").code == ExitCode.USAGE
    world.clock.sleep(86_400)
    again = call("run", matrix)
    assert again.code == 0, again.err

    said = call("gate", "last", "--against", "main", "--json", "--markdown", "gate.md", "--junit", "gate.xml")

    assert said.out, said.err
    found = json.loads(said.out)
    assert found["exit_code"] == said.code
    assert {row["metric"] for row in found["rows"]} == {"iops", "transactions"}
    assert (here / "gate.md").read_text().startswith("### ")
    assert b"<testsuites" in (here / "gate.xml").read_bytes()
    assert call("baseline", "list", "--json").code == 0


def test_a_gate_without_a_baseline_says_how_to_set_one(call: Callable[..., Any], measured: Any) -> None:
    said = call("gate", "last")

    assert said.code == ExitCode.USAGE
    assert "pvbench baseline set RUN" in said.err


def test_a_run_is_gated_against_the_nights_before(call: Callable[..., Any], measured: Any) -> None:
    assert call("gate", "last", "--against", "history").code == ExitCode.USAGE
    assert call("history", "add", "last").code == 0

    said = call("gate", "last", "--against", "history", "--json")

    assert said.code == json.loads(said.out)["exit_code"] == ExitCode.NOT_MEASURED
    assert json.loads(said.out)["nights"] == 0
    assert {row["state"] for row in json.loads(said.out)["rows"]} == {"new"}
    assert "--against history" in call("gate", "last", "--history", "elsewhere").err
