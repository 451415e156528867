"""What is ours bears the mark of the scratch folder, and nothing else is touched.

Real files, links, bridges, addresses, mounts and loop devices, in namespaces of their own; xl and LVM are made up.
"""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from tests import contracts
from tests.marked import HOSTSIDE, marked

pytestmark = pytest.mark.thorough

Fake = Callable[[str, str], None]
FOREIGN_UUID = "11112222-3333-4444-8555-666677778888"


def usable() -> str:
    """Return why this machine cannot show it, or nothing."""
    for argv in (["unshare", "--net", "--mount", "ip", "link", "add", "pvbtest", "type", "bridge"], ["losetup", "-f"]):
        done = subprocess.run(argv, capture_output=True, text=True, check=False)
        if done.returncode:
            return f"{' '.join(argv)}: {done.stderr.strip()}"
    return ""


@pytest.fixture(scope="module")
def needs_namespaces() -> None:
    if why := usable():
        pytest.skip(why)


class Host:
    """Programs of hostside/ over fake tools on PATH, and perhaps in a network and a view of mounts of their own."""

    def __init__(self, folder: Path) -> None:
        self.log, self.bin, self.inside = folder / "log", folder / "bin", list[str]()
        self.bin.mkdir()
        self.log.touch()
        self.scratch = marked(folder / "scratch")
        self.root = Path(self.scratch.root)
        self.environment = {**os.environ, "PATH": f"{self.bin}:{os.environ['PATH']}"}
        for name in ("xl", "lvs", "lvcreate", "lvremove"):
            self.fake(name, "exit 0")
        self.fake("vgs", "echo 4194304 1000")
        for name in ("iperf3", "netserver"):
            self.fake(name, "exec sleep 1000")

    def fake(self, name: str, script: str) -> None:
        (self.bin / name).write_text(f'#!/bin/sh\necho "{name} $*" >>{self.log}\n{script}\n')
        (self.bin / name).chmod(0o755)

    def domains(self, *domains: tuple[int, str, str]) -> None:
        """Have xl list domains, as `xl list -v` does; a destroyed one stays."""
        listed = self.bin / "domains"
        listed.write_text(
            "Name                  ID   Mem VCPUs State Time(s)   UUID      Reason-Code Security Label\n"
            "Domain-0               0  1536     1     r-----      58.1 00000000-0000-0000-0000-000000000000  -  -\n"
            + "".join(f"{name}  {domid}  256  1  -b----  1.0 {uuid}  -  -\n" for domid, name, uuid in domains)
        )
        self.fake("xl", f'[ "$1" != list ] || cat {listed}')

    def run(self, *argv: str | Path) -> str:
        done = subprocess.run([*self.inside, *argv], capture_output=True, text=True, check=False, env=self.environment)
        assert done.returncode == 0, (argv, done.stderr)
        return done.stdout

    def clean(self, *, remove: bool = True, everything: bool = False, group: str | None = None) -> dict[str, Any]:
        request = {"root": str(self.root), "volume_group": group, "remove": remove, "all": everything}
        done = subprocess.run(
            [*self.inside, HOSTSIDE / "pvb-clean"],
            input=json.dumps(request),
            text=True,
            capture_output=True,
            env=self.environment,
            check=False,
        )
        assert (done.returncode, done.stderr) == (0, "")
        answer: dict[str, Any] = json.loads(done.stdout)
        contracts.check("pvb-clean", request, answer)
        return answer

    def found(self, **how: Any) -> dict[str, bool]:
        return {f"{each['kind']} {each['name']}": each["removed"] for each in self.clean(**how)["found"]}

    def left(self, **how: Any) -> dict[str, str]:
        return {f"{each['kind']} {each['name']}": each["why"] for each in self.clean(**how)["left"]}

    @contextmanager
    def program(self, program: str, /, **request: Any) -> Iterator[tuple["subprocess.Popen[str]", dict[str, Any]]]:
        """Yield a running program that has answered a request, and its answer."""
        with subprocess.Popen(
            [*self.inside, HOSTSIDE / program],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env={**self.environment, "PVBENCH_COMMAND": "a mark"},
        ) as running:
            assert running.stdin is not None
            assert running.stdout is not None
            running.stdin.write(json.dumps(request) + "\n")
            running.stdin.flush()
            try:
                answer = json.loads(running.stdout.readline())
                contracts.check(program, request, answer)
                yield running, answer
            finally:
                running.kill()

    def setup(self, **other: Any) -> dict[str, Any]:
        disks = [{"name": "ide", "bytes": 1 << 20, "as": "block"}, {"name": "q", "bytes": 1 << 20, "as": "file"}]
        usual = {
            "action": "setup",
            "root": str(self.root),
            "bridge": "pvbr0",
            "own_bridge": True,
            "memory": False,
            "addresses": ["198.18.10.1/24"],
            "volume_group": None,
            "disks": disks,
            "servers": [
                {"name": f"{name}-198.18.10.1", "argv": [name, "198.18.10.1"]} for name in ("iperf3", "netserver")
            ],
        }
        return usual | other

    def create(self, name: str) -> dict[str, Any]:
        template = self.root.parent / "boot.img"
        template.write_bytes(b"DEFAULT l\n@PVB@" + b"\n" * 4096)
        return {
            "action": "create",
            "name": name,
            "root": str(self.root),
            "config": f'name="{name}"\n',
            "boot_disk": str(template),
            "append": "quiet",
        }


