"""Which scratch folders pvb-claim takes: real folders, real links, real other users."""

import os
import re
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

CLAIM = (Path(__file__).parents[2] / "hostside/pvb-claim").read_text()
OTHER = 12345
as_root = pytest.mark.skipif(os.getuid() != 0, reason="only root can give files to another user")


@pytest.fixture
def shared() -> Iterator[Path]:
    """Make a sticky folder for all users, as /var/tmp; pytest's own are not for others."""
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o1777)
        yield Path(folder)


def claim(scratch: Path | str) -> tuple[int, list[str]]:
    """Run it as deploy does; return its exit code and what it says."""
    argv = ["sh", "-c", CLAIM, "pvb-claim", str(scratch), "hostside"]
    done = subprocess.run(argv, input="", capture_output=True, text=True, check=False)
    assert done.stdout == ""
    return done.returncode, done.stderr.splitlines()


def refusal(scratch: Path | str) -> str:
    """Return why a folder is refused; the mend is there, and nothing was written."""
    code, said = claim(scratch)
    assert (code, len(said)) == (71, 2), said
    assert said[1].startswith("mend: ")
    assert not (Path(scratch) / "hostside").exists()
    return said[0]


def mark(scratch: Path) -> str:
    found = re.fullmatch(r"pvbench ([0-9a-f]{12}8[0-9a-f]{3})\n.*\n", (scratch / "pvbench.mark").read_text())
    assert found
    return found[1]


def test_a_folder_is_made_private_and_marked_and_keeps_its_mark(tmp_path: Path) -> None:
    scratch = tmp_path / "a b" / "scratch"

    assert claim(scratch) == (0, [])
    first = mark(scratch)
    assert (scratch / "pvbench.mark").stat().st_mode & 0o1022 == 0o1000  # systemd-tmpfiles leaves it, however old
    assert sorted(path.name for path in scratch.iterdir()) == ["hostside", "pvbench.mark"]
    assert scratch.stat().st_mode == 0o40700
    (scratch / "anything").touch()
    assert claim(scratch) == (0, [])
    assert mark(scratch) == first


def test_two_folders_have_two_marks(tmp_path: Path) -> None:
    for name in "ab":
        claim(tmp_path / name)

    assert mark(tmp_path / "a") != mark(tmp_path / "b")


@pytest.mark.parametrize("inside", [None, "lost+found", ".pvbench.mark.4711"])
def test_an_empty_folder_is_taken(tmp_path: Path, inside: str | None) -> None:
    if inside:
        (tmp_path / inside).touch()

    assert claim(tmp_path) == (0, [])
    assert mark(tmp_path)


@pytest.mark.parametrize("inside", ["disks", "vm1.img", ".hidden", "..odd", "*"])
def test_a_folder_with_files_and_no_mark_is_somebodys(tmp_path: Path, inside: str) -> None:
    (tmp_path / inside).mkdir()

    assert "and no mark of pvbench" in refusal(tmp_path)
    assert not (tmp_path / "pvbench.mark").exists()


@pytest.mark.parametrize(
    "text", ["", "pvbench\n", "pvbench 0123\n", "pvbench 0123456789abcdeG\n", "xen 0123456789abcdef"]
)
def test_a_mark_is_one_that_pvbench_made(tmp_path: Path, text: str) -> None:
    (tmp_path / "pvbench.mark").write_text(text)

    assert "not one that pvbench made" in refusal(tmp_path)


def test_a_mark_is_no_link(tmp_path: Path) -> None:
    claim(tmp_path / "a")
    (tmp_path / "b").mkdir(mode=0o700)
    (tmp_path / "b/pvbench.mark").symlink_to(tmp_path / "a/pvbench.mark")

    assert "not one that pvbench made" in refusal(tmp_path / "b")


@pytest.mark.parametrize("mode", [0o702, 0o720, 0o777, 0o1777])
def test_a_folder_that_others_may_write_to_is_refused(tmp_path: Path, mode: int) -> None:
    scratch = tmp_path / "s"
    claim(scratch)
    (scratch / "hostside").rmdir()
    scratch.chmod(mode)

    assert f"writable by others (mode {mode:o})" in refusal(scratch)


