"""`pvbench import-config`: what it prints, for people and for programs, and how it ends."""

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

GUEST = """\
name = "posting"
builder = "hvm"
memory = 256
vif = [ 'type=ioemu, bridge=xenbr0', 'bridge=xenbr0' ]
disk = [ 'file:/path/hda.img,ioemu:hda,w', 'file:/path/hde.img,hde,w' ]
"""


@pytest.fixture
def guest(here: Path) -> Path:
    path = here / "guest.cfg"
    path.write_text(GUEST)
    return path


def test_one_note_is_told_as_one(call: Callable[..., Any], here: Path) -> None:
    (here / "pvh.cfg").write_text('name = "a"\ntype = "pvh"\nmemory = 64\nkernel = "/k"\nvif = ["type=ioemu"]\n')

    assert call("import-config", "pvh.cfg").err == "1 note on what changed meaning stands in its first lines\n"


def test_what_is_printed_is_a_configuration_that_converts_to_itself(
    call: Callable[..., Any], guest: Path, here: Path
) -> None:
    said = call("import-config", guest)
    (here / "again.cfg").write_text(said.out)
    again = call("import-config", "again.cfg")

    assert (said.code, again.code) == (0, 0)
    assert said.err == "7 notes on what changed meaning stand in its first lines\n"
    settings = [
        [line for line in out.splitlines() if line and not line.startswith("#")] for out in (said.out, again.out)
    ]
    assert settings[0] == settings[1]
    assert "vif = [" in settings[0]


def test_programs_get_all_of_it(call: Callable[..., Any], guest: Path) -> None:
    data = json.loads(call("import-config", "guest.cfg", "--json").out)

    assert data.keys() == {"schema", "file", "guest", "xl", "xl_cfg", "matrix", "notes"}
    assert data["guest"]["disks"][1].items() >= {"was": "hde", "vdev": "xvde", "reach": "PV", "line": 5}.items()
    assert data["guest"]["nics"][0].items() >= {"reach": "emulated and PV", "model": "rtl8139", "mac": None}.items()
    assert data["notes"][0].keys() == {"line", "column", "what", "why", "lint"}
    assert data["xl"]["vif"][1] == "type=vif,bridge=xenbr0"


def test_a_file_is_read_from_standard_input_too() -> None:
    argv = [sys.executable, "-m", "pvbench", "import-config", "-", "--json"]
    done = subprocess.run(argv, input=GUEST.encode(), capture_output=True, check=True)

    assert json.loads(done.stdout)["file"] == "standard input"


def test_what_a_lint_refuses_ends_with_its_id_its_reason_and_code_2(call: Callable[..., Any], guest: Path) -> None:
    guest.write_text(GUEST.replace("hde.img", "hda.img"))
    said = call("import-config", guest)

    assert (said.code, said.out) == (2, "")
    words = "store-as-ide-and-pv: hda (emulated) and xvde (PV) are both /path/hda.img, but "
    assert said.err.startswith(f"pvbench: {guest}:5:1: refused by {words}")


def test_two_names_of_one_file_of_this_machine_are_found_to_be_one(
    call: Callable[..., Any], guest: Path, here: Path
) -> None:
    (here / "hda.img").touch()
    (here / "hde.img").symlink_to("hda.img")
    guest.write_text(GUEST.replace("/path", str(here)))

    assert f"({here}/hda.img is {here}/hde.img under another name)" in call("import-config", guest).err


def test_a_file_that_is_not_there_is_told_in_one_line(call: Callable[..., Any]) -> None:
    said = call("import-config", "no.cfg")

    assert (said.code, said.err) == (2, "pvbench: the configuration no.cfg cannot be read: No such file or directory\n")
