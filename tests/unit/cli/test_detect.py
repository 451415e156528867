"""`pvbench detect`: JSON lines in, JSON lines out."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from pvbench.cli.main import main


def test_change_points_are_the_first_indices_of_new_levels(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "s.ndjson").write_text(
        json.dumps(
            {"id": "step", "values": [100, 101, 99, 100, 101, 99, 100, 100] * 2 + [120, 121, 119, 120, 121, 119]}
        )
        + "\n\n"
        + json.dumps({"id": "short", "values": [1, None, 2]})
        + "\n"
    )

    assert main(["detect", str(tmp_path / "s.ndjson")]) == 0

    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert lines == [{"id": "step", "change_points": [16]}, {"id": "short", "change_points": []}]


def test_standard_input_is_read_as_a_dash() -> None:
    argv = [sys.executable, "-m", "pvbench", "detect", "-"]
    done = subprocess.run(argv, input='{"id": "a", "values": []}\n', capture_output=True, text=True, check=True)

    assert json.loads(done.stdout) == {"id": "a", "change_points": []}


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("{", "line 1: no JSON"),
        ("[1]", "'id' is missing"),
        ('{"id": "a"}', "'values' is missing"),
        ('{"id": "a", "values": [1, -2]}', "value 1 is -2"),
        ('{"id": "a", "values": [true]}', "value 0 is true"),
        ('{"id": "a", "values": [NaN]}', "value 0 is NaN"),
        ('{"id": "a", "values": [1' + "0" * 400 + "]}", "value 0 is larger than any"),
        ('{"id": "a", "values": []}\n{"id": "a", "values": []}', "line 2: a second series"),
    ],
)
def test_a_wrong_line_is_named(line: str, said: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "s.ndjson").write_text(line + "\n")

    assert main(["detect", str(tmp_path / "s.ndjson")]) == 2

    assert said in capsys.readouterr().err
