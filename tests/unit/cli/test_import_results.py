"""`pvbench import`: files of other tools in, figures out; a file that is refused hides none of the others."""

import json
from pathlib import Path

import pytest

from pvbench.cli.main import main

GOLDEN = Path(__file__).parents[2] / "golden/foreign/netperf-tcp-stream.txt"


def test_a_file_is_printed_with_its_unknown_path(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["import", str(GOLDEN)]) == 0

    printed = capsys.readouterr().out
    assert "path: unknown" in printed
    assert "930 Mbit/s" in printed
    assert "version not known" in printed


def test_a_file_that_is_refused_hides_none_of_the_others(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (wrong := tmp_path / "wrong").write_text("hello\n")

    assert main(["import", str(wrong), str(GOLDEN), "--json"]) == 2

    told = capsys.readouterr()
    files = json.loads(told.out)["files"]
    assert [len(file["results"]) for file in files] == [0, 1]
    assert files[0]["refused"] in told.err.replace("\n", " ")
    assert files[1]["results"][0]["path"] == "unknown"


def test_a_test_that_failed_ends_with_not_measured(tmp_path: Path) -> None:
    (failed := tmp_path / "f.json").write_text('{"start": {}, "error": "the server is busy"}')

    assert main(["import", str(failed)]) == 3