@pytest.fixture
def host(tmp_path: Path) -> Host:
    return Host(tmp_path)


@pytest.fixture
def real(tmp_path: Path, needs_namespaces: None) -> Iterator[Host]:
    """A host with a network and mounts of its own, in which ip, mount and losetup are the real ones."""
    made = Host(tmp_path)
    with subprocess.Popen(["unshare", "--net", "--mount", "--propagation", "private", "sleep", "600"]) as holder:
        try:
            until(lambda: read(Path(f"/proc/{holder.pid}/cmdline")).startswith(b"sleep"))
            made.inside = ["nsenter", "-t", str(holder.pid), "--net", "--mount"]
            made.run("mount", "-t", "sysfs", "sysfs", "/sys")
            made.run("ip", "link", "set", "lo", "up")
            yield made
            made.found()
        finally:
            holder.kill()


def links(host: Host) -> set[str]:
    return {each["ifname"] for each in json.loads(host.run("ip", "-j", "link"))}


def addresses(host: Host, device: str) -> list[str]:
    (found,) = json.loads(host.run("ip", "-j", "-4", "addr", "show", "dev", device))
    return [f"{each['local']}/{each['prefixlen']}" for each in found["addr_info"]]


def loops(host: Host) -> list[str]:
    found = host.run("losetup", "--list", "--noheadings", "--output", "NAME,BACK-FILE").splitlines()
    return sorted(line.split()[0] for line in found if str(host.bin.parent) in line)


def mounts(host: Host) -> list[str]:
    return [line.split()[4] for line in host.run("cat", "/proc/self/mountinfo").splitlines() if str(host.root) in line]


def servers(host: Host) -> list[str]:
    mark = f"\0{host.scratch.environment}\0".encode()
    return [path.parent.name for path in Path("/proc").glob("[0-9]*/environ") if mark in b"\0" + read(path)]


def until(happened: Callable[[], bool]) -> None:
    for _ in range(1000):
        if happened():
            return
        time.sleep(0.01)
    pytest.fail("it did not happen")


def read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError:
        return b""


@pytest.mark.parametrize("memory", [True, False], ids=["in memory", "on disk"])
def test_what_a_killed_setup_left_is_found_by_its_marks_and_removed(real: Host, memory: bool) -> None:
    with real.program("pvb-setup", **real.setup(memory=memory)) as (running, answer):
        assert "disks" in answer, answer
        assert answer["boot"] == f"{real.root}/work-{real.scratch.id}/boot"
        running.kill()
        running.wait()
        assert (links(real), len(loops(real)), len(servers(real))) == ({"lo", "pvbr0"}, 1, 2)
        assert len(mounts(real)) == memory

        listed = real.found(remove=False)
        removed = real.found()

    assert set(listed.values()) == {False}
    assert set(removed.values()) == {True}
    assert listed.keys() == removed.keys() | {name for name in listed if name.startswith("file") and memory}
    kinds = sorted(name.rpartition(" ")[0] for name in removed if not name.startswith("file"))
    assert kinds == ["bridge", "loop device", *(["server sleep (pid"] * 2), *(["tmpfs"] if memory else [])]
    assert (links(real), loops(real), servers(real), mounts(real)) == ({"lo"}, [], [], [])
    assert real.clean() == {"found": [], "left": []}


