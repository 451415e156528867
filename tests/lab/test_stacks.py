"""Xen 4.17 against 4.20 on one host of the lab, in one report: deployed both, booted in turn, given back."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.lab.campaign import pvbench

pytestmark = [pytest.mark.lab, pytest.mark.soak]

HOST = "lab-plain13"
STACKS = """\
schema: 1
stacks:
  xen417: {hypervisor: {version: "4.17", beside: true}}
  xen420: {}
"""
MATRIX = f"""\
schema: 1
hosts: [{HOST}]
stacks: [xen417, xen420]
devices: {{net: [netfront], block: [blkfront]}}
placement: isolated
guest: {{mode: pvh}}
workloads:
  - iperf3: {{direction: up, runtime: 2s, warmup: 1s}}
  - fio: {{rw: randread, bs: 4KiB, runtime: 2s, warmup: 1s}}
run: {{blocks: 2, seed: 1, traces: 0}}
scratch: 16MiB
compare: {{factor: stack, baseline: xen417}}
"""


def runs(folder: Path) -> str:
    """Return the version of the hypervisor that the host runs."""
    words = "cat /sys/hypervisor/version/major /sys/hypervisor/version/minor"
    return pvbench(folder, "lab", "ssh", "--flavour", "plain13", "--", "sh", "-c", words).stdout.replace("\n", ".")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A host that both were deployed onto, 4.20 last; its lab is removed in the end."""
    made = tmp_path_factory.mktemp("stacks")
    (made / "stacks.yaml").write_text(STACKS)
    (made / "m.yaml").write_text(MATRIX)
    remove = ("lab", "rm", "--flavour", "plain13", "--keep-images")
    pvbench(made, *remove)
    for words in (
        ("lab", "up", "--flavour", "plain13"),
        ("stack", "deploy", "xen420", HOST),
        ("stack", "deploy", "xen417", HOST),
        ("stack", "deploy", "xen420", HOST),
    ):
        done = pvbench(made, *words, timeout=3600)
        assert done.returncode == 0, (words, done.stderr)
    yield made
    pvbench(made, *remove)


def rows(folder: Path) -> list[dict[str, Any]]:
    (journal,) = (folder / "results/runs").glob("*/journal.ndjson")
    return [json.loads(line) for line in journal.read_text().splitlines()]


def test_two_hypervisors_are_measured_by_reboots_and_compared_in_one_report(folder: Path) -> None:
    done = pvbench(folder, "run", "m.yaml", timeout=3600)
    assert done.returncode == 0, done.stderr
    assert f"{HOST} is rebooted 4 times" in done.stderr

    seen = set()
    for row in rows(folder):
        (host,) = [witness for witness in row["witnesses"] if witness["side"] == "host"]
        version = dict(host["facts"])["hypervisor"].partition(" ")[2]
        seen.add((row["spec"]["cell"]["arm"]["stack"].partition("@")[0], version[:4]))
    assert seen == {("xen417", "4.17"), ("xen420", "4.20")}
    assert runs(folder).startswith("4.20"), "it has what it had"

    answer = json.loads(pvbench(folder, "compare", "last", "--json").stdout)["comparisons"]
    assert {(each["factor"], each["b"]["device"], each["unit"]) for each in answer} == {
        ("stack", "netfront", "deployment"),
        ("stack", "blkfront", "deployment"),
    }
    assert pvbench(folder, "report", "last", "-o", "report.html").returncode == 0
    assert "stack xen420 against xen417" in (folder / "report.html").read_text()
