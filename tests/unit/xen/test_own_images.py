"""Images of one's own on a host: read there by the same rules as here, sent once, and looked at again."""

import hashlib
import json
import os
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from pvbench import disk_image, ssh
from pvbench.errors import DeployError, ImageError
from pvbench.inventory import Host
from pvbench.model import ImageDigests, OwnGuest
from pvbench.progress import unwatched
from pvbench.testing import FakeTransport
from pvbench.transport import Command, CommandResult
from pvbench.xen.own_images import Images
from pvbench.xen.remote_file import BLOCK, RemoteFile
from tests import contracts
from tests.marked import HOSTSIDE
from tests.unit.test_deploy import Watched
from tests.unit.test_disk_image import BOOTS, SIZE, qcow2
from tests.unit.test_partitions import mbr


class Talk:
    """A program of hostside/ that runs here."""

    def __init__(self, process: "subprocess.Popen[str]") -> None:
        self.process = process

    def ask(self, request: Mapping[str, Any], timeout_s: float) -> dict[str, Any]:
        assert self.process.stdin
        assert self.process.stdout
        print(json.dumps(request), file=self.process.stdin, flush=True)
        answer: dict[str, Any] = json.loads(self.process.stdout.readline())
        contracts.check("pvb-image", request, answer)
        return answer


