"""Every recorded and hand-made output of every tool, through its parser; the command line of every recorded one."""

import json
from pathlib import Path

import pytest

from pvbench.errors import ParseError
from pvbench.metrics import METRICS
from pvbench.workloads import WORKLOADS, Disk, Peer

FOLDER = Path(__file__).parents[2] / "golden" / "workloads"
GOLDENS = {f"{path.parent.name}/{path.stem}": path for path in sorted(FOLDER.glob("*/*.json"))}


@pytest.fixture(params=GOLDENS)
def golden(request):
    path = GOLDENS[request.param]
    return json.loads(path.read_text()) | {"tool": WORKLOADS[path.parent.name]}


def test_an_output_gives_the_readings_or_the_error_it_is_pinned_to(golden):
    tool, stdout = golden["tool"], golden["stdout"].encode()
    if "error" in golden:
        with pytest.raises(ParseError) as raised:
            tool.parse(stdout, golden["params"])
        assert golden["error"] == raised.value.message
        return
    measured = tool.parse(stdout, golden["params"])
    assert golden["readings"] == pytest.approx({r.metric: r.value for r in measured.readings}, rel=1e-12)
    assert golden["seconds_measured"] == measured.seconds_measured
    counts = [count for _, count in measured.latency_bins]
    assert golden["bins"] == {"number": len(counts), "count": sum(counts)}
    assert measured.latency_bins == tuple(sorted(measured.latency_bins))
    if "windows" in golden:
        told = tool.windows(golden["log"].encode(), golden["params"]) if tool.windows else measured.windows
        assert golden["windows"] == pytest.approx(told)
    assert all(reading.metric in METRICS for reading in measured.readings)


def test_a_recorded_output_came_from_the_command_line_we_would_run_today(golden):
    at = golden["target"]
    target = Disk(**at) if "seed" in at else Peer(**at)
    argv = golden["tool"].argv(golden["params"], target)
    assert golden.get("argv", list(argv)) == list(argv)


@pytest.mark.parametrize("tool", WORKLOADS)
def test_every_tool_has_recorded_and_hand_made_goldens(tool):
    mine = [name for name in GOLDENS if name.startswith(f"{tool}/")]
    assert any("handmade" in name for name in mine)
    assert any("handmade" not in name for name in mine)


@pytest.mark.parametrize("name", [name for name, path in GOLDENS.items() if '"readings"' in path.read_text()])
def test_an_output_cut_off_anywhere_gives_the_same_readings_or_none(name):
    golden = json.loads(GOLDENS[name].read_text())
    tool, whole = WORKLOADS[name.split("/")[0]], golden["stdout"].encode()
    expected = tool.parse(whole, golden["params"])
    for end in range(0, len(whole), 11 if tool.name == "netperf" else 997):
        try:
            assert expected == tool.parse(whole[:end], golden["params"])
        except ParseError:
            continue
