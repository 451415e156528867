"""A run that is broken off again and again, and taken up again until all of it is measured."""

import asyncio
import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections import Counter
from pathlib import Path
from typing import Any

from qemu.qmp import QMPClient

from pvbench.cli.wiring import cache_folder
from pvbench.disturbance import disturbed
from pvbench.lab.machine import default_name

MATRIX = """\
schema: 1
hosts: [lab]
devices: {{block: [blkfront]}}
placement: isolated
workloads:
  - fio: {{rw: randread, bs: 4KiB, runtime: 2s, warmup: 0s}}
scratch: 16MiB
run: {{blocks: {blocks}, seed: 1, traces: 0}}
"""
# What a run makes in dom0, and nothing else there would be called; dom0 has a QEMU of its own, for its own disks.
LEFT = """\
xl list | tail -n +3
losetup -a
ip -br link | grep -E '^(pvb|vif|tap)'
grep pvbench /proc/mounts
ls /dev/mapper | grep pvb
ps -eo args= | grep -E '/[p]vb-|[i]perf3|[n]etserver|[q]emu-system|[x]l (create|devd)|[x]entrace' |
  grep -v -e '-xen-domid 0 '
true"""


def pvbench(folder: Path, *argv: str, timeout: float = 1800) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "pvbench", *argv],
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=timeout,
        stdin=subprocess.DEVNULL,
        check=False,
    )


def lab_is_up(folder: Path) -> bool:
    """Whether the lab itself runs, whichever others of this checkout do."""
    return bool(json.loads(pvbench(folder, "lab", "status", "--json").stdout)["running"])


def dom0(folder: Path, script: str, timeout: float = 120) -> str:
    """Return what a shell script prints in the lab's dom0."""
    return pvbench(folder, "lab", "ssh", "--", "sh", "-c", script, timeout=timeout).stdout


def qmp(command: str, **arguments: object) -> object:
    """Tell the lab's QEMU something: what happens to the machine from outside."""

    async def talk() -> object:
        client = QMPClient("soak")
        await client.connect(str(cache_folder() / "labs" / default_name() / "qmp"))
        try:
            return await client.execute(command, arguments)
        finally:
            await client.disconnect()

    return asyncio.run(talk())


def monitor(line: str) -> str:
    """Return what the monitor of the lab's QEMU says."""
    return str(qmp("human-monitor-command", **{"command-line": line}))


class Campaign:
    """One run in a folder: started, broken off, taken up. Prints what it does."""

    def __init__(self, folder: Path, blocks: int) -> None:
        self.folder, self.blocks = folder, blocks
        (folder / "m.yaml").write_text(MATRIX.format(blocks=blocks))
        self.said: list[str] = []
        self.began = time.monotonic()
        self.before: list[str] = []
        self.phases: Counter[str] = Counter()
        self.running: subprocess.Popen[str] | None = None

    def tell(self, text: str) -> None:
        print(f"{time.monotonic() - self.began:6.0f} s  {text}", flush=True)

    def start(self) -> subprocess.Popen[str]:
        """Start the run, or go on with it where it was noted down already."""
        argv = ["run", "--resume", "last"] if self.lines() is not None else ["run", "m.yaml"]
        running = subprocess.Popen(
            [sys.executable, "-m", "pvbench", *argv],
            cwd=self.folder,
            stderr=subprocess.PIPE,
            text=True,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
        )
        self.running, self.said = running, []
        threading.Thread(target=self._listen, args=(running, self.said), daemon=True).start()
        return running

    @staticmethod
    def _listen(running: "subprocess.Popen[str]", said: list[str]) -> None:
        assert running.stderr is not None
        with running.stderr:  # one that nobody closes is a warning, and a failed test, whenever it is collected
            for line in running.stderr:
                said.append(line.rstrip())

    def wait_for(self, words: str, timeout: float = 600) -> None:
        """Wait until the run says something."""
        running, deadline = self.running, time.monotonic() + timeout
        assert running is not None
        while not any(words in line for line in self.said):
            assert running.poll() is None, f"it ended with {running.returncode}: {self.said}"
            assert time.monotonic() < deadline, self.said
            time.sleep(0.1)

    def lives_for(self, seconds: float) -> bool:
        """Start or go on; return whether it still runs after so many seconds."""
        try:
            self.start().wait(timeout=seconds)
        except subprocess.TimeoutExpired:
            return True
        self.check_rows()
        return False

    @property
    def code(self) -> int | None:
        return self.running.returncode if self.running else None

    def kill(self) -> None:
        """Kill the controller where it is."""
        assert self.running is not None
        os.kill(self.running.pid, signal.SIGKILL)
        self.running.wait()
        self.phases[self.phase()] += 1
        self.check_rows()

    def phase(self) -> str:
        """Return what the run was at, by the last it said."""
        last = self.said[-1] if self.said else ""
        for words, phase in (("booting a guest", "boot"), ("guest answers", "trial"), (" trial ", "teardown")):
            if words in last:
                return phase
        return "set-up"

    def lines(self) -> list[str] | None:
        """Return the whole lines of the journal, None where no run was noted down."""
        runs = [path for path in (self.folder / "results/runs").glob("*") if (path / "manifest.json").exists()]
        if not runs:
            return None
        assert len(runs) == 1, runs
        journal = runs[0] / "journal.ndjson"
        return journal.read_text().split("\n")[:-1] if journal.exists() else []

    def rows(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.lines() or []]

    def check_rows(self) -> None:
        """What is recorded stays as it is, and no trial with a figure is made again but for a disturbance."""
        lines = self.lines() or []
        assert lines[: len(self.before)] == self.before
        self.before = lines
        done: dict[str, dict[str, Any]] = {}
        for row in self.rows():
            earlier = done.get(row["id"])
            if earlier is not None:  # in the same boot, or in the next where the host was lost before its turn
                assert self.was_disturbed(earlier), row
            if row["outcome"] == "ok":
                done[row["id"]] = row

    def was_disturbed(self, row: dict[str, Any]) -> bool:
        """Whether a trial had cause to be measured again, by the threshold that its run fixed."""
        (manifest,) = (self.folder / "results/runs").glob("*/manifest.json")
        above = json.loads(manifest.read_text())["disturbed_above"]
        return disturbed(tuple(map(tuple, row["disturbance"])), above) is not None

    def finish(self, attempts: int = 8) -> None:
        """Go on until all is measured; a host that is not free yet is asked again."""
        for _ in range(attempts):
            code = self.start().wait(timeout=1800)
            self.check_rows()
            self.tell(f"resumed: exit code {code}, {self.state()}" + (f": {self.said[-2:]}" if code else ""))
            if code == 0:
                break
            time.sleep(3)
        measured = {row["id"] for row in self.rows() if row["outcome"] == "ok"}
        assert len(measured) == self.blocks, self.state()

    def state(self) -> str:
        outcomes = Counter(row["outcome"] for row in self.rows())
        return ", ".join(f"{number} {outcome}" for outcome, number in outcomes.items()) or "nothing recorded"

    def check_host(self) -> None:
        """Nothing of it is left on the host."""
        deadline = time.monotonic() + 90
        while left := dom0(self.folder, LEFT):
            assert time.monotonic() < deadline, left
            time.sleep(3)
        found = pvbench(self.folder, "clean", "lab", "--dry-run")
        assert found.returncode == 0, found.stderr
        assert not [line for line in found.stdout.splitlines() if line.startswith(("found", "removed"))], found.stdout
        self.tell("nothing is left on the host")
