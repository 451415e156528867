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


def test_results_stand_side_by_side_and_what_a_file_has_not_is_said(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (other := tmp_path / "r.txt").write_text("THROUGHPUT=12.5\nTHROUGHPUT_UNITS=Trans/s\n")

    assert main(["import", str(GOLDEN), str(other), "--side-by-side"]) == 0

    rows = {line.split("  ")[0]: line for line in capsys.readouterr().out.splitlines()}
    assert rows["path"].split()[1:] == ["unknown", "unknown"]
    assert rows["received goodput"].endswith("  not in the file")
    assert "930 Mbit/s" in rows["received goodput"]
    assert "12.5 trans/s" in rows["transactions"]


def test_markdown_shows_a_hostile_name_as_text(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    job = {
        "jobname": "a|b</script><img src=x onerror=alert(1)>\u001b[31m",
        "error": 0,
        "read": {"bw_bytes": 1, "iops": 1},
    }
    (hostile := tmp_path / "f.json").write_text(json.dumps({"fio version": "fio-3.1", "jobs": [job]}))

    assert main(["import", str(hostile), "--markdown"]) == 0

    printed = capsys.readouterr().out
    assert "path unknown" in printed
    assert "<img" not in printed
    assert "\x1b" not in printed
    assert r"a\|b" in printed


def test_one_form_is_chosen(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["import", str(GOLDEN), "--markdown", "--json"]) == 2
    assert "choose one" in capsys.readouterr().err
