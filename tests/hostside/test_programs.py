"""The programs of hostside/, loaded by path or run over fake tools on PATH."""

import importlib.machinery
import importlib.util
import json
import os
import socket
import struct
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any, ClassVar

import pytest

from tests import contracts
from tests.marked import marked

HOSTSIDE = Path(__file__).parents[2] / "hostside"
sys.path.append(str(HOSTSIDE))  # programs there import their siblings


def program(name: str) -> ModuleType:
    loader = importlib.machinery.SourceFileLoader(name.replace("-", "_"), str(HOSTSIDE / name))
    spec = importlib.util.spec_from_loader(loader.name, loader)
    assert spec is not None
    module = importlib.util.module_from_spec(spec)
    loader.exec_module(module)
    return module


def ask(name: str, *requests: dict[str, object], path: str | None = None) -> list[dict[str, object]]:
    done = subprocess.run(
        [HOSTSIDE / name],
        input="".join(json.dumps(request) + "\n" for request in requests),
        text=True,
        capture_output=True,
        check=True,
        env={**os.environ, "PATH": path or os.environ["PATH"]},
    )
    answers = [json.loads(line) for line in done.stdout.splitlines()]
    for request, answer in zip(requests, answers, strict=True):
        contracts.check(name, request, answer)
    return answers


@pytest.fixture
def fake(tmp_path: Path) -> Callable[[str, str], str]:
    """Make fake tools that log their arguments, and give the PATH that finds them first."""
    folder = tmp_path / "bin"
    folder.mkdir()

    def make(name: str, script: str) -> str:
        tool = folder / name
        tool.write_text(f'#!/bin/sh\necho "{name} $*" >>{tmp_path}/log\n{script}\n')
        tool.chmod(0o755)
        return f"{folder}:{os.environ['PATH']}"

    return make


def test_scratch_disks_hold_no_two_equal_blocks(tmp_path: Path) -> None:
    module = program("pvb-setup")
    size = module.POOL + 3 * module.CHUNK

    module.fill(str(tmp_path / "disk"), size, os.urandom(module.POOL))

    data = (tmp_path / "disk").read_bytes()
    blocks = {data[at : at + 4096] for at in range(0, size, 4096)}
    assert len(data) == size
    assert len(blocks) == size // 4096


def test_what_was_set_up_is_undone_newest_first_past_failures(tmp_path: Path) -> None:
    module = program("pvb-setup")
    host = module.Host()
    done: list[str] = []

    def fails() -> None:
        raise module.Failed("busy")

    host.undoing = [lambda: done.append("first"), fails, lambda: done.append("last")]
    assert host.undo() == ["busy"]
    assert done == ["last", "first"]


def test_the_kernel_command_line_is_written_into_the_boot_disk(tmp_path: Path) -> None:
    module = program("pvb-domain")
    head = b"DEFAULT l\nAPPEND @PVB@"
    template = tmp_path / "boot.img"
    template.write_bytes(b"x" * 5000 + head + b"\n" * (4096 - len(head)) + b"y" * 5000)

    module.boot_disk(str(template), "quiet pvb.key=A", str(tmp_path / "out.img"))

    disk = (tmp_path / "out.img").read_bytes()
    assert len(disk) == template.stat().st_size
    assert disk[5000 : 5000 + 4096].split(b"\n")[:2] == [b"DEFAULT l", b"APPEND quiet pvb.key=A"]
    assert disk[-5000:] == b"y" * 5000
    with pytest.raises(module.Failed, match="no room"):
        module.boot_disk(str(template), "x" * 4096, str(tmp_path / "out.img"))


def test_clocks_of_domains_are_read_one_by_one_where_there_are_no_bindings() -> None:
    import pvb_cpu

    domains = {0: 5_000_000_000, 3: 1 << 40, 7: 12}

    def ask(first: int, info: Any) -> int:
        """Answer as xc_domain_getinfolist does (public/domctl.h): flags and six counters between number and time."""
        number = next((each for each in domains if each >= first), None)
        if number is None:
            return 0
        struct.pack_into("=HHI6QQ", info, 0, number, 0xFFFF, 0xFFFFFFFF, *[(1 << 64) - 1] * 6, domains[number])
        return 1

    assert pvb_cpu.one_by_one(ask) == domains
    with pytest.raises(OSError, match="getinfolist failed"):
        pvb_cpu.one_by_one(lambda _first, _info: -1)


