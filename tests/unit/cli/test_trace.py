"""`pvbench trace` on traces of a real Xen 4.17: a guest that reads from an emulated IDE disk and from blkfront."""

import gzip
import json
import struct
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import pytest

from pvbench.xen import trace as traces
from pvbench.xen.trace.plain_file import plain_file
from pvbench.xen.trace.view import as_data, render

GOLDEN = Path(__file__).parents[2] / "golden/trace"


@pytest.fixture
def ide(tmp_path: Path) -> Path:
    path = tmp_path / "ide.bin"
    path.write_bytes(gzip.decompress((GOLDEN / "ide-all.bin.gz").read_bytes()))
    return path


def test_trace_prints_what_each_domain_did(call: Any, ide: Path) -> None:
    said = call("trace", str(ide), "--mhz", "1000")

    assert (said.code, said.err) == (0, "")
    assert "exit codes are those of SVM, assumed" in said.out
    assert "domain 0: 0 exits" in said.out
    rows = [line.split("  ") for line in said.out.splitlines()]
    assert any("exit: port I/O" in row for row in rows)
    assert "device-model round trip" in said.out
    assert "0x1f7" in said.out
    assert "LOWER BOUND" not in said.out


def test_trace_prints_all_figures_for_programs(call: Any, ide: Path) -> None:
    data = json.loads(call("trace", str(ide), "--json", "--domain", "2").out)

    assert data["schema"] == 1
    assert (data["vendor"], data["attributed"], data["truncated"], data["lost"]) == ("svm", True, False, 0)
    assert (data["mhz"], data["seconds"]) == (None, None)
    (guest,) = data["domains"]
    assert guest["domain"] == 2
    assert guest["exits"] == sum(each["count"] for each in guest["exit_codes"])
    assert guest["exits"] == sum(often for what, often in guest["counts"].items() if what.startswith("exit: "))
    assert {"port": 0x1F7, "reads": 23, "writes": 6}.keys() == guest["ports"][0].keys()
    assert {each["reason"] for each in guest["cycles_by_exit"]} >= {"port I/O", "hypercall"}


def test_trace_reads_what_a_run_keeps(call: Any, ide: Path, tmp_path: Path) -> None:
    damaged = tmp_path / "damaged.bin.gz"
    damaged.write_bytes((GOLDEN / "ide-all.bin.gz").read_bytes()[:-9])

    packed, plain = (
        json.loads(call("trace", str(path), "--json").out)["domains"] for path in (GOLDEN / "ide-all.bin.gz", ide)
    )
    assert packed == plain
    refused = call("trace", str(damaged))
    assert refused.code == 2
    assert "damaged.bin.gz is gzipped, but damaged" in refused.err


def test_trace_takes_the_vendor_it_is_told(call: Any, ide: Path) -> None:
    said = call("trace", str(ide), "--cpu", "vmx")

    assert "VMX, as --cpu says" in said.out
    assert "exit: other (0x7b)" in said.out


def test_trace_says_that_a_cut_file_is_a_lower_bound(call: Any, ide: Path) -> None:
    ide.write_bytes(ide.read_bytes()[:-5])

    said = call("trace", str(ide))

    assert said.code == 0
    assert "LOWER BOUND: the file ends inside a record" in said.out


@pytest.fixture
def unscheduled(tmp_path: Path) -> Path:
    """A port read of 20 cycles in a trace without the scheduler's records."""
    words = (0xB0081102, 90, 0, 0x7B, 1, 2, 0x20082016, 0x1F7, 0x50, 0x80081001, 110, 0)
    path = tmp_path / "hvm.bin"
    path.write_bytes(struct.pack("<15I", 0x2001F003, 0, 4 * len(words), *words))
    return path


def test_trace_without_the_scheduler_says_what_it_cannot_tell(call: Any, unscheduled: Path) -> None:
    said = call("trace", str(unscheduled))

    assert "any domain: 1 exit\n" in said.out
    assert "nothing tells the domains apart" in said.out
    assert "nothing tells which accesses went to the device model" in said.out
    assert "CYCLES IN XEN" not in said.out
    assert json.loads(call("trace", str(unscheduled), "--json").out)["domains"][0]["domain"] is None
    refused = call("trace", str(unscheduled), "--domain", "2")
    assert refused.code == 2
    assert "cannot be told from others" in refused.err


