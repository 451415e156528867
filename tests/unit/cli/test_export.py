"""`export`: where its files go, what it refuses, and how it ends."""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from pvbench.cli.export import NAMES, NEXT
from pvbench.cli.runs import AFTER_WRITING
from pvbench.exports.formats import FORMATS
from pvbench.model import Outcome
from pvbench.testing.runs import failed, sample_run

Call = Callable[..., Any]
EXAMPLE = Path(__file__).parents[3] / "results/example/quickstart"


def test_the_formats_offered_are_those_there_are() -> None:
    assert NAMES == tuple(FORMATS)


@pytest.mark.parametrize("form", NAMES)
def test_a_format_is_a_file_that_its_ending_names(call: Call, here: Path, form: str) -> None:
    said = call("export", EXAMPLE, "--format", form)

    (name,) = (line for line in said.out.splitlines() if not line.endswith("otava.yaml"))
    assert (0, form in NEXT) == (said.code, bool(said.err))
    assert name.endswith(f".{FORMATS[form].ending}")
    assert (here / name).stat().st_size > 1000


@pytest.mark.parametrize(
    ("argv", "reason"),
    [
        (("--format", "otava", "-o", "-"), "more than one file"),
        (("--format", "otava", "-o", "/dev/null"), "more than one file"),
        (("--format", "bencher", EXAMPLE), "one run at a time"),
        (("--format", "docx"), "is not one of"),
    ],
)
def test_what_a_format_cannot_do_is_one_line(call: Call, argv: tuple[str, ...], reason: str) -> None:
    said = call("export", EXAMPLE, *argv)

    assert 2 == said.code
    assert reason in said.err


def test_no_name_is_that_of_a_report() -> None:
    assert set() == set(AFTER_WRITING) & {form.ending for form in FORMATS.values()}


def test_what_was_there_is_replaced_and_told_of(call: Call, here: Path) -> None:
    (here / "x.csv").write_text("mine\n")

    said = call("export", EXAMPLE, "--format", "csv", "-o", "x.csv")

    assert (0, "x.csv\n") == (said.code, said.out)
    assert "x.csv was there, and is replaced" in said.err


@pytest.mark.parametrize("form", ["ndjson", "csv", "junit", "bencher", "prometheus"])
def test_standard_output_gets_what_a_file_would(call: Call, here: Path, form: str) -> None:
    call("export", EXAMPLE, "--format", form, "-o", "x")

    said = call("export", EXAMPLE, "--format", form, "-o", "-")

    assert (0, "") == (said.code, said.err)
    assert (here / "x").read_bytes().decode().splitlines() == said.out.splitlines()


def test_a_run_that_is_named_twice_is_there_once(call: Call, tmp_path: Path) -> None:
    other = sample_run(seed=2).stored(tmp_path / "results")

    once = call("export", EXAMPLE, other, "--format", "ndjson", "-o", "-")
    twice = call("export", EXAMPLE, other, EXAMPLE, "--format", "ndjson", "-o", "-")

    assert once.out == twice.out
    assert len({json.loads(line)["run_id"] for line in once.out.splitlines()}) == 2
    assert "once more, and is left out" in twice.err


def test_a_run_without_a_figure_is_written_and_ends_as_not_measured(call: Call, tmp_path: Path) -> None:
    path = sample_run(seed=2).changed(lambda trial: failed(trial, Outcome.INVALID, "no")).stored(tmp_path / "results")

    said = call("export", path, "--format", "prometheus", "-o", "-")

    assert 3 == said.code
    assert 'outcome="invalid"' in said.out
    assert "no trial gave a figure" in said.err


@pytest.mark.thorough
def test_parquet_is_nothing_for_a_terminal() -> None:
    controller, terminal = os.openpty()
    try:
        argv = [sys.executable, "-m", "pvbench", "export", EXAMPLE, "--format", "parquet", "-o", "-"]
        done = subprocess.run(argv, stdout=terminal, stderr=subprocess.PIPE, text=True, check=False)
    finally:
        os.close(terminal)
        os.close(controller)

    assert 2 == done.returncode
    assert "nothing a terminal can show" in done.stderr


def test_the_otava_configuration_of_somebody_is_left_alone(call: Call, here: Path) -> None:
    theirs = here / "otava.yaml"
    theirs.write_text("tests: {}\n")

    said = call("export", EXAMPLE, "--format", "otava", "-o", "x.csv")

    assert (2, "tests: {}\n", False) == (said.code, theirs.read_text(), (here / "x.csv").exists())
    theirs.unlink()
    assert [0, 0] == [call("export", EXAMPLE, "--format", "otava", "-o", "x.csv").code for _ in range(2)]