def test_a_program_of_ours_is_no_foreign_load_though_it_goes_by_its_interpreter(tmp_path: Path) -> None:
    import pvb_cpu

    scripts = [tmp_path / "hostside/1234/pvb-domain", tmp_path / "elsewhere"]
    running = []
    for script in scripts:
        script.parent.mkdir(parents=True, exist_ok=True)
        script.write_text("#!/usr/bin/env python3\nprint(flush=True)\ninput()\n")
        script.chmod(0o755)
        running.append(subprocess.Popen([script], stdin=subprocess.PIPE, stdout=subprocess.PIPE))
    try:
        for each in running:
            assert each.stdout is not None
            each.stdout.readline()
        known: dict[int, tuple[str | None, str]] = {}
        foreign = {
            pid: role for pid, (role, _, _) in pvb_cpu.threads(7, 0, [], str(tmp_path / "hostside"), known).items()
        }
    finally:
        for each in running:
            each.communicate(b"\n")

    assert running[0].pid not in foreign
    assert set(known).isdisjoint(each.pid for each in running)
    assert foreign[running[1].pid] == "foreign"


def test_what_a_server_starts_to_answer_a_test_is_the_peer_as_well() -> None:
    import pvb_cpu

    script = "(echo $BASHPID; read line)"  # a child of the same name
    with subprocess.Popen(["bash", "-c", script + "; :"], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as server:
        assert server.stdout is not None
        child = int(server.stdout.readline())
        served, alone = (pvb_cpu.threads(7, 0, peers, "/nowhere", {}) for peers in ([server.pid], []))
        server.communicate(b"\n")

    assert (served[server.pid][0], served[child][0]) == ("peer", "peer")
    assert alone[child][0] == "foreign"


def test_a_busy_shell_is_foreign_load() -> None:
    import pvb_cpu

    with subprocess.Popen(["sh", "-c", "echo; while :; do :; done"], stdout=subprocess.PIPE) as busy:
        assert busy.stdout is not None
        busy.stdout.readline()
        try:
            role, name, early = pvb_cpu.threads(7, 0, [], "/nowhere", {})[busy.pid]
            late, deadline = early, time.monotonic() + 10  # it gets no CPU while others have them all
            while late - early <= 50_000_000 and time.monotonic() < deadline:
                time.sleep(0.1)
                late = pvb_cpu.threads(7, 0, [], "/nowhere", {})[busy.pid][2]
        finally:
            busy.kill()

    assert (role, name) == ("foreign", "sh")
    assert late - early > 50_000_000  # ns


@pytest.mark.parametrize(
    "name", ["md0_resync", "md127_reshape", "ksmd", "btrfs-scrub", "dsl_scan_iss", "khugepaged", "kswapd0"]
)
def test_what_the_kernel_does_for_nobody_is_foreign(name: str) -> None:
    import pvb_cpu

    assert not pvb_cpu.OF_THE_PATH.match(name)


@pytest.mark.parametrize(
    "name", ["ksoftirqd/0", "rcu_sched", "xenwatch", "vif3.0-q0-guest", "3.xvda-0", "loop4", "jbd2/vda1-8"]
)
def test_what_the_kernel_may_do_for_a_domain_is_not(name: str) -> None:
    import pvb_cpu

    assert pvb_cpu.OF_THE_PATH.match(name)


def test_kernel_threads_are_told_apart_from_programs_by_their_parent() -> None:
    import pvb_cpu

    known: dict[int, tuple[str | None, str]] = {}
    pvb_cpu.threads(7, 0, [], "/nowhere", known)
    again = pvb_cpu.threads(7, 0, [], "/nowhere", known)

    assert all(pvb_cpu.parent(f"/proc/{pid}") == pvb_cpu.KTHREADD for pid in known)
    told = {pid for pid, (role, _) in known.items() if role}
    assert told <= set(again)
    assert not {pid for pid, (role, _) in known.items() if role is None} & set(again)


def test_the_quickest_answer_of_the_clocks_is_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    import pvb_cpu

    class Clocks:
        """Every answer of it is another one."""

        kernel_threads: ClassVar[set[int]] = set()

        def __init__(self) -> None:
            self.asked = 0

        def idle(self) -> list[int]:
            self.asked += 1
            return [100 * self.asked]

        def domains(self) -> dict[int, int]:
            return {0: self.asked}

    times = iter([0, 50, 100, 110, 200, 290, 300, 390, 400, 490])
    monkeypatch.setattr(pvb_cpu, "threads", lambda *_: {})
    monkeypatch.setattr(pvb_cpu, "peers_of", lambda _: [])
    monkeypatch.setattr(pvb_cpu, "pace", lambda: 7)
    monkeypatch.setattr(pvb_cpu, "clock_ns", lambda _clock: next(times))

    assert pvb_cpu.look(Clocks(), 7, 0, "/r") == {"at": 105, "domains": {0: 3}, "idle": [350], "threads": {}, "pace": 7}


def test_xenstore_is_read_a_level_at_a_time(tmp_path: Path) -> None:
    import pvb_xenstore

    nodes = {"/b": "", "/b/0": "x", "/b/0/state": "4", "/b/0/ring": "", "/b/0/ring/order": "2", "/c": "y"}
    nodes |= {f"/b/0/n{number}": str(number) for number in range(100)}
    asked = []

    def answer(line: socket.socket) -> None:
        with line, line.makefile("rb") as stream:
            while head := stream.read(16):
                kind, _, _, size = struct.unpack("<4I", head)
                path = stream.read(size)[:-1].decode()
                asked.append(path)
                below = [name[len(path) + 1 :] for name in nodes if name.rpartition("/")[0] == path]
                said = nodes[path] if kind == pvb_xenstore.READ else "".join(f"{name}\0" for name in below)
                line.sendall(struct.pack("<4I", kind, 0, 0, len(said)) + said.encode())

    with socket.socket(socket.AF_UNIX) as server:
        server.bind(str(tmp_path / "s"))
        server.listen()
        with pvb_xenstore.Xenstore(str(tmp_path / "s")) as store:
            thread = threading.Thread(target=answer, args=(server.accept()[0],))
            thread.start()
            found = store.trees(["/b/0", "/c"])
        thread.join()

    assert found == {path: value for path, value in nodes.items() if value}
    assert len(asked) == 2 * (len(nodes) - 1)


def test_a_node_that_is_not_in_xenstore_is_none(tmp_path: Path) -> None:
    import pvb_xenstore

    with socket.socket(socket.AF_UNIX) as server:
        server.bind(str(tmp_path / "s"))
        server.listen()
        with pvb_xenstore.Xenstore(str(tmp_path / "s")) as store, server.accept()[0] as line:
            line.sendall(struct.pack("<4I", 16, 0, 0, 7) + b"ENOENT\0")
            assert store.read("/nowhere") is None


def test_a_machine_without_xenstored_is_told_what_is_asked_of_it(tmp_path: Path) -> None:
    import pvb_xenstore

    with pytest.raises(OSError, match=r"does not answer at .*/s \(No such file or directory\): is this dom0"):
        pvb_xenstore.Xenstore(str(tmp_path / "s"))


BUSY = """\
import sys, threading, time
def burn():
    begun = time.thread_time()
    while time.thread_time() - begun < 0.1: pass
thread = threading.Thread(target=burn)
thread.start()
thread.join()
print("burnt", flush=True)
sys.stdin.read()
"""


def test_a_process_is_charged_for_its_threads_that_have_ended() -> None:
    cpu = program("pvb_cpu.py")
    with subprocess.Popen([sys.executable, "-c", BUSY], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as busy:
        assert busy.stdout is not None
        busy.stdout.readline()
        assert cpu.used(busy.pid) >= 100_000_000

    assert cpu.used(busy.pid) == 0  # gone


def test_a_mount_that_is_busy_for_a_moment_is_unmounted_then(
    tmp_path: Path, fake: Callable[[str, str], str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", fake("umount", f"[ -e {tmp_path}/free ] || {{ touch {tmp_path}/free; exit 32; }}"))

    program("pvb-setup").unmount("/disks", patience=5)

    assert (tmp_path / "log").read_text() == "umount /disks\n" * 2


def test_a_mount_that_stays_busy_is_said_to_be(
    fake: Callable[[str, str], str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", fake("umount", "echo target is busy >&2; exit 32"))
    setup = program("pvb-setup")

    with pytest.raises(setup.Failed, match="target is busy"):
        setup.unmount("/disks", patience=0.1)


def recorder(tmp_path: Path, xentrace: str, look: Callable[[int, str], dict[str, int]] | None = None) -> Any:
    """pvb-trace's recorder with a xentrace of its own, which is given the file's path last."""
    marked(tmp_path / "s").make()
    fake = tmp_path / "xentrace"
    fake.write_text(f"#!/bin/sh\nfor file; do :; done\n{xentrace}\n")
    fake.chmod(0o755)
    return program("pvb-trace").Recorder(
        find=lambda: str(fake), look=look or (lambda domid, kind: {"at": domid}), rate=lambda: 2445.0
    )


def arm(tmp_path: Path, delay: float = 0.0) -> dict[str, object]:
    return {"action": "arm", "domid": 4, "kind": "block", "delay": delay, "seconds": 1, "root": str(tmp_path / "s")}


def test_a_trace_is_recorded_told_and_forgotten(tmp_path: Path) -> None:
    made = recorder(tmp_path, 'printf trace >"$file"')
    made.arm(arm(tmp_path))
    answer = made.collect({})
    there = Path(answer["path"]).read_bytes()
    made.forget({})

    assert there == b"trace"
    assert (answer["bytes"], answer["before"], answer["after"]) == (5, {"at": 4}, {"at": 4})
    assert not Path(answer["path"]).exists()


def test_what_a_killed_recorder_left_is_not_taken_for_a_trace(tmp_path: Path) -> None:
    made = recorder(tmp_path, "exit 0")
    Path(marked(tmp_path / "s").folder, "trace.bin").write_bytes(b"older")
    made.arm(arm(tmp_path))

    with pytest.raises(Exception, match="xentrace: exit code 0"):
        made.collect({})


@pytest.mark.parametrize(
    ("xentrace", "said"),
    [
        ("echo 'Failed to write trace data'; exit 1", "xentrace: Failed to write trace data"),
        ("exit 3", "xentrace: exit code 3"),
        ("kill -9 $$", "xentrace: exit code -9"),
    ],
)
def test_a_recording_that_failed_says_why(tmp_path: Path, xentrace: str, said: str) -> None:
    made = recorder(tmp_path, xentrace)
    made.arm(arm(tmp_path))

    with pytest.raises(Exception, match=said):
        made.collect({})


def test_counters_that_are_gone_are_an_answer_and_not_a_thread_that_died(tmp_path: Path) -> None:
    def look(_domid: int, _kind: str) -> dict[str, int]:
        raise ConnectionRefusedError(111, "the device model is gone")

    made = recorder(tmp_path, "exit 0", look)
    made.arm(arm(tmp_path))

    with pytest.raises(Exception, match=r"ConnectionRefusedError: .*the device model is gone"):
        made.collect({})


def test_forgetting_does_not_wait_for_the_moment(tmp_path: Path) -> None:
    made = recorder(tmp_path, 'printf trace >"$file"')
    made.arm(arm(tmp_path, delay=60.0))
    began = time.monotonic()
    made.forget({})

    assert time.monotonic() - began < 5
    assert not list(tmp_path.rglob("trace.bin"))
