"""Deployment by digest: its remote scripts run by the local shell, once also over a real sshd."""

import hashlib
import os
import subprocess
import tracemalloc
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from pvbench import ssh
from pvbench.deploy import File, LargeFile, Payload, deploy, deploy_files, payload_of
from pvbench.errors import CommandTimeout, DeployError
from pvbench.progress import Update
from pvbench.testing import FakeTransport
from pvbench.transport import Command, CommandResult

PAYLOAD = Payload({"pvb-probe": File(b"#!/bin/sh\necho hi\n", 0o755), "lib/it's data": File(b"\0\xff" * 999)})


class Here:
    """A transport whose machine is this one; it remembers what it was asked."""

    def __init__(self, before: Callable[[Command], None] = lambda _: None) -> None:
        self.commands: list[Command] = []
        self.before = before
        self.transport = FakeTransport(self._run, name="here")

    def _run(self, command: Command) -> CommandResult:
        self.commands.append(command)
        self.before(command)
        given = b"".join((command.stdin, *command.more))
        done = subprocess.run(command.argv, input=given, capture_output=True, timeout=20)
        return CommandResult(command.argv, done.returncode, done.stdout, done.stderr, 0.0)


def tree(folder: str | Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in Path(folder).rglob("*") if path.is_file()}


def contents(payload: Payload) -> dict[str, bytes]:
    return {name: file.data for name, file in payload.files.items()}


def answering(exit_code: int, stderr: bytes) -> FakeTransport:
    return FakeTransport(lambda command: CommandResult(command.argv, exit_code, b"", stderr, 0.0), name="far")


def test_files_lie_in_a_folder_named_by_their_digest_in_a_private_root(tmp_path: Path) -> None:
    root = tmp_path / "a b" / "root"
    place = deploy(Here().transport, PAYLOAD, f"{root}/", "it's ours")
    assert (str(root / "it's ours" / PAYLOAD.digest[:16]), contents(PAYLOAD)) == (place, tree(place))
    assert (0o40700, True) == (root.stat().st_mode, os.access(f"{place}/pvb-probe", os.X_OK))
    assert [Path(place)] == list((root / "it's ours").iterdir())


def test_what_is_there_costs_one_command_and_sends_nothing(tmp_path: Path) -> None:
    here = Here()
    first = deploy(here.transport, PAYLOAD, str(tmp_path), "hostside")
    assert 2 == len(here.commands)
    assert first == deploy(here.transport, PAYLOAD, str(tmp_path), "hostside")
    assert 3 == len(here.commands)


@pytest.mark.parametrize("harm", ["altered", "removed", "not executable", "all gone"])
def test_only_what_is_missing_or_altered_is_sent_again(tmp_path: Path, harm: str) -> None:
    here = Here()
    place = Path(deploy(here.transport, PAYLOAD, str(tmp_path), "hostside"))
    if harm == "altered":
        (place / "pvb-probe").write_bytes(b"#!/bin/sh\necho ho\n")
    elif harm == "removed":
        (place / "pvb-probe").unlink()
    elif harm == "not executable":
        (place / "pvb-probe").chmod(0o644)
    else:
        subprocess.run(["rm", "-r", place], check=True)
    untouched = (place / "lib/it's data").stat().st_ino if harm != "all gone" else None
    deploy(here.transport, PAYLOAD, str(tmp_path), "hostside")
    assert contents(PAYLOAD) == tree(place)
    assert os.access(place / "pvb-probe", os.X_OK)
    assert (harm == "all gone") == (b"it's data\0" in here.commands[-1].stdin)
    assert untouched in (None, (place / "lib/it's data").stat().st_ino)
    assert [place] == list((tmp_path / "hostside").iterdir())


