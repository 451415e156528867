"""The lease on a real Xen host: whoever comes second, with another scratch folder, is refused as long as it lasts."""

import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from pvbench import lease, ssh
from pvbench.cli.wiring import cache_folder
from pvbench.clock import SystemClock
from pvbench.inventory import Host
from pvbench.lab.argv import LabSpec
from pvbench.lab.machine import Machine, default_name
from pvbench.transport import Command

pytestmark = pytest.mark.lab
TTL_S = 15.0
MATRIX = """\
schema: 1
hosts: [lab]
devices: {block: [ide, blkfront]}
placement: coexist
workloads:
  - fio: {rw: randread, bs: 4KiB, runtime: 5s, warmup: 1s}
scratch: 64MiB
run: {blocks: 1, seed: 1, traces: 0}
compare: {baseline: {block: ide}}
"""


@pytest.fixture(scope="module")
def lab() -> Iterator[Host]:
    machine = Machine(cache_folder(), default_name(), LabSpec(), SystemClock())
    ran = machine.status().running
    yield machine.up(print)
    if not ran:
        machine.down()


@pytest.fixture
def second(lab: Host, tmp_path: Path) -> Callable[[], tuple[int, str]]:
    """Return what another person's `pvbench clean` of the same host, with a scratch folder of its own, comes to."""
    (tmp_path / "hosts.yaml").write_text(
        f"schema: 1\nhosts:\n  theirs: {{address: {lab.address}, port: {lab.port}, user: root, key: {lab.key}, "
        f"host_key: {lab.host_key}, scratch: /var/tmp/theirs}}\n"
    )

    def come() -> tuple[int, str]:
        done = subprocess.run(
            [sys.executable, "-m", "pvbench", "clean", "theirs", "--hosts", "hosts.yaml"],
            cwd=tmp_path,
            capture_output=True,
            text=True,
            stdin=subprocess.DEVNULL,
            check=False,
        )
        return done.returncode, done.stderr

    return come


def test_a_host_stays_held_through_a_step_that_outlasts_the_lease(
    lab: Host, second: Callable[[], tuple[int, str]]
) -> None:
    with (
        ssh.connect(ssh.direct(lab)) as transport,
        ThreadPoolExecutor() as pool,
        lease.held(transport, lab, "the first", ttl_s=TTL_S) as held,
    ):
        step = pool.submit(transport.run, Command(("sleep", str(3 * TTL_S)), timeout_s=5 * TTL_S))
        came = []
        while not step.done():
            came.append(second())
        held.check()

    assert len(came) >= 3
    assert {code for code, _ in came} == {4}
    assert all("theirs is held by the first since" in said for _, said in came), came
    assert second()[0] == 0


def test_nobody_else_gets_a_host_while_a_run_goes_on_there(
    lab: Host, second: Callable[[], tuple[int, str]], tmp_path: Path
) -> None:
    (tmp_path / "m.yaml").write_text(MATRIX)
    with subprocess.Popen(
        [sys.executable, "-m", "pvbench", "run", "m.yaml"],
        cwd=tmp_path,
        stderr=subprocess.PIPE,
        text=True,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
    ) as running:
        assert running.stderr is not None
        said, came = [], []
        for line in running.stderr:
            said.append(line)
            if re.search(r"booting|trial \d+ of", line):
                came.append(second())

    assert running.returncode == 0, said
    assert len(came) >= 2
    assert {code for code, _ in came} == {4}, came
    assert all("run " in words for _, words in came)
    assert second()[0] == 0
