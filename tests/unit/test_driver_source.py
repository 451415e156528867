"""Which files drivers are built of, and what identifies them."""

from pathlib import Path

import pytest

from pvbench import driver_source
from tests.unit.guest.test_mkbuildtree import written

KERNEL = {
    "Makefile": "VERSION = 6\n",
    "drivers/net/xen-netfront.c": "netfront",
    "drivers/net/xen-netback/netback.c": "netback",
    "drivers/net/xen-netback/xen-netback.mod.c": "of an earlier build",
    "drivers/net/e1000.c": "none of ours",
    "mm/slab.c": "none of ours",
}


@pytest.fixture
def kernel(tmp_path: Path) -> Path:
    return written(tmp_path / "linux", KERNEL)


def test_of_a_kernel_only_what_is_built_here_is_read_and_copied(tmp_path: Path, kernel: Path) -> None:
    copied = driver_source.stage(kernel, tmp_path / "copied")

    names = {str(path.relative_to(copied)) for path in copied.rglob("*") if path.is_file()}
    assert names == {"Makefile", "drivers/net/xen-netfront.c", "drivers/net/xen-netback/netback.c"}
    of_any = driver_source.stage(kernel, tmp_path / "of-any-version", any_version=True)
    assert not (of_any / "Makefile").exists()


def test_what_is_in_the_files_identifies_a_source_and_nothing_else_does(tmp_path: Path, kernel: Path) -> None:
    before = driver_source.read("mine", kernel, ())
    (kernel / "mm/slab.c").write_text("changed")
    moved = kernel.rename(tmp_path / "elsewhere")

    assert driver_source.read("other", moved, ()).digest == before.digest
    (moved / "drivers/net/xen-netfront.c").write_text("changed")
    assert driver_source.read("mine", moved, ()).digest != before.digest


def test_patches_identify_a_source_by_what_they_say_and_by_their_order(tmp_path: Path) -> None:
    patches = written(tmp_path, {"a.patch": "a", "b.patch": "b", "same-as-a.patch": "a"})
    a, b, again = (patches / name for name in ("a.patch", "b.patch", "same-as-a.patch"))

    assert driver_source.read("x", None, [a]).digest == driver_source.read("x", None, [again]).digest
    assert driver_source.read("x", None, [a, b]).digest != driver_source.read("x", None, [b, a]).digest
    assert driver_source.read("x", None, []).digest != driver_source.read("x", None, [a]).digest


def test_an_archive_is_identified_and_copied_as_a_whole(tmp_path: Path) -> None:
    archive = tmp_path / "linux-source-6.1.tar.xz"
    archive.write_bytes(b"xz")

    assert driver_source.stage(archive, tmp_path / "copied").read_bytes() == b"xz"
    before = driver_source.read("x", archive, ()).digest
    archive.write_bytes(b"other")
    assert driver_source.read("x", archive, ()).digest != before


def test_a_folder_with_a_backend_alone_is_found_by_its_main_file(tmp_path: Path) -> None:
    mine = written(tmp_path / "mine", {"netback.c": "", "common.h": "", "notes.txt": ""})

    assert [path.name for path in driver_source.files_of(mine)] == ["common.h", "netback.c"]
    assert driver_source.files_of(tmp_path) == ()