def test_what_was_set_up_is_undone_and_nothing_is_left_to_clean(real: Host) -> None:
    with real.program("pvb-setup", **real.setup(volume_group="vg0", own_bridge=True)) as (running, answer):
        assert "error" in answer  # the volume that lvcreate claims to have made is not there to be filled
        assert real.clean() == {"found": [], "left": []}
        assert running.stdin is not None
        running.stdin.close()
        assert running.wait(20) == 0
    assert f"lvcreate --yes --wipesignatures n --addtag {real.scratch.tag} --name pvb_ide" in real.log.read_text()


def test_somebodys_bridge_of_our_name_is_neither_taken_nor_removed(real: Host) -> None:
    real.run("ip", "link", "add", "pvbr0", "type", "bridge")
    with real.program("pvb-setup", **real.setup()) as (_, answer):
        assert "an interface pvbr0 already, and pvbench did not make it" in answer["error"]
        assert "bridge:" in answer["error"]

    assert real.clean() == {
        "found": [],
        "left": [{"kind": "bridge", "name": "pvbr0", "why": f"its alias is not 'pvbench {real.scratch.id}'"}],
    }
    assert "pvbr0" in links(real)


def test_a_bridge_is_ours_from_the_moment_it_is_there(real: Host) -> None:
    real.run("ip", "link", "add", "name", "pvbr0", "address", real.scratch.mac, "type", "bridge")

    assert real.found() == {"bridge pvbr0": True}
    assert links(real) == {"lo"}


def test_addresses_are_taken_off_somebodys_bridge_and_only_ours(real: Host) -> None:
    real.run("ip", "link", "add", "br0", "type", "bridge")
    real.run("ip", "addr", "add", "10.9.8.7/24", "dev", "br0")
    mine = ["198.18.10.1/24", "198.18.11.1/24"]
    with real.program("pvb-setup", **real.setup(bridge="br0", own_bridge=False, addresses=mine)) as (running, _):
        assert set(mine) < set(addresses(real, "br0"))
        running.kill()
        running.wait()
        real.run("ip", "addr", "add", "198.18.99.1/24", "dev", "br0")

        answer = real.clean()

    assert {each["name"] for each in answer["found"] if each["kind"] == "address"} == {
        f"{each} on br0" for each in mine
    }
    assert answer["left"] == [
        {"kind": "address", "name": "198.18.99.1/24 on br0", "why": "pvbench did not note that it put it there"}
    ]
    assert addresses(real, "br0") == ["10.9.8.7/24", "198.18.99.1/24"]
    assert real.found() == {}


def test_an_address_that_is_there_already_is_somebodys(real: Host) -> None:
    real.run("ip", "link", "add", "br0", "type", "bridge")
    real.run("ip", "addr", "add", "198.18.10.1/24", "dev", "br0")
    with real.program("pvb-setup", **real.setup(bridge="br0", own_bridge=False)) as (_, answer):
        assert "is in use on this host: 198.18.10.1/24 on br0" in answer["error"]

    real.clean()
    assert addresses(real, "br0") == ["198.18.10.1/24"]


@pytest.mark.parametrize("change", ["another boot", "another bridge"])
def test_a_note_of_an_address_dies_with_its_boot_and_its_bridge(real: Host, change: str) -> None:
    real.run("ip", "link", "add", "br0", "type", "bridge")
    with real.program("pvb-setup", **real.setup(bridge="br0", own_bridge=False)) as (running, _):
        running.kill()
        running.wait()
    note = Path(real.scratch.noted)
    if change == "another boot":
        note.write_text(json.dumps({**json.loads(note.read_text()), "boot": "an earlier one"}))
    else:
        real.run("ip", "link", "del", "br0")
        real.run("ip", "link", "add", "br0", "type", "bridge")
        real.run("ip", "addr", "add", "198.18.10.1/24", "dev", "br0")

    real.clean()

    assert addresses(real, "br0") == ["198.18.10.1/24"]


