"""A plain host in the lab becomes one that runs Xen, measures, and is plain again; and the ways back where it does not.

Each test begins with a plain host of its own and takes ten minutes or more under software emulation.
"""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from tests.lab.campaign import pvbench as called

pytestmark = [pytest.mark.lab, pytest.mark.soak]

STACKS = """\
schema: 1
stacks:
  xen: {}
  bridged: {bridge: {name: xenbr0, uplink: eth0}}
  hangs: {dom0: {command_line: break=top}}
  old: {hypervisor: {version: "4.17"}}
"""
MATRIX = """\
schema: 1
hosts: [HOST]
devices: {net: [rtl8139, netfront], block: [ide, blkfront]}
placement: coexist
workloads:
  - fio: {rw: randread, bs: 4KiB, runtime: 3s, warmup: 1s}
  - iperf3: {direction: up, runtime: 3s, warmup: 1s}
scratch: 64MiB
run: {blocks: 1, seed: 1, traces: 0}
compare: {baseline: {net: rtl8139, block: ide}}
"""
RECORDS = "/var/tmp/pvbench/stack"
ON_XEN = "cat /sys/hypervisor/type 2>/dev/null || echo none"
LONG = 2400.0


def begin(folder: Path, *argv: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "pvbench", *argv],
        cwd=folder,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def pvbench(folder: Path, *argv: str, code: int = 0, timeout: float = LONG) -> subprocess.CompletedProcess[str]:
    done = called(folder, *argv, timeout=timeout)
    print(f"$ pvbench {' '.join(argv)}\n{done.stdout}{done.stderr}")
    assert done.returncode == code, f"{argv}: {done.returncode}\n{done.stdout}\n{done.stderr}"
    return done


class Plain:
    """A plain host of one flavour."""

    def __init__(self, folder: Path, flavour: str) -> None:
        self.folder, self.flavour, self.host = folder, flavour, f"lab-{flavour}"
        (folder / "stacks.yaml").write_text(STACKS)
        (folder / "m.yaml").write_text(MATRIX.replace("HOST", self.host))

    def says(self, script: str) -> str:
        words = ("lab", "ssh", "--flavour", self.flavour, "--", "sh", "-c", script)
        return pvbench(self.folder, *words, timeout=120).stdout.strip()

    def wait(self, script: str, until: Callable[[str], bool], within_s: float) -> str:
        """Ask until the answer is right, over as many connections as that takes."""
        words = ("lab", "ssh", "--flavour", self.flavour, "--", "sh", "-c", script)
        began = time.monotonic()
        said = ""
        while time.monotonic() - began < within_s:
            with suppress(subprocess.TimeoutExpired):  # a host that is just going answers nothing
                done = called(self.folder, *words, timeout=60)
                said = done.stdout.strip()
                if done.returncode == 0 and until(said):
                    return said
            time.sleep(3)
        raise AssertionError(f"{script}: {said!r} after {within_s:.0f} s")

    def stack(self, *words: str, code: int = 0) -> subprocess.CompletedProcess[str]:
        return pvbench(self.folder, "stack", *words, code=code)


@pytest.fixture
def plain(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Plain]:
    """A host as it was installed; its lab is removed in the end."""
    host = Plain(tmp_path, getattr(request, "param", "plain"))
    remove = ("lab", "rm", "--flavour", host.flavour, "--keep-images")
    pvbench(tmp_path, *remove)
    pvbench(tmp_path, "lab", "up", "--flavour", host.flavour, timeout=3600)
    yield host
    pvbench(tmp_path, *remove)


@pytest.mark.parametrize("plain", ["plain", "plain13"], indirect=True, ids=["Debian 12", "Debian 13"])
def test_a_plain_host_is_deployed_onto_measures_and_is_plain_again(plain: Plain) -> None:
    kernel = plain.says("uname -r")
    would = plain.stack("deploy", "xen", plain.host, "--dry-run").stdout
    assert "would install xen-hypervisor-" in would
    assert plain.says("ls /boot | grep -c xen || true") == "0"

    plain.stack("deploy", "xen", plain.host)
    assert plain.says(ON_XEN) == "xen"
    pvbench(plain.folder, "run", "m.yaml")

    again = plain.stack("deploy", "xen", plain.host)
    assert (again.stdout, "nothing to change" in again.stderr) == ("", True)
    assert json.loads(plain.stack("show", plain.host, "--json").stdout)["name"] == "xen"

    back = plain.stack("rollback", plain.host)
    assert "is as it was before the first stack" in back.stderr
    assert "differs" not in back.stdout
    assert (plain.says(ON_XEN), plain.says("uname -r")) == ("none", kernel)


def test_a_broken_xen_leaves_the_host_on_its_old_kernel(plain: Plain) -> None:
    running = begin(plain.folder, "stack", "deploy", "xen", plain.host, "--return-within", "3m")
    plain.wait(f"test -e {RECORDS}/pvb-dom0.json && echo yes", lambda said: said == "yes", 900)
    plain.says("f=$(ls /boot/xen-*-amd64.gz); head -c 100000 /dev/urandom > $f")
    out, _ = running.communicate(timeout=LONG)

    print(out)
    assert running.returncode == 4
    assert "rolled back" in out
    assert plain.says(ON_XEN) == "none"


def test_a_stack_that_hangs_leaves_the_host_on_its_old_kernel(plain: Plain) -> None:
    said = plain.stack("deploy", "hangs", plain.host, "--return-within", "3m", code=4)

    assert "went back to its old kernel by itself; the rest was rolled back, and the host is as it was" in said.stderr
    assert plain.says(ON_XEN) == "none"


def test_a_controller_that_dies_at_the_bridge_leaves_the_host_reachable(plain: Plain) -> None:
    plain.stack("deploy", "xen", plain.host)
    # A connection that is there already tells sooner than the controller's new one can confirm the bridge.
    watch = f"until test -e {RECORDS}/pvb-bridge.json; do sleep 0.1; done; echo made"
    watching = begin(plain.folder, "lab", "ssh", "--flavour", plain.flavour, "--", "sh", "-c", watch)
    running = begin(plain.folder, "stack", "deploy", "bridged", plain.host)
    assert watching.stdout is not None
    assert any(line.strip() == "made" for line in watching.stdout)
    os.kill(running.pid, signal.SIGKILL)
    print(running.communicate()[0])
    watching.communicate()

    plain.wait("test -e /sys/class/net/xenbr0 || ip -br -4 addr show eth0", lambda said: "10.0.2.15" in said, 400)
    assert "is as it was" in plain.stack("rollback", plain.host).stderr


def test_a_bridge_is_made_without_losing_the_host(plain: Plain) -> None:
    plain.stack("deploy", "bridged", plain.host)

    assert "10.0.2.15" in plain.says("ip -br -4 addr show xenbr0")
    assert "is as it was" in plain.stack("rollback", plain.host).stderr


@pytest.mark.parametrize("plain", ["plain13"], indirect=True)
def test_two_xens_are_deployed_onto_one_host(plain: Plain) -> None:
    plain.stack("deploy", "xen", plain.host)
    plain.stack("deploy", "old", plain.host)

    assert "xen_minor              : 17" in plain.says("xl info")
    assert "is as it was" in plain.stack("rollback", plain.host).stderr
