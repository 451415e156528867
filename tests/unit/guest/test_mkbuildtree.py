"""guestside/mkbuildtree assembles what a module build needs; what is built of it is tests/lab's."""

import subprocess
from pathlib import Path

import pytest

from pvbench import shipped

PROGRAM = shipped.folder("guestside") / "mkbuildtree"
NETFRONT = "drivers/net/xen-netfront.c"
PATCH = """\
--- a/drivers/net/xen-netfront.c
+++ b/drivers/net/xen-netfront.c
@@ -1,2 +1,3 @@
 #include <linux/module.h>
+/* ours */
 int netfront;
"""


@pytest.fixture
def kernel(tmp_path: Path) -> Path:
    files = {
        "Makefile": "VERSION = 6\nPATCHLEVEL = 1\nSUBLEVEL = 176\n",
        "drivers/net/Makefile": "obj-m := other.o\n",
        NETFRONT: "#include <linux/module.h>\nint netfront;\n",
        "drivers/block/xen-blkfront.c": "int blkfront;\n",
        "drivers/xen/evtchn.c": "int evtchn;\n",
        "drivers/xen/grant-table.c": "int core;\n",
        "drivers/net/xen-netback/netback.c": "int netback;\n",
        "drivers/net/xen-netback/rx.c": "int rx;\n",
        "drivers/net/xen-netback/xen-netback.mod.c": "int of_an_earlier_build;\n",
        "drivers/net/xen-netback/common.h": "int common;\n",
    }
    return written(tmp_path / "linux", files)


@pytest.fixture
def headers(tmp_path: Path) -> Path:
    files = {
        "Makefile": f"include {tmp_path}/common/Makefile\n",
        ".config": "CONFIG_XEN_PVHVM_GUEST=y\nCONFIG_XEN_XENBUS_FRONTEND=y\nCONFIG_XEN_NETDEV_FRONTEND=m\n"
        "CONFIG_XEN_BLKDEV_FRONTEND=y\n",
        "include/generated/utsrelease.h": '#define UTS_RELEASE "6.1.0-50-amd64"\n',
        "include/generated/package.h": '#define LINUX_PACKAGE_ID " Debian 6.1.176-1"\n',
        "include/config/kernel.release": "6.1.176\n",
    }
    written(tmp_path / "common", {"Makefile": "VERSION = 6\nPATCHLEVEL = 1\nSUBLEVEL = 176\n"})
    return written(tmp_path / "headers", files)


def written(folder: Path, files: dict[str, str]) -> Path:
    for name, text in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)
    return folder


def assembled(*words: object) -> subprocess.CompletedProcess[str]:
    argv = [str(PROGRAM), *map(str, words)]
    return subprocess.run(argv, capture_output=True, text=True, check=False, timeout=60)


def refused(*words: object) -> str:
    done = assembled(*words)
    assert done.returncode != 0
    (line,) = done.stderr.splitlines()
    return line


def test_a_kernel_tree_becomes_one_that_builds_only_its_xen_drivers(
    tmp_path: Path, kernel: Path, headers: Path
) -> None:
    done = assembled("-k", headers, kernel, tmp_path / "tree")

    assert done.returncode == 0, done.stderr
    tree = tmp_path / "tree"
    assert (tree / NETFRONT).read_text() == (kernel / NETFRONT).read_text()
    assert not (tree / "drivers/xen/grant-table.c").exists()
    assert (tree / "Kbuild").read_text().splitlines() == [
        "obj-m += drivers/net/",
        "obj-m += drivers/block/",
        "obj-m += drivers/xen/",
        "obj-m += drivers/net/xen-netback/",
    ]
    assert (tree / "drivers/xen/Kbuild").read_text() == "obj-m += xen-evtchn.o\nxen-evtchn-y := evtchn.o\n"
    assert "xen-netback-y := netback.o rx.o\n" in (tree / "drivers/net/xen-netback/Kbuild").read_text()
    assert [path.name for path in tmp_path.glob("tree*")] == ["tree"]


def test_it_says_what_the_four_modules_of_2006_are_today_and_why_two_cannot_be_built(
    tmp_path: Path, kernel: Path, headers: Path
) -> None:
    said = assembled("-k", headers, kernel, tmp_path / "tree").stdout

    lines = {line.split()[0]: line for line in said.splitlines() if ".ko" in line}
    assert "built in (CONFIG_XEN_PVHVM_GUEST=y); no module: " in lines["xen-evtchn(-pci).ko"]
    assert "built in (CONFIG_XEN_XENBUS_FRONTEND=y); no module: " in lines["xenbus.ko"]
    assert "xen-netfront.ko" in lines["xen-vnif.ko"]
    assert "a module (CONFIG_XEN_NETDEV_FRONTEND=m); in this tree" in lines["xen-vnif.ko"]
    assert "initcall_blacklist=xlblk_init" in lines["xen-vbd.ko"]
    assert said.splitlines()[-1].startswith(f"now: make -C {headers} M={tmp_path}/tree ")


