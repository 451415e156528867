"""`export`: where its files go, what it refuses, and how it ends."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from pvbench.cli.export import NAMES
from pvbench.exports.formats import FORMATS

Call = Callable[..., Any]
EXAMPLE = Path(__file__).parents[3] / "results/example/quickstart"


def test_the_formats_offered_are_those_there_are() -> None:
    assert NAMES == tuple(FORMATS)


@pytest.mark.parametrize("form", NAMES)
def test_a_format_is_a_file_that_its_ending_names(call: Call, here: Path, form: str) -> None:
    said = call("export", EXAMPLE, "--format", form)

    (name,) = (line for line in said.out.splitlines() if not line.endswith("otava.yaml"))
    assert (0, "") == (said.code, said.err)
    assert name.endswith(f".{FORMATS[form].ending}")
    assert (here / name).stat().st_size > 1000


@pytest.mark.parametrize(
    ("argv", "reason"),
    [
        (("--format", "otava", "-o", "-"), "more than one file"),
        (("--format", "bencher", EXAMPLE), "one run at a time"),
        (("--format", "docx"), "is not one of"),
    ],
)
def test_what_a_format_cannot_do_is_one_line(call: Call, argv: tuple[str, ...], reason: str) -> None:
    said = call("export", EXAMPLE, *argv)

    assert 2 == said.code
    assert reason in said.err


def test_the_otava_configuration_of_somebody_is_left_alone(call: Call, here: Path) -> None:
    theirs = here / "otava.yaml"
    theirs.write_text("tests: {}\n")

    said = call("export", EXAMPLE, "--format", "otava", "-o", "x.csv")

    assert (2, "tests: {}\n", False) == (said.code, theirs.read_text(), (here / "x.csv").exists())
    theirs.unlink()
    assert [0, 0] == [call("export", EXAMPLE, "--format", "otava", "-o", "x.csv").code for _ in range(2)]
