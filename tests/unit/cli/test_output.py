"""Where -o writes: as a shell's redirection would, and a plain file whole or not at all."""

import os
import stat
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

pytestmark = pytest.mark.thorough

Call = Callable[..., Any]
EXAMPLE = Path(__file__).parents[3] / "results/example/quickstart"


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """The report of the shipped run."""
    out = tmp_path_factory.mktemp("page") / "it.html"
    assert 0 == pvbench("report", EXAMPLE, "-o", out).returncode
    return out.read_bytes()


def pvbench(*argv: str | Path, **settings: Any) -> subprocess.CompletedProcess[bytes]:
    words = [sys.executable, "-m", "pvbench", *map(str, argv)]
    return subprocess.run(words, **{"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, **settings})


@pytest.fixture
def device(tmp_path: Path) -> Callable[[int], Path]:
    """A node of our own for a device of the memory driver: what a test does wrong to it hurts nobody."""

    def made(minor: int) -> Path:
        path = tmp_path / f"node{minor}"
        try:
            os.mknod(path, 0o666 | stat.S_IFCHR, os.makedev(1, minor))
            path.open("wb").close()
        except PermissionError:
            pytest.skip("only root may make a device node")
        return path

    return made


NULL, FULL = 3, 7


def test_a_device_is_written_to_and_stays_a_device(call: Call, device: Callable[[int], Path]) -> None:
    null = device(NULL)
    said = call("report", EXAMPLE, "-o", null)
    assert (0, f"{null}\n") == (said.code, said.out)
    assert stat.S_ISCHR(null.lstat().st_mode)


def test_a_device_without_room_is_one_line_and_exit_code_4(call: Call, device: Callable[[int], Path]) -> None:
    full = device(FULL)
    said = call("report", EXAMPLE, "-o", full)
    assert (4, "") == (said.code, said.out)
    assert f"pvbench: {full} cannot be written: No space left on device" == said.err.splitlines()[0]
    assert stat.S_ISCHR(full.lstat().st_mode)


def test_a_fifo_is_written_to(call: Call, tmp_path: Path, page: bytes) -> None:
    fifo, read = tmp_path / "fifo", []
    os.mkfifo(fifo)
    reader = threading.Thread(target=lambda: read.append(fifo.read_bytes()))
    reader.start()
    assert 0 == call("report", EXAMPLE, "-o", fifo).code
    reader.join()
    assert [page] == read
    assert stat.S_ISFIFO(fifo.lstat().st_mode)


@pytest.mark.parametrize("there", [True, False])
def test_a_symbolic_link_is_written_through_also_to_a_new_file(
    call: Call, here: Path, page: bytes, there: bool
) -> None:
    target, link = here / "target.html", here / "link.html"
    if there:
        target.write_bytes(b"old" * len(page))
    link.symlink_to("target.html")
    assert 0 == call("report", EXAMPLE, "-o", "link.html").code
    assert (True, page) == (link.is_symlink(), target.read_bytes())
    assert {target, link} == set(here.iterdir())


def test_a_file_is_replaced_whole_and_keeps_its_mode_and_owner(call: Call, here: Path, page: bytes) -> None:
    path = here / "out.html"
    path.write_bytes(b"old")
    path.chmod(0o640)
    if os.geteuid() == 0:
        os.chown(path, 65534, 65534)
    before = path.stat()
    assert 0 == call("report", EXAMPLE, "-o", path).code
    after = path.stat()
    assert page == path.read_bytes()
    assert (before.st_mode, before.st_uid, before.st_gid) == (after.st_mode, after.st_uid, after.st_gid)
    assert before.st_ino != after.st_ino
    assert [path] == list(here.iterdir())


def test_a_new_file_has_the_mode_that_the_umask_leaves(call: Call, here: Path) -> None:
    before = os.umask(0o027)
    try:
        assert 0 == call("report", EXAMPLE, "-o", "out.html").code
    finally:
        os.umask(before)
    assert 0o640 == stat.S_IMODE((here / "out.html").stat().st_mode)


@pytest.mark.parametrize(
    ("name", "why"),
    [
        ("", "it is a folder"),
        (".", "it is a folder"),
        ("no/out.html", "its folder is not there"),
        ("loop", "too many"),
        ("plain/out.html", "not a directory"),
        ("x" * 300, "file name too long"),
        ("nowhere", "its folder is not there"),
    ],
)
def test_what_cannot_be_written_is_one_line(call: Call, here: Path, name: str, why: str) -> None:
    (here / "plain").touch()
    (here / "loop").symlink_to("loop")
    (here / "nowhere").symlink_to("no/such")
    before = set(here.iterdir())
    said = call("report", EXAMPLE, "-o", name)
    assert (2, "") == (said.code, said.out)
    assert said.err.startswith(f"pvbench: {name or 'an empty name'} cannot be written: ")
    assert why in said.err
    assert ["hint: name another file with -o"] == said.err.splitlines()[1:]
    assert before == set(here.iterdir())


@pytest.mark.parametrize("name", ["-", "/dev/stdout", "/proc/self/fd/1"])
def test_standard_output_gets_the_page_alone_whatever_its_encoding(tmp_path: Path, page: bytes, name: str) -> None:
    ascii_only = {**os.environ, "PYTHONIOENCODING": "ascii:strict"}
    piped = pvbench("report", EXAMPLE, "-o", name, env=ascii_only)
    assert (0, page, b"") == (piped.returncode, piped.stdout, piped.stderr)
    with (tmp_path / "out.html").open("wb") as out:
        assert 0 == pvbench("report", EXAMPLE, "-o", name, stdout=out).returncode
    assert page == (tmp_path / "out.html").read_bytes()


def test_init_does_not_write_through_a_link(call: Call, here: Path) -> None:
    (here / "hosts.yaml").symlink_to("elsewhere.yaml")
    said = call("init")
    assert (2, True) == (said.code, "hosts.yaml exists already" in said.err)
    assert [here / "hosts.yaml"] == list(here.iterdir())


def test_init_on_a_full_disk_says_so_and_leaves_nothing_half_written(call: Call, small_disk: Path) -> None:
    (small_disk / "ballast").write_bytes(b"x" * 65_536)
    said = call("init", small_disk)
    assert (2, True) == (said.code, "No space left on device" in said.err)
    assert ["ballast"] == [path.name for path in small_disk.iterdir()]
