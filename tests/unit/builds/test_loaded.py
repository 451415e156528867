"""Which build of a module runs, as a machine answers."""

import os
import stat
import subprocess
from pathlib import Path

import pytest

from pvbench.builds.loaded import LOADED_SCRIPT, Loaded, build_id, build_ids, loaded_argv, parse_loaded
from pvbench.errors import ParseError

ID = "dbff73faaf16d8d15c0f8a4a4a3f9d4f3c7b1a20"
NOTE = "04 00 00 00 14 00 00 00 03 00 00 00 47 4e 55 00 " + bytes.fromhex(ID).hex(" ")
XEN_NOTE = "04 00 00 00 08 00 00 00 06 00 00 00 58 65 6e 00 6c 69 6e 75 78 00 00 00 "


def test_a_loaded_module_has_its_own_id() -> None:
    answer = f"module xen_netfront no /lib/modules/6.1.0/updates/xen-netfront.ko\n {NOTE[:48]}\n {NOTE[48:]}\n"

    found = parse_loaded(answer.encode())

    assert found == {"xen_netfront": Loaded(ID, False, "/lib/modules/6.1.0/updates/xen-netfront.ko")}
    assert build_ids(found) == {"xen_netfront": ID}


def test_a_module_that_is_built_in_has_the_kernels_id_among_its_other_notes() -> None:
    found = parse_loaded(f"module xen_blkfront yes (builtin)\n{XEN_NOTE}{NOTE}\n".encode())

    assert found == {"xen_blkfront": Loaded(ID, True, None)}


@pytest.mark.parametrize(
    "dump", ["", "04 00", NOTE[:-3], XEN_NOTE, "zz", NOTE.replace("03 00 00 00", "04 00 00 00", 1)]
)
def test_notes_without_a_whole_build_id_tell_none(dump: str) -> None:
    assert build_id(dump) is None


def test_a_module_whose_id_is_not_told_has_none_and_counts_as_no_known_build() -> None:
    found = parse_loaded(b"module xen_netfront no \n")

    assert found == {"xen_netfront": Loaded(None)}
    assert build_ids(found) == {}


def test_an_answer_that_is_no_answer_is_refused() -> None:
    with pytest.raises(ParseError, match="cannot read 'module \\?'"):
        parse_loaded(b"module ?\n")


def test_names_are_asked_for_as_sysfs_spells_them() -> None:
    assert loaded_argv(("xen-netfront",))[-1] == "xen_netfront"


def test_sh_finds_what_sysfs_shows(tmp_path: Path) -> None:
    loaded = tmp_path / "sys/module/xen_netfront"
    (loaded / "notes").mkdir(parents=True)
    (loaded / "initstate").write_text("live\n")
    (loaded / "notes/.note.gnu.build-id").write_bytes(bytes.fromhex(NOTE))
    (tmp_path / "sys/module/xen_blkfront").mkdir()
    (tmp_path / "sys/kernel").mkdir()
    (tmp_path / "sys/kernel/notes").write_bytes(bytes.fromhex(XEN_NOTE + NOTE))
    modinfo = tmp_path / "modinfo"
    modinfo.write_text("#!/bin/sh\necho /lib/$2.ko\n")
    modinfo.chmod(modinfo.stat().st_mode | stat.S_IXUSR)
    script = LOADED_SCRIPT.replace("/sys/", f"{tmp_path}/sys/")

    done = subprocess.run(
        ["sh", "-c", script, "x", "xen_netfront", "xen_blkfront", "xen_netback"],
        capture_output=True,
        check=True,
        env={**os.environ, "PATH": f"{tmp_path}:{os.environ['PATH']}"},
    )

    assert parse_loaded(done.stdout) == {
        "xen_netfront": Loaded(ID, False, "/lib/xen_netfront.ko"),
        "xen_blkfront": Loaded(ID, True, "/lib/xen_blkfront.ko"),
    }