def test_a_loop_device_is_found_behind_links_and_over_a_file_that_is_gone(real: Host) -> None:
    outside = real.root.parent
    real.scratch.make()
    named = {}
    for name, folder in {"a": real.scratch.disks, "b": real.scratch.disks, "c": real.root, "d": outside}.items():
        Path(folder, f"{name}.img").write_bytes(bytes(1 << 20))
        named[name] = real.run("losetup", "-f", "--show", f"{folder}/{name}.img").strip()
    try:
        Path(real.scratch.disks, "b.img").unlink()
        (outside / "link").symlink_to(real.root.parent, target_is_directory=True)
        real.root = outside / "link" / real.root.name

        answer = real.clean()

        assert {each["name"] for each in answer["found"] if each["kind"] == "loop device"} == {named["a"], named["b"]}
        assert [each["name"] for each in answer["left"] if each["kind"] == "loop device"] == [named["c"]]
        assert (loops(real), (outside / "scratch/c.img").exists()) == ([named["c"], named["d"]], True)
    finally:
        for which in "cd":
            subprocess.run(["losetup", "--detach", named[which]], check=False)


def test_a_mount_that_is_not_ours_is_left_with_what_is_on_it(real: Host) -> None:
    real.scratch.make()
    real.run("mount", "-t", "tmpfs", "somebody", real.scratch.disks)
    real.run("sh", "-c", f"echo data > {real.scratch.disks}/theirs")

    assert real.left() == {f"mount {real.scratch.disks}": "pvbench did not mount it"}
    assert real.run("cat", f"{real.scratch.disks}/theirs") == "data\n"
    assert f"{real.root} is" not in str(real.found(everything=True))
    assert real.run("cat", f"{real.scratch.disks}/theirs") == "data\n"


def test_domains_are_ours_by_their_uuid_whatever_their_name(host: Host) -> None:
    ours = host.scratch.uuid()
    host.domains(
        (7, "pvb-b01", ours),
        (8, "pvb-foreign", FOREIGN_UUID),
        (9, "db server", FOREIGN_UUID),
        (10, "(null)", host.scratch.uuid()),
    )

    assert host.clean() == {
        "found": [{"kind": "domain", "name": name, "removed": True} for name in ("pvb-b01", "(null)")],
        "left": [
            {"kind": "domain", "name": "pvb-foreign", "why": f"its UUID {FOREIGN_UUID} is not of this scratch folder"}
        ],
    }
    assert [line for line in host.log.read_text().splitlines() if "destroy" in line] == [
        "xl destroy 7",
        "xl destroy 10",
    ]


def test_a_uuid_is_a_valid_one_and_another_each_time(host: Host) -> None:
    import uuid

    made = {host.scratch.uuid() for _ in range(50)}
    assert len(made) == 50
    assert {(uuid.UUID(each).version, uuid.UUID(each).variant) for each in made} == {(8, uuid.RFC_4122)}
    assert not any(host.scratch.owns_domain(each) for each in (FOREIGN_UUID, "", str(uuid.uuid4())))


def test_volumes_are_ours_by_their_tag_in_whatever_group(host: Host) -> None:
    tag = host.scratch.tag
    host.fake(
        "lvs",
        f"printf '  vg0|pvb_ide|{tag}\\n  vg0|pvb_x|\\n  vg0|pvb_y|pvbench_0\\n  vg1|a|new,{tag}\\n  vg1|pvb_z|\\n'",
    )

    assert host.found() == {}  # no group and no note of one: LVM is not even asked
    answer = host.clean(group="vg0")

    assert [each["name"] for each in answer["found"]] == ["vg0/pvb_ide", "vg1/a"]
    assert [each["name"] for each in answer["left"]] == ["vg0/pvb_x", "vg0/pvb_y"]
    removed = [line for line in host.log.read_text().splitlines() if line.startswith("lvremove")]
    assert removed == ["lvremove --yes vg0/pvb_ide", "lvremove --yes vg1/a"]


