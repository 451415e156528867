"""A device, a workload and a tunable that pvbench does not have: each added in one place, measured and reported."""

import json
import re
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType

import pytest

from tests.copied import ROOT, add_row, add_tool, copy_into, ran
from tests.toys.rows import NIC, TUNABLE

Outputs = Mapping[str, Mapping[str, tuple[str, int]]]

BY_DEVICE = """\
schema: 1
hosts: [xen1]
placement: coexist
devices: {{{kind}: [{baseline}, {candidate}]}}
workloads: [{{{load}}}]
run: {{blocks: 5, twins: 0, traces: 0}}
compare: {{baseline: {{{kind}: {baseline}}}}}
"""
ROUND_TRIPS = "netperf: {test: TCP_RR, runtime: 1s, warmup: 1s}"
BY_TUNABLE = f"""\
schema: 1
hosts: [xen1]
placement: isolated
devices: {{net: [netfront]}}
tunables: {{staging_grants: [0, 64, 128]}}
workloads: [{{{ROUND_TRIPS}}}]
run: {{blocks: 5, twins: 0, traces: 0}}
compare: {{factor: staging_grants, baseline: 0}}
"""
PROGRAM = '''
import json, sys
from pathlib import Path
from pvbench.cli.main import main
from pvbench.testing import FakeWorld, Output
from pvbench.testing.world import HOSTS

here = Path.cwd()
(here / "hosts.yaml").write_text(HOSTS)
(here / "matrix.yaml").write_text(sys.stdin.read())
world = FakeWorld(here / "home")
outputs, granted = map(json.loads, sys.argv[1:])

def next_output(device, _number):
    """Let a tool print what it prints over this device."""
    for program, by_device in outputs.items():
        text, moved_bytes = by_device[device]
        world.hypervisor.outputs[program] = Output(text.encode(), moved_bytes)

world.hypervisor.before_run = next_output
world.hypervisor.grant = lambda _tunable, asked: granted.get(asked, asked)
for words in (["check", "matrix.yaml"], ["run", "matrix.yaml"], ["report", "last", "-o", "report.html"]):
    assert main(words, world.edges()) == 0, words
'''


def reported(
    folder: Path,
    matrix: str,
    outputs: Outputs = MappingProxyType({}),
    granted: Mapping[str, str] = MappingProxyType({}),
) -> str:
    """Return the words of the report of a matrix, measured by the copy in a folder on a made-up host.

    `outputs` are by program and device what is printed, and the bytes that the device moved meanwhile; `granted` is
    what comes of a tunable's value, where that is another.
    """
    done = ran(folder, "-c", PROGRAM, json.dumps(dict(outputs)), json.dumps(dict(granted)), stdin=matrix)
    assert done.returncode == 0, done.stdout + done.stderr
    return " ".join(re.sub(r"<[^>]+>", " ", (folder / "report.html").read_text()).split())


@pytest.mark.thorough
def test_a_device_is_a_row(tmp_path: Path) -> None:
    add_row(copy_into(tmp_path) / "drivers/__init__.py", NIC)

    text = reported(tmp_path, BY_DEVICE.format(kind="net", baseline="e1000e", candidate="netfront", load=ROUND_TRIPS))

    assert "Network: netfront against e1000e" in text
    assert "TCP request/response: 1.00× [1.00, 1.00] EQUIVALENT" in text
    assert "Trials 10 ok" in text


@pytest.mark.thorough
def test_a_workload_is_a_file_and_a_row(tmp_path: Path) -> None:
    add_tool(copy_into(tmp_path), ROOT / "tests/toys/pulse.py")
    load = "pulse: {beat: 4KiB, runtime: 3s, warmup: 0s}"

    text = reported(
        tmp_path,
        BY_DEVICE.format(kind="block", baseline="ide", candidate="blkfront", load=load),
        {"pulse": {device: printed(beats) for device, beats in (("ide", 300), ("blkfront", 3000))}},
    )

    assert "Disk: blkfront against ide" in text
    assert "Beats of 4 KiB: 10× [10, 10] FASTER" in text
    assert "Trials 10 ok" in text


def printed(beats: int) -> tuple[str, int]:
    """Return what pulse prints of so many beats of 4 KiB in 3 s, and the bytes that its device moved."""
    return f'{{"beats": {beats}, "seconds": 3.0}}', 4096 * beats


@pytest.mark.thorough
def test_a_tunable_is_a_row(tmp_path: Path) -> None:
    add_row(copy_into(tmp_path) / "tunables.py", TUNABLE)

    text = reported(tmp_path, BY_TUNABLE, granted={"64": "32", "128": "0"})

    assert "Network, netfront: staging grants 64 and 128 against 0" in text
    assert "TCP request/response: 1.00× [1.00, 1.00] EQUIVALENT" in text
    assert "staging grants 64: staging grants: 64 asked, not granted: 32 in force" in text
    assert "both arms had staging grants 0 in force, so nothing was compared" in text
    assert "Trials 15 ok" in text