@as_root
def test_a_folder_that_somebody_else_made_first_is_refused_even_in_a_sticky_one(tmp_path: Path) -> None:
    tmp_path.chmod(0o1777)
    scratch = tmp_path / "s"
    scratch.mkdir()
    os.chown(scratch, OTHER, OTHER)

    assert f"belongs to another user (uid {OTHER})" in refusal(scratch)


def test_a_link_in_place_of_the_folder_is_refused(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    for name, target in (("link", "real"), ("dangling", "nowhere")):
        (tmp_path / name).symlink_to(target)
        assert refusal(tmp_path / name) == "it is a symbolic link"
    assert list((tmp_path / "real").iterdir()) == []


def test_a_file_in_place_of_the_folder_is_refused(tmp_path: Path) -> None:
    (tmp_path / "s").touch()

    assert refusal(tmp_path / "s") == "it is not a folder"


@as_root
def test_folders_on_the_way_are_ours_or_roots_alone(tmp_path: Path) -> None:
    above = tmp_path / "above"
    above.mkdir()
    os.chown(above, OTHER, 0)
    assert "above, on the way to it, belongs to another user" in refusal(above / "s")
    os.chown(above, 0, OTHER)
    above.chmod(0o775)
    assert f"above, on the way to it, is writable by its group (gid {OTHER})" in refusal(above / "s")
    os.chown(above, 0, 0)
    assert claim(above / "s") == (0, [])
    above.chmod(0o777)
    assert "above, on the way to it, is writable by everybody" in refusal(above / "t")
    above.chmod(0o1777)
    assert claim(above / "t") == (0, [])


@as_root
def test_another_users_link_on_the_way_is_refused_and_ours_is_followed(tmp_path: Path) -> None:
    (tmp_path / "real/deep").mkdir(parents=True)
    tmp_path.chmod(0o1777)
    for name, target in (("relative", "real/./deep/../deep"), ("absolute", tmp_path / "relative"), ("loop", "loop")):
        (tmp_path / name).symlink_to(target)

    assert claim(tmp_path / "absolute/s") == (0, [])
    assert mark(tmp_path / "real/deep/s")
    os.chown(tmp_path / "relative", OTHER, OTHER, follow_symlinks=False)
    assert "relative, on the way to it, belongs to another user" in refusal(tmp_path / "absolute/t")
    os.chown(tmp_path / "real", OTHER, OTHER)
    os.chown(tmp_path / "relative", 0, 0, follow_symlinks=False)
    assert "real, on the way to it, belongs to another user" in refusal(tmp_path / "absolute/t")
    assert claim(tmp_path / "loop/t")[0] == 73


@as_root
def test_another_user_of_the_host_has_a_folder_of_his_own_and_never_roots(shared: Path) -> None:
    claim(shared / "roots")
    user = ["setpriv", f"--reuid={OTHER}", f"--regid={OTHER}", "--clear-groups", "sh", "-c", CLAIM, "pvb-claim"]

    def his(name: str) -> subprocess.CompletedProcess[bytes]:
        return subprocess.run([*user, str(shared / name), "x"], input=b"", capture_output=True, check=False)

    assert his("his").returncode == 0
    assert (shared / "his").stat().st_uid == OTHER
    assert b"belongs to another user (uid 0)" in his("roots").stderr
    assert f"(uid {OTHER})" in refusal(shared / "his")


def test_claims_at_one_time_agree_on_the_mark(tmp_path: Path) -> None:
    argv = ["sh", "-c", CLAIM, "pvb-claim", str(tmp_path), "hostside"]
    running = [subprocess.Popen(argv, stdin=subprocess.DEVNULL, stderr=subprocess.PIPE) for _ in range(6)]

    assert [(each.wait(), each.communicate()[1]) for each in running] == [(0, b"")] * 6
    assert mark(tmp_path)