def test_a_killed_upload_leaves_nothing_that_is_taken_for_whole(tmp_path: Path) -> None:
    def cut(command: Command) -> None:
        if "pvbench-upload" in command.argv:
            object.__setattr__(command, "stdin", command.stdin[: len(command.stdin) // 3])

    with pytest.raises(DeployError):
        deploy(Here(cut).transport, PAYLOAD, str(tmp_path), "hostside")
    assert [] == list((tmp_path / "hostside").iterdir())
    assert contents(PAYLOAD) == tree(deploy(Here().transport, PAYLOAD, str(tmp_path), "hostside"))


def test_the_wrong_bytes_on_the_way_are_noticed(tmp_path: Path) -> None:
    def spoil(command: Command) -> None:
        object.__setattr__(command, "stdin", command.stdin.replace(b"echo hi", b"echo ho"))

    with pytest.raises(DeployError):
        deploy(Here(spoil).transport, PAYLOAD, str(tmp_path), "hostside")
    assert {} == tree(tmp_path / "hostside")


def test_a_big_file_is_sent_once_and_alone(tmp_path: Path) -> None:
    here, files = Here(), {"vmlinuz": File(b"k" * 100_000), "initramfs": File(b"i" * 100_000)}
    first = deploy_files(here.transport, files, str(tmp_path), "guest")
    assert {name: file.data for name, file in files.items()} == {n: Path(p).read_bytes() for n, p in first.items()}
    second = deploy_files(here.transport, files | {"initramfs": File(b"j" * 100_000)}, str(tmp_path), "guest")
    assert (first["vmlinuz"], b"j") == (second["vmlinuz"], Path(second["initramfs"]).read_bytes()[:1])
    assert b"kkk" not in here.commands[-1].stdin
    assert 4 == len(here.commands)


def test_a_full_disk_names_host_place_and_next_step() -> None:
    noise = b"tar: x: Cannot write: No space left on device\ntar: Exiting with failure status\n"
    with pytest.raises(DeployError, match=r"far: /srv/x .*No space left") as caught:
        deploy(answering(2, noise), PAYLOAD, "/srv/x", "hostside")
    assert "scratch" in str(caught.value.hint)


def test_a_disk_that_is_really_full_leaves_nothing_behind(tmp_path: Path) -> None:
    def limit(command: Command) -> None:
        # A limit on the size of a file is what an ordinary user can have of a full disk.
        if "pvbench-upload" in command.argv:
            script = f"trap '' XFSZ; ulimit -f 100; {command.argv[2]}"
            object.__setattr__(command, "argv", (*command.argv[:2], script, *command.argv[3:]))

    with pytest.raises(DeployError, match=r"File too large|did not take"):
        deploy(Here(limit).transport, Payload({"big": File(b"x" * 500_000)}), str(tmp_path), "hostside")
    assert [] == list((tmp_path / "hostside").iterdir())


def test_what_a_host_has_no_room_for_is_refused_before_a_byte_is_written(tmp_path: Path) -> None:
    def larger(command: Command) -> None:
        if "pvbench-upload" in command.argv:
            at = command.argv.index("pvbench-upload") + 3
            assert command.argv[at] == str(-(-len(command.stdin) // 1024))
            object.__setattr__(command, "argv", (*command.argv[:at], str(1 << 50), *command.argv[at + 1 :]))

    with pytest.raises(DeployError, match=r"no space left: \d+ KiB are needed, \d+ are free") as caught:
        deploy(Here(larger).transport, PAYLOAD, str(tmp_path), "hostside")
    assert "free some space there" in str(caught.value.hint)
    assert [] == list((tmp_path / "hostside").iterdir())


def test_a_root_that_cannot_be_made_names_the_permission() -> None:
    with pytest.raises(DeployError, match="Permission denied") as caught:
        deploy(answering(73, b"mkdir: cannot create directory '/x': Permission denied\n"), PAYLOAD, "/x", "hostside")
    assert "scratch" in str(caught.value.hint)


def test_a_root_below_a_file_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(DeployError, match="file, on the way to it, is not a folder"):
        deploy(Here().transport, PAYLOAD, str(tmp_path / "file" / "root"), "hostside")


def test_a_folder_that_is_not_ours_is_refused_with_how_to_mend_it_before_anything_is_written(tmp_path: Path) -> None:
    (tmp_path / "disk.img").write_text("somebody's")
    with pytest.raises(DeployError, match=r"here: .*: it holds disk.img and no mark") as caught:
        deploy(Here().transport, PAYLOAD, str(tmp_path), "hostside")
    assert "move what you need" in str(caught.value.hint)
    assert "scratch" in str(caught.value.hint)
    assert {"disk.img": b"somebody's"} == tree(tmp_path)


def test_a_host_too_slow_is_a_deploy_error() -> None:
    def late(command: Command) -> CommandResult:
        raise CommandTimeout("late")

    with pytest.raises(DeployError, match="within 3 s"):
        deploy(FakeTransport(late, name="far"), PAYLOAD, "/x", "hostside", timeout_s=3)


def test_a_folders_payload_has_its_files_and_their_modes_only(tmp_path: Path) -> None:
    (tmp_path / "__pycache__").mkdir()
    for name in ("run", "doc", ".swp", "__pycache__/x.pyc"):
        (tmp_path / name).write_text(name)
    (tmp_path / "run").chmod(0o775)
    payload = payload_of(tmp_path)
    assert {"run": File(b"run", 0o755), "doc": File(b"doc", 0o644)} == payload.files
    (tmp_path / "run").chmod(0o644)
    assert payload.digest != payload_of(tmp_path).digest


@pytest.mark.parametrize("name", ["/etc/passwd", "../x", "a/../../x", "a//b", "", ".", "a\nb", "a\\b", "./a"])
def test_a_name_that_leads_elsewhere_is_refused(name: str) -> None:
    with pytest.raises(ValueError, match="cannot be the name"):
        Payload({name: File(b"")})


@pytest.mark.sshd
def test_over_a_real_connection_it_is_the_same(sshd: Any, tmp_path: Path) -> None:
    with ssh.connect(sshd.host()) as transport:
        for _ in range(2):
            place = deploy(transport, PAYLOAD, str(tmp_path / "root"), "hostside")
            assert contents(PAYLOAD) == tree(place)


class Watched:
    """Who is told how far a transfer has come: its title, and the bytes of each update."""

    def __init__(self) -> None:
        self.titles: list[str] = []
        self.updates: list[tuple[int, int]] = []

    @contextmanager
    def __call__(self, title: str) -> Iterator[Update]:
        self.titles.append(title)
        yield lambda done, total: self.updates.append((done, total))


def large(path: Path, size: int) -> LargeFile:
    path.write_bytes(os.urandom(1 << 16) * (size >> 16) + b"end")
    return LargeFile(path, hashlib.sha256(path.read_bytes()).hexdigest(), path.stat().st_size)


def test_a_large_file_is_sent_in_pieces_beside_small_ones_and_only_once(tmp_path: Path) -> None:
    image, here, watched = large(tmp_path / "image", 3 << 20), Here(), Watched()
    files = {"image": image, "boot.rom": File(b"rom")}
    placed = deploy_files(here.transport, files, str(tmp_path / "root"), "guest", watch=watched)

    assert {Path(placed["image"]).read_bytes(), Path(placed["boot.rom"]).read_bytes()} == {
        image.path.read_bytes(),
        b"rom",
    }
    assert Path(placed["image"]).stat().st_mode & 0o777 == 0o400
    assert watched.titles == ["here: sending image"]
    assert sorted(watched.updates) == watched.updates
    assert watched.updates[-1][0] == watched.updates[-1][1] > image.size

    assert placed == deploy_files(here.transport, files, str(tmp_path / "root"), "guest", watch=watched)
    assert len(watched.titles) == 1


@pytest.mark.parametrize(("written", "why"), [(b"short", "became shorter"), (b"z" * ((1 << 20) + 3), "changed")])
def test_a_file_that_changes_while_it_is_sent_is_not_taken(tmp_path: Path, written: bytes, why: str) -> None:
    image = large(tmp_path / "image", 1 << 20)
    image.path.write_bytes(written)

    with pytest.raises(DeployError) as caught:
        deploy_files(Here().transport, {"image": image}, str(tmp_path / "root"), "guest")
    assert why in f"{caught.value} {caught.value.hint}"
    assert tree(tmp_path / "root/guest") == {}


@pytest.mark.sshd
def test_a_large_file_over_a_real_connection_is_never_held_in_memory(sshd: Any, tmp_path: Path) -> None:
    image, watched = large(tmp_path / "image", 48 << 20), Watched()
    with ssh.connect(sshd.host()) as transport:
        tracemalloc.start()
        placed = deploy_files(transport, {"image": image}, str(tmp_path / "root"), "guest", watch=watched)
        _, peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()

    assert Path(placed["image"]).read_bytes() == image.path.read_bytes()
    assert peak < image.size / 3
    assert watched.updates[-1][0] == watched.updates[-1][1]


@pytest.mark.sshd
def test_a_file_that_became_shorter_is_told_over_a_real_connection(sshd: Any, tmp_path: Path) -> None:
    image = large(tmp_path / "image", 1 << 20)
    image.path.write_bytes(b"short")

    with ssh.connect(sshd.host()) as transport, pytest.raises(DeployError) as caught:
        deploy_files(transport, {"image": image}, str(tmp_path / "root"), "guest")
    assert "became shorter" in str(caught.value.hint)
    assert tree(tmp_path / "root/guest") == {}