def test_trace_gives_seconds_once_it_knows_the_frequency(call: Any, unscheduled: Path) -> None:
    data = json.loads(call("trace", str(unscheduled), "--json", "--mhz", "10").out)

    assert (data["cycles"], data["mhz"], data["seconds"]) == (20, 10.0, pytest.approx(2e-6))


def test_trace_refuses_a_domain_that_is_not_there(call: Any, ide: Path) -> None:
    said = call("trace", str(ide), "--domain", "9")

    assert said.code == 2
    assert "domain 9 does nothing that is counted" in said.err


@pytest.mark.parametrize(("text", "expected"), [(b"", "is empty"), (b"not a trace", "byte 0: not a file of xentrace")])
def test_trace_says_what_is_no_trace(call: Any, tmp_path: Path, text: bytes, expected: str) -> None:
    path = tmp_path / "it.bin"
    path.write_bytes(text)

    said = call("trace", str(path))

    assert (said.code, said.out) == (2, "")
    assert expected in said.err
    assert str(path) in said.err


def test_trace_of_a_file_that_is_not_there_names_it(call: Any, tmp_path: Path) -> None:
    said = call("trace", str(tmp_path / "none.bin"))

    assert said.code == 2
    assert "none.bin cannot be read" in said.err


PIPES = (
    "zcat {0} | {1} -",
    "{1} <(zcat {0})",
    pytest.param("cat {0} | {1} -", marks=pytest.mark.thorough),
    pytest.param("{1} - <{0}", marks=pytest.mark.thorough),
    pytest.param("zcat {0} | {1} /dev/stdin", marks=pytest.mark.thorough),
)


@pytest.mark.parametrize("line", PIPES)
def test_trace_reads_pipes_packed_or_not(line: str) -> None:
    argv = f"{sys.executable} -m pvbench trace"
    done = subprocess.run(
        ["bash", "-c", line.format(GOLDEN / "ide-all.bin.gz", argv)], capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert "8,736 records of 2 CPUs" in done.stdout


@pytest.mark.parametrize("name", ["/dev/zero", "/dev/null", "/"])
def test_trace_of_what_is_no_file_is_a_line(call: Any, name: str) -> None:
    said = call("trace", name)

    assert said.code == 2
    assert 1 <= len(said.err.splitlines()) <= 2


def test_trace_of_an_empty_standard_input_is_a_line() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "pvbench", "trace", "-"], capture_output=True, stdin=subprocess.DEVNULL
    )
    assert done.returncode == 2
    assert 1 <= len(done.stderr.splitlines()) <= 2


def test_of_a_trace_that_unpacks_to_more_than_the_limit_the_beginning_is_read_and_that_is_told() -> None:
    with plain_file(GOLDEN / "ide-all.bin.gz", most_bytes=1 << 16) as plain:
        found = traces.read(plain.path)

    assert plain.cut is not None
    assert "holds more than 64 KiB; the rest was not read" in plain.cut
    assert f"LOWER BOUND: {plain.cut}" in render(found, plain, None)
    data = as_data(found, plain, None)
    assert (data["cut"], data["lower_bound"]) == (plain.cut, True)


def test_what_unpacks_to_no_trace_is_not_unpacked_further(tmp_path: Path) -> None:
    bomb = tmp_path / "bomb.gz"
    bomb.write_bytes(gzip.compress(bytes(1 << 24)))
    with plain_file(bomb) as plain:
        assert plain.path.stat().st_size == 4


def test_a_trace_for_which_there_is_no_room_is_told(
    call: Any, small_disk: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(small_disk))
    said = call("trace", GOLDEN / "ide-all.bin.gz")
    assert (said.code, said.out) == (4, "")
    assert f"no room below {small_disk} to unpack" in said.err