def test_somebodys_volume_of_our_name_is_neither_taken_nor_removed(real: Host) -> None:
    real.fake("lvcreate", 'echo "  Logical Volume \\"pvb_ide\\" already exists in volume group \\"vg0\\"" >&2; exit 5')
    with real.program("pvb-setup", **real.setup(volume_group="vg0")) as (_, answer):
        assert "a volume vg0/pvb_ide already, and pvbench did not make it" in answer["error"]

    assert "lvremove" not in real.log.read_text()
    assert links(real) == {"lo"}


def test_files_that_pvbench_did_not_make_stay_and_are_told(host: Host) -> None:
    host.scratch.make()
    theirs = ["disks/ide.img", "boot/pvb-b01.cfg", "hostside/notes", "mine.img"]
    for name in theirs:
        (host.root / name).parent.mkdir(exist_ok=True)
        (host.root / name).touch()
    for name in ("disks/ide.img", "boot/pvb-b01.img", "trace.bin"):
        Path(host.scratch.folder, name).touch()

    assert host.left(remove=False) == {f"file {host.root}/{name}": "pvbench did not make it" for name in theirs}
    assert set(host.found()) == {
        f"file {host.scratch.folder}/{name}" for name in ("disks/ide.img", "boot/pvb-b01.img", "trace.bin")
    }
    assert all((host.root / name).exists() for name in theirs)
    assert host.found() == {}


def test_many_strangers_are_counted(host: Host) -> None:
    for number in range(50):
        (host.root / f"{number:02}.img").touch()

    assert list(host.left())[-1] == f"file 30 more in {host.root}"


def test_all_takes_what_is_kept_and_the_folder_too(host: Host) -> None:
    host.scratch.make()
    for name in (
        "hostside/0123456789abcdef/pvb-clean",
        "guest/fedcba9876543210/boot.img",
        "guest/.part-12ab/x",
        f"work-{host.scratch.id}/boot/pvb-b01.cfg",
    ):
        (host.root / name).parent.mkdir(parents=True, exist_ok=True)
        (host.root / name).touch()

    kept = {f"programs {host.root}/hostside/0123456789abcdef", f"guest image {host.root}/guest/fedcba9876543210"}
    assert kept | {f"folder {host.root}"} < set(host.found(remove=False, everything=True))
    assert all((host.root / name).exists() for name in ("hostside", "guest", "pvbench.mark"))
    assert set(host.found(everything=True).values()) == {True}
    assert not host.root.exists()


def test_all_leaves_a_folder_that_holds_something_foreign(host: Host) -> None:
    (host.root / "guest").mkdir()
    (host.root / "guest/mine").touch()

    why = host.left(everything=True)[f"folder {host.root}"]

    assert why == f"{host.root}/guest/mine is in it, which pvbench did not make"
    assert (host.root / "pvbench.mark").exists()


def test_all_leaves_the_records_by_which_a_stack_is_taken_off_again(host: Host) -> None:
    record = host.root / "stack/pvb-boot.json"
    record.parent.mkdir()
    record.write_text('{"changes": []}')

    why = host.left(everything=True)[f"folder {host.root}"]
    assert why == "a stack is deployed: `pvbench stack rollback` the host first"
    assert record.exists()
    record.unlink()
    assert set(host.found(everything=True).values()) == {True}
    assert not host.root.exists()


@pytest.mark.parametrize("harm", ["no mark", "no id", "others may write", "a link"])
def test_nothing_is_cleaned_without_a_mark(host: Host, harm: str) -> None:
    mark = host.root / "pvbench.mark"
    if harm == "no mark":
        mark.unlink()
    elif harm == "no id":
        mark.write_text("pvbench\n")
    elif harm == "others may write":
        host.root.chmod(0o777)
    else:
        (host.root.parent / "link").symlink_to(host.root)
        host.root = host.root.parent / "link"
    request = {"root": str(host.root), "volume_group": None, "remove": True, "all": True}

    done = subprocess.run(
        [HOSTSIDE / "pvb-clean"], input=json.dumps(request), text=True, capture_output=True, check=False
    )

    assert done.returncode == 1
    assert f"{host.root} is not a scratch folder of pvbench" in done.stderr
    assert len(done.stderr.splitlines()) == 1


