"""Outputs that real tools printed, recorded or of the same shape: each imports with the figures that it says."""

import gzip
import json
from pathlib import Path

import pytest

from pvbench import foreign

GOLDEN = Path(__file__).parents[2] / "golden"
RECORDED = sorted((GOLDEN / "workloads").glob("*/*.json"))
WRITTEN = sorted((GOLDEN / "foreign").iterdir())


def stdout(path: Path) -> bytes:
    return json.loads(path.read_text())["stdout"].encode()


def figure(result: foreign.Result, name: str, part: str) -> float:
    [found] = [each.value for each in result.figures if (each.name, each.part) == (name, part)]
    return found


@pytest.mark.parametrize("path", RECORDED, ids=lambda path: f"{path.parent.name} {path.stem}")
def test_whatever_a_tool_printed_is_imported_or_refused_at_a_line(path: Path) -> None:
    imported = foreign.read(stdout(path), path.name)

    assert imported.refused.message.startswith(f"{path.name}:") if imported.refused else imported.results
    assert {(result.tool, result.path) for result in imported.results} <= {(path.parent.name, "unknown")}


@pytest.mark.parametrize("name", ["3.33-randread", "handmade-notes-before-and-after", "3.33-write-256k"])
def test_throughput_and_rate_of_fio_are_those_it_prints(name: str) -> None:
    content = stdout(GOLDEN / "workloads/fio" / f"{name}.json")
    job = json.JSONDecoder().raw_decode(text := content.decode(), text.index("\n{") + 1 if text[0] != "{" else 0)[0]
    part = "write" if "write" in name else "read"

    [result] = foreign.read(content, name).results

    assert result.version == job["fio version"].removeprefix("fio-")
    assert figure(result, "throughput", part) == job["jobs"][0][part]["bw_bytes"]
    assert figure(result, "iops", part) == job["jobs"][0][part]["iops"]
    assert figure(result, "latency_mean", part) == pytest.approx(job["jobs"][0][part]["lat_ns"]["mean"] / 1e9)


def test_goodput_of_iperf3_is_in_bits_of_each_end() -> None:
    content = stdout(GOLDEN / "workloads/iperf3/3.12-tcp-up.json")
    end = json.loads(content)["end"]

    [result] = foreign.read(content, "x.json").results

    assert result.version == "3.12"
    assert figure(result, "goodput", "received") == end["sum_received"]["bits_per_second"]
    assert figure(result, "goodput", "sent") == end["sum_sent"]["bits_per_second"]
    assert figure(result, "retransmits", "sent") == end["sum_sent"]["retransmits"]


def test_a_packed_file_with_a_mark_carriage_returns_colours_and_words_before_is_as_good() -> None:
    content = stdout(GOLDEN / "workloads/fio/3.33-randread.json")
    spoilt = b"\xef\xbb\xbf\x1b[31mWelcome to host {x}\x1b[0m\r\nfio: warning\r\n" + content.replace(b"\n", b"\r\n")

    [plain] = foreign.read(content, "x").results
    [result] = foreign.read(gzip.compress(spoilt), "x").results

    assert (result.figures, result.line) == (plain.figures, 3)


def test_several_documents_of_several_tools_are_several_results_in_their_order() -> None:
    parts = [stdout(GOLDEN / "workloads" / name) for name in ("iperf3/3.12-tcp-up.json", "fio/3.33-randread.json")]

    results = foreign.read(b"\n".join([*parts, WRITTEN[0].read_bytes(), parts[0]]), "x").results

    assert [result.tool for result in results] == ["iperf3", "fio", WRITTEN[0].name.split("-")[0], "iperf3"]


def test_json_that_is_cut_off_is_refused_where_it_ends() -> None:
    content = stdout(GOLDEN / "workloads/fio/3.33-randread.json").decode()
    cut = content[: len(content) // 2]

    refused = foreign.read(cut.encode(), "cut.json").refused

    assert refused is not None
    assert refused.message.startswith(f"cut.json:{cut.rstrip().count(chr(10)) + 1}:")
    assert "is cut off here" in refused.message


def test_a_result_in_a_script_s_envelope_is_found_there() -> None:
    content = json.loads(stdout(GOLDEN / "workloads/iperf3/3.12-tcp-up.json"))
    envelope = json.dumps({"node": 7, "runs": [{"Results": content}, {"Results": content}]}).encode()

    first, second = foreign.read(envelope, "x").results

    assert first == second
    assert figure(first, "goodput", "received") == content["end"]["sum_received"]["bits_per_second"]


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "utf-16-le", "utf-32"])
def test_an_encoding_of_windows_changes_no_figure(encoding: str) -> None:
    text = stdout(GOLDEN / "workloads/iperf3/3.12-tcp-up.json").decode()

    assert foreign.read(text.encode(encoding), "x").results == foreign.read(text.encode(), "x").results


@pytest.mark.parametrize(
    "prefix", ["fio-1  | ", "Nov 29 09:0{n}:1{n} host1 fio[4711]: ", "2026-11-29T09:00:0{n}.5Z ", "> > "]
)
def test_what_a_log_puts_before_each_line_is_taken_off(prefix: str) -> None:
    content = stdout(GOLDEN / "workloads/fio/3.33-randread.json").decode()
    logged = "".join(prefix.format(n=n % 10) + line + "\n" for n, line in enumerate(content.splitlines()))

    assert foreign.read(logged.encode(), "x").results == foreign.read(content.encode(), "x").results


@pytest.mark.parametrize(
    "path", [GOLDEN / "foreign/netperf-tcp-stream.txt", GOLDEN / "foreign/iperf3-3.9-tcp-bidir.json"]
)
def test_an_output_that_is_one_string_of_an_envelope_is_read_there(path: Path) -> None:
    envelope = {"host": "h1", "task": {"cmd": "run", "stdout": path.read_text(), "stderr": "two\nlines"}}
    [plain] = foreign.read(path.read_bytes(), "x").results

    [result] = foreign.read(json.dumps(envelope, indent=1).encode(), "x").results

    assert (result.figures, result.problem, result.line) == (plain.figures, plain.problem, 1)


def test_what_is_whole_in_an_envelope_is_imported_beside_what_is_not() -> None:
    content = json.loads(stdout(GOLDEN / "workloads/iperf3/3.12-tcp-up.json"))
    imported = foreign.read(json.dumps([{"fio version": "fio-3.1", "jobs": []}, {"r": content}]).encode(), "x")

    assert len(imported.results) == 1
    assert imported.refused is not None