class Here(FakeTransport):
    """A way to this machine, as if it were a host; `uploads` are the archives that were sent."""

    def __init__(self) -> None:
        super().__init__(self.command, name="xen1")
        self.uploads = 0

    def command(self, command: Command) -> CommandResult:
        self.uploads += "pvbench-upload" in command.argv
        given = b"".join((command.stdin, *command.more))
        done = subprocess.run(command.argv, input=given, capture_output=True, timeout=20)
        return CommandResult(command.argv, done.returncode, done.stdout, done.stderr, 0.0)

    @contextmanager
    def talk(self, argv: tuple[str, ...]) -> Iterator[Talk]:
        with subprocess.Popen(argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
            yield Talk(process)
            assert process.stdin
            process.stdin.close()


def images(tmp_path: Path, transport: Any = None, watch: Any = unwatched) -> Images:
    host = Host("xen1", "10.0.0.1", scratch=str(tmp_path / "scratch"))
    return Images(transport or Here(), host, str(HOSTSIDE), watch)


def on_host(path: Path) -> OwnGuest:
    return OwnGuest(path.name, path, "", 0, b"", "root", on_host=True)


def written(tmp_path: Path, data: bytes) -> Path:
    path = tmp_path / "debian.qcow2"
    path.write_bytes(data)
    return path


@pytest.mark.parametrize("packed", [False, True])
def test_an_image_on_a_host_is_known_as_one_here(tmp_path: Path, packed: bool) -> None:
    path = written(tmp_path, qcow2(packed=packed))
    before, watched = path.stat(), Watched()
    guest = images(tmp_path, watch=watched).there(on_host(path))

    assert (guest.format, guest.size_bytes, guest.signature) == ("qcow2", SIZE, BOOTS[:4])
    assert (guest.placed, guest.digest) == (str(path), hashlib.sha256(path.read_bytes()).hexdigest())
    assert watched.titles == ["xen1: reading debian.qcow2"]
    assert watched.updates[-1] == (before.st_size, before.st_size)
    assert not (tmp_path / "scratch").exists()
    assert (path.stat().st_mtime_ns, path.stat().st_ctime_ns) == (before.st_mtime_ns, before.st_ctime_ns)


@pytest.mark.parametrize(
    "data",
    [
        b"",
        qcow2(features=4),
        qcow2(features=1 << 9),
        qcow2(crypt=2),
        qcow2(backing="base.qcow2"),
        qcow2(backing="."),
        qcow2(None),
        qcow2()[:60],
        qcow2()[:70000],
        b"KDMV".ljust(1 << 20, b"\0"),
        bytes((1 << 20) - 512) + b"conectix".ljust(512, b"\0"),
        BOOTS.ljust((1 << 20) + 7, b"\0"),
        mbr(0x07).ljust(1 << 20, b"\0"),
    ],
    ids=range(13),
)
def test_what_is_unfit_here_is_unfit_there_in_the_same_words(tmp_path: Path, data: bytes) -> None:
    path = written(tmp_path, data)
    with pytest.raises(ImageError) as here:
        disk_image.read(path)
    with pytest.raises(ImageError) as there:
        images(tmp_path).there(on_host(path))

    assert str(there.value) == f"xen1: {here.value}"
    assert there.value.hint == here.value.hint


def test_an_image_that_is_not_there_is_a_line_that_names_the_host(tmp_path: Path) -> None:
    with pytest.raises(ImageError, match=r"^xen1: .*/none.qcow2: No such file or directory$") as caught:
        images(tmp_path).there(on_host(tmp_path / "none.qcow2"))
    assert "lies on each host" in str(caught.value.hint)

    with pytest.raises(ImageError, match=r"^xen1: .*: a folder$"):
        images(tmp_path).there(on_host(tmp_path))


def test_an_image_of_a_host_that_somebody_writes_to_is_found_before_and_after(tmp_path: Path) -> None:
    path, there = written(tmp_path, qcow2()), images(tmp_path)
    guest = there.there(on_host(path))
    assert there.there(guest) == guest
    assert there.digests(guest) == ImageDigests(guest.name, guest.digest, guest.digest)

    stamps = path.stat()
    path.write_bytes(path.read_bytes() + bytes(512))
    os.utime(path, ns=(stamps.st_atime_ns, stamps.st_mtime_ns))
    assert there.digests(guest).changed
    with pytest.raises(ImageError, match="somebody wrote to"):
        there.there(guest)

    path.unlink()
    assert there.digests(guest) == ImageDigests(guest.name, guest.digest, None)


def test_an_image_is_sent_once_and_read_again_only_where_somebody_wrote_to_it(tmp_path: Path) -> None:
    path, transport, watched = written(tmp_path, qcow2()), Here(), Watched()
    there = images(tmp_path, transport, watched)
    guest = there.there(replace(on_host(path), on_host=False))
    assert there.there(guest) == guest
    assert there.digests(guest) == ImageDigests(guest.name, guest.digest, guest.digest)
    assert transport.uploads == 1
    assert watched.titles == ["reading debian.qcow2", "xen1: sending debian.qcow2"]

    again = Watched()
    assert images(tmp_path, transport, again).there(replace(on_host(path), on_host=False)).placed == guest.placed
    assert transport.uploads == 1
    assert again.titles == ["reading debian.qcow2", "xen1: reading debian.qcow2"]

    copy = Path(guest.placed)
    copy.chmod(0o600)
    copy.write_bytes(b"spoilt")
    assert there.digests(guest).after == hashlib.sha256(b"spoilt").hexdigest()
    assert Path(there.there(guest).placed).read_bytes() == path.read_bytes()
    assert transport.uploads == 2


@pytest.mark.parametrize("lies_there", [False, True])
def test_an_image_larger_than_the_host_s_room_is_a_line_before_a_byte_is_sent(tmp_path: Path, lies_there: bool) -> None:
    path, transport = written(tmp_path, BOOTS.ljust(2 << 20, b"\0")), Here()
    os.truncate(path, 1 << 43 if lies_there else 2 << 20)  # nearly all a hole
    guest = replace(on_host(path), on_host=lies_there, size_bytes=1 << 43, digest="" if lies_there else "0" * 64)

    with pytest.raises(
        DeployError, match=r"^xen1: debian.qcow2: no space left in .* must stay free; .* are$"
    ) as caught:
        images(tmp_path, transport).there(guest)
    assert "smaller disk" in str(caught.value.hint)
    assert "\n" not in str(caught.value)
    assert transport.uploads == 0
    assert not (tmp_path / "scratch").exists()


@pytest.mark.sshd
def test_over_a_real_connection_an_image_is_read_where_it_lies(sshd: Any, tmp_path: Path) -> None:
    path = written(tmp_path, qcow2())
    with ssh.connect(sshd.host()) as transport:
        there = images(tmp_path, transport)
        guest = there.there(on_host(path))
        assert guest.digest == hashlib.sha256(path.read_bytes()).hexdigest()
        assert there.digests(guest) == ImageDigests(guest.name, guest.digest, guest.digest)


def test_what_is_read_of_a_host_s_file_is_what_lies_there(tmp_path: Path) -> None:
    data = os.urandom(9 << 20)
    path = written(tmp_path, data)
    with Here().talk((str(HOSTSIDE / "pvb-image"),)) as program:
        file = RemoteFile(program, "xen1", str(path), 20)

        assert file.seek(0, 2) == len(data)
        assert file.seek(3) == 3
        assert file.read(len(data)) == data[3:]
        for at, size in ((0, 1), (BLOCK - 1, 2), (len(data) - 5, 100), (len(data) + 9, 4), (7, 0), (1 << 40, 8)):
            file.seek(at)
            assert file.read(size) == data[at : at + size]