def test_only_domains_of_pvbench_are_created(host: Host) -> None:
    with host.program("pvb-domain", **host.create("pvb-b01") | {"name": "db-server"}) as (_, answer):
        assert "not a name for a domain of pvbench" in answer["error"]


def test_a_domain_that_was_not_made_leaves_no_files_and_destroys_no_other(host: Host) -> None:
    host.domains((5, "pvb-b01", FOREIGN_UUID))
    host.fake(
        "xl",
        f'[ "$1" = list ] && exec cat {host.bin}/domains; [ "$1" = -N ] && echo \'{{}}\' && exit; exit 1',
    )
    with host.program("pvb-domain", **host.create("pvb-b01")) as (running, answer):
        assert "there is a domain pvb-b01 already, and pvbench did not make it" in answer["error"]
        assert running.stdin is not None
        running.stdin.close()
        assert running.wait(20) == 0

    assert "destroy" not in host.log.read_text()
    assert list(Path(host.scratch.boot).iterdir()) == []


class Created:
    """A fake xl that makes a domain, number 7, with a device model that stays: a real process."""

    def __init__(self, host: Host) -> None:
        host.fake(
            "xl",
            f"""
case $1 in
-N) echo '{{}}';;
create)
    sed -n 's/^uuid="\\(.*\\)"/\\1/p' "$3" >{host.bin}/uuid
    sleep 1000 >/dev/null 2>&1 & echo $! >{host.bin}/model;;
domid) echo 7;;
list) [ ! -s {host.bin}/uuid ] || echo "pvb-b01 7 256 1 -b---- 1.0 $(cat {host.bin}/uuid) - -";;
destroy) : >{host.bin}/uuid; kill $(cat {host.bin}/model);;
esac""",
        )
        host.fake("xenstore-read", f"cat {host.bin}/model")
        self.host = host

    @property
    def alive(self) -> bool:
        return Path(f"/proc/{(self.host.bin / 'model').read_text().strip()}/cmdline").exists() and bool(
            (self.host.bin / "uuid").read_text()
        )

    @property
    def environment(self) -> bytes:
        return Path(f"/proc/{(self.host.bin / 'model').read_text().strip()}/environ").read_bytes()


def test_a_domain_goes_with_the_program_that_made_it_when_that_is_told_to_end(host: Host) -> None:
    made = Created(host)
    with host.program("pvb-domain", **host.create("pvb-b01")) as (running, answer):
        assert answer["domid"] == 7
        assert made.alive
        running.send_signal(signal.SIGTERM)
        assert running.wait(20) == 1

    assert not made.alive
    assert list(Path(host.scratch.boot).iterdir()) == []


def test_a_domain_outlives_a_killed_program_whole_until_it_is_cleaned(host: Host) -> None:
    made = Created(host)
    with host.program("pvb-domain", **host.create("pvb-b01")) as (running, _):
        running.kill()
        running.wait()
        assert made.alive
        assert b"PVBENCH_COMMAND" not in made.environment  # what ends our programs by their mark passes it over
        assert os.getsid(int((host.bin / "model").read_text())) != os.getsid(0)

    boot = f"file {host.scratch.boot}/pvb-b01"
    assert host.found() == {"domain pvb-b01": True, f"{boot}.cfg": True, f"{boot}.img": True}
    assert not made.alive


def test_an_xl_that_is_about_to_make_a_domain_of_ours_is_ended_first(host: Host) -> None:
    host.scratch.make()
    config = Path(host.scratch.boot, "pvb-b01.cfg")
    script = "import time; time.sleep(1000)"
    with subprocess.Popen(["bash", "-c", f"exec -a xl {sys.executable} -c '{script}' create -q {config}"]) as creating:
        try:
            until(lambda: read(Path(f"/proc/{creating.pid}/cmdline")).startswith(b"xl\0"))

            assert host.found()[f"program xl (pid {creating.pid})"]
            assert creating.wait(5) == -signal.SIGTERM
        finally:
            creating.kill()