def test_an_archive_of_a_kernel_gives_the_same_tree_as_the_folder(tmp_path: Path, kernel: Path, headers: Path) -> None:
    archive = tmp_path / "linux-source-0.0.tar.xz"
    subprocess.run(["tar", "-cJf", archive, "-C", tmp_path, "linux"], check=True)

    for source, tree in ((kernel, "one"), (archive, "other")):
        assert assembled("-k", headers, source, tmp_path / tree).returncode == 0

    one, other = ((tmp_path / tree / "sources.sha256").read_text() for tree in ("one", "other"))
    assert one == other
    assert NETFRONT in one


def test_no_other_machine_is_asked_for_an_archive_with_a_colon_in_its_name(
    tmp_path: Path, kernel: Path, headers: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    subprocess.run(["tar", "-cf", tmp_path / "host:linux.tar", "-C", tmp_path, "linux"], check=True)
    monkeypatch.chdir(tmp_path)
    done = assembled("-k", headers, "host:linux.tar", "tree")

    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize("name", ["$(shell touch ran).c", "a b.c", "\x1b[2J.h", "\u00e4.c", "a\nb.c"])
def test_a_name_that_a_makefile_would_read_otherwise_is_refused(
    tmp_path: Path, kernel: Path, headers: Path, name: str
) -> None:
    written(kernel, {f"drivers/net/xen-netback/{name}": ""})

    said = refused("-k", headers, kernel, tmp_path / "tree")

    assert "has a file that make cannot be told of: " in said
    assert "\x1b" not in said


@pytest.mark.parametrize(
    ("name", "module"),
    [("xen-netfront.c", "xen-netfront"), ("evtchn.c", "xen-evtchn"), ("netback/netback.c", "xen-netback")],
)
def test_a_driver_of_ones_own_is_found_without_a_kernel_around_it(
    tmp_path: Path, headers: Path, name: str, module: str
) -> None:
    mine = written(tmp_path / "mine", {name: "int mine;\n"})

    done = assembled("-k", headers, mine, tmp_path / "tree")

    assert f"builds {module}\n" in done.stdout
    assert "not held against the headers" in done.stdout


def test_patches_of_a_kernel_apply_in_order_to_whatever_the_source_came_from(tmp_path: Path, headers: Path) -> None:
    mine = written(tmp_path / "mine", {"xen-netfront.c": "#include <linux/module.h>\nint netfront;\n"})
    patches = written(
        tmp_path,
        {
            "a.patch": PATCH,
            "b.patch": PATCH.replace(" int netfront;", " /* ours */").replace("+/* ours", "+/* and ours"),
        },
    )

    done = assembled("-k", headers, "-p", patches / "a.patch", "-p", patches / "b.patch", mine, tmp_path / "tree")

    assert done.returncode == 0, done.stderr
    assert (tmp_path / "tree" / NETFRONT).read_text().splitlines()[1:3] == ["/* and ours */", "/* ours */"]


def test_a_patch_that_does_not_apply_is_named_with_where_it_failed_and_leaves_nothing(
    tmp_path: Path, kernel: Path, headers: Path
) -> None:
    patches = written(tmp_path, {"bad.patch": PATCH.replace(" int netfront", " int another")})

    said = refused("-k", headers, "-p", patches / "bad.patch", kernel, tmp_path / "tree")

    assert f"{tmp_path}/bad.patch does not apply to Linux 6.1.176: Hunk #1 FAILED at 1." in said
    assert not list(tmp_path.glob("tree*"))


def test_a_source_of_another_version_than_the_headers_is_refused_unless_told_otherwise(
    tmp_path: Path, kernel: Path, headers: Path
) -> None:
    (kernel / "Makefile").write_text("VERSION = 6\nPATCHLEVEL = 1\nSUBLEVEL = 170\n")

    said = refused("-k", headers, kernel, tmp_path / "tree")

    assert "the source is Linux 6.1.170" in said
    assert "are of 6.1.176" in said
    assert assembled("-k", headers, "--any-version", kernel, tmp_path / "tree").returncode == 0


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("-k", "/nowhere", "linux", "tree"), "there are no headers in /nowhere"),
        (("-k", "headers", "nothing", "tree"), "there is no source nothing"),
        (("-k", "headers", "headers", "tree"), "headers has none of the drivers"),
        (("-k", "headers", "-m", "xen-scsifront", "linux", "tree"), "xen-scsifront is none of: xen-netfront"),
        (("-k", "headers", "-m", "xen-blkback", "linux", "tree"), "linux has none of the drivers asked for"),
        (("-k", "headers", "-p", "no.patch", "linux", "tree"), "there is no patch no.patch"),
        (("-k", "headers", "linux", "headers"), "headers is there already"),
        (("-k", "headers", "linux", "a tree"), "not built in a folder with such a name"),
    ],
)
def test_what_cannot_be_is_told_in_one_line(
    words: tuple[str, ...], said: str, tmp_path: Path, kernel: Path, headers: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)

    assert said in refused(*words)
