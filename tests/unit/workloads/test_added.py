"""A workload is one file and one row: a tool that pvbench does not have is added to a copy of it, and used."""

import json
from pathlib import Path

import pytest

from tests.copied import ROOT, add_tool, copy_into, ran

pytestmark = pytest.mark.thorough

MATRIX = """\
schema: 1
hosts: [lab]
devices: {block: [ide, blkfront]}
placement: isolated
workloads:
  - pulse: {beat: [4KiB, 64KiB], runtime: 3s, warmup: 0s}
run: {blocks: 2}
compare: {baseline: {block: ide}}
"""

USE = """\
import json, sys
from pvbench import matrix
from pvbench import wording
from pvbench.workloads import WORKLOADS, Disk

load = matrix.load(sys.stdin.read(), name="matrix.yaml").workloads[0]
tool, params = WORKLOADS[load.tool], dict(load.params)
measured = tool.parse(b'{"beats": 300, "seconds": 3.0}', params)
print(json.dumps({
    "argv": tool.argv(params, Disk("/dev/xvde", 1 << 20, 1)),
    "readings": {each.metric: each.value for each in measured.readings},
    "title": wording.title(load),
    "settings": wording.settings(load),
    "primary": wording.primary(load).name,
}))
"""


@pytest.fixture(scope="module")
def copy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with a pvbench that has one file and one row more."""
    folder = tmp_path_factory.mktemp("copy")
    add_tool(copy_into(folder), ROOT / "tests/toys/pulse.py")
    return folder


def test_a_toy_workload_is_added_in_one_place(copy: Path) -> None:
    used = ran(copy, "-c", USE, stdin=MATRIX)

    assert "" == used.stderr
    assert {
        "argv": ["pulse", "/dev/xvde", "--beat=4096", "--seconds=3"],
        "readings": {"iops": 100.0, "throughput": 409600.0},
        "title": "Beats of 4 KiB",
        "settings": "pulse: runtime 3 s, warmup 0 ms",
        "primary": "iops",
    } == json.loads(used.stdout)


def test_a_toy_workload_is_planned(copy: Path) -> None:
    (copy / "matrix.yaml").write_text(MATRIX)

    planned = ran(copy, "-m", "pvbench", "plan", "matrix.yaml")
    assert (0, "next: pvbench run matrix.yaml\n") == (planned.returncode, planned.stderr)
    assert all(words in planned.stdout for words in ("Beats of 4 KiB", "Beats of 64 KiB", "blkfront"))


def test_a_toy_workload_has_its_own_errors_with_their_place(copy: Path) -> None:
    (copy / "large.yaml").write_text(MATRIX.replace("64KiB", "32MiB") + "scratch: 16MiB\n")
    (copy / "wrong.yaml").write_text(MATRIX.replace("beat", "beet"))

    large, wrong = (ran(copy, "-m", "pvbench", "plan", f"{name}.yaml").stderr for name in ("large", "wrong"))
    assert "large.yaml:6:26: a beat of 32 MiB" in large
    assert "unknown key 'beet' in pulse; did you mean 'beat'?" in wrong


def test_nothing_outside_of_the_workloads_knows_a_tool_by_name() -> None:
    rooms = {"workloads", "testing", "foreign"}  # the last two have what anybody made with these very tools
    sources = [path for path in (ROOT / "pvbench").rglob("*.py") if rooms.isdisjoint(path.parts)]

    named = [
        f"{path.relative_to(ROOT)}: {word}"
        for path in sources
        for word in ('"fio"', '"iperf3"', '"netperf"')
        if word in path.read_text()
    ]
    assert [] == named
