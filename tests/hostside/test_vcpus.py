"""hostside/pvb_vcpus: dom0's CPUs are as asked for or as they were, and a kill loses nothing."""

import importlib.machinery
import importlib.util
import json
import subprocess
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from tests.marked import marked

HOSTSIDE = Path(__file__).parents[2] / "hostside"
sys.path.append(str(HOSTSIDE))

import pvb_vcpus  # noqa: E402


class Cpus:
    """A folder like /sys/devices/system/cpu; those that are `stuck` are online whatever they are told."""

    def __init__(self, folder: Path, cpus: range) -> None:
        self.folder = folder
        self.stuck: set[int] = {0}
        for cpu in cpus:
            (folder / f"cpu{cpu}").mkdir(parents=True)
            if cpu:  # as Linux has it, the first cannot be taken off
                (folder / f"cpu{cpu}/online").write_text("1")
        (folder / "present").write_text(f"0-{len(cpus) - 1}\n")

    def online(self) -> set[int]:
        found = {int(path.parent.name[3:]): path for path in self.folder.glob("*/online")}
        return (
            {0} | self.stuck | {cpu for cpu, path in found.items() if cpu not in self.stuck and path.read_text() == "1"}
        )


@pytest.fixture
def cpus(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Cpus:
    made = Cpus(tmp_path / "cpu", range(4))
    monkeypatch.setattr(pvb_vcpus, "BASE", str(made.folder))
    present = pvb_vcpus.read
    monkeypatch.setattr(pvb_vcpus, "read", lambda name: made.online() if name == "online" else present(name))
    return made


@pytest.fixture
def root(tmp_path: Path) -> Path:
    marked(tmp_path / "root").make()
    return tmp_path / "root"


@pytest.fixture
def note(root: Path) -> str:
    return str(marked(root).cpus)


def test_lists_of_processors_are_read_and_written() -> None:
    assert pvb_vcpus.numbers("0,2-4,7\n") == {0, 2, 3, 4, 7}
    assert pvb_vcpus.numbers("") == set()
    assert pvb_vcpus.spelled({7, 0, 10}) == "0,7,10"


def test_dom0_gets_its_processors_back_however_often_they_were_changed(cpus: Cpus, note: str) -> None:
    (cpus.folder / "cpu1/online").write_text("0")  # its admin's wish
    for number, expected in ((1, {0}), (2, {0, 2}), (3, {0, 2, 3}), (1, {0})):
        pvb_vcpus.limit(number, note)
        assert cpus.online() == expected
    pvb_vcpus.restore(note)

    assert cpus.online() == {0, 2, 3}
    assert not Path(note).exists()
    pvb_vcpus.restore(note)
    assert cpus.online() == {0, 2, 3}


def test_more_than_are_on_are_put_on_where_there_are_more(cpus: Cpus, note: str) -> None:
    (cpus.folder / "cpu3/online").write_text("0")
    pvb_vcpus.limit(4, note)
    assert cpus.online() == {0, 1, 2, 3}
    pvb_vcpus.restore(note)
    assert cpus.online() == {0, 1, 2}


def test_more_than_there_are_is_refused_and_changes_nothing(cpus: Cpus, note: str) -> None:
    with pytest.raises(pvb_vcpus.Refused, match="dom0 has 4 vCPUs, not 5"):
        pvb_vcpus.limit(5, note)
    assert cpus.online() == {0, 1, 2, 3}
    assert not Path(note).exists()


def test_what_was_there_is_noted_before_the_first_change(
    cpus: Cpus, note: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def dies(_wanted: set[int]) -> None:
        assert pvb_vcpus.noted(note) == {0, 1, 2, 3}
        raise KeyboardInterrupt

    monkeypatch.setattr(pvb_vcpus, "become", dies)
    with pytest.raises(KeyboardInterrupt):
        pvb_vcpus.limit(1, note)
    assert pvb_vcpus.noted(note) == {0, 1, 2, 3}


def test_a_processor_that_does_not_go_off_leaves_all_as_it_was(cpus: Cpus, note: str) -> None:
    (cpus.folder / "cpu1/online").unlink()
    (cpus.folder / "cpu1/online").symlink_to("/dev/full")  # what is written there is refused
    cpus.stuck = {1}

    with pytest.raises(pvb_vcpus.Refused, match=r"dom0's CPU 1 does not go off: .*cpu1/online: No space left"):
        pvb_vcpus.limit(1, note)
    assert cpus.online() == {0, 1, 2, 3}
    assert not Path(note).exists()


def test_a_processor_that_does_not_come_back_is_named_and_stays_noted(cpus: Cpus, note: str) -> None:
    pvb_vcpus.limit(1, note)
    (cpus.folder / "cpu2/online").unlink()
    (cpus.folder / "cpu2").rmdir()

    with pytest.raises(pvb_vcpus.Refused, match=r"dom0's CPU 2 does not go on: .*cpu2/online: No such file"):
        pvb_vcpus.restore(note)
    assert pvb_vcpus.noted(note) == {0, 1, 2, 3}


def test_what_linux_says_it_did_and_did_not_is_found_out(cpus: Cpus, note: str) -> None:
    cpus.stuck = {3}
    with pytest.raises(pvb_vcpus.Refused, match="dom0's CPUs should be 0 and are 0,3"):
        pvb_vcpus.limit(1, note)


@pytest.mark.parametrize("text", ["", "{}", '{"boot": "another", "online": "0-3"}', '{"boot": 1, "online": 7}'])
def test_a_note_of_another_boot_or_of_nothing_restores_nothing(cpus: Cpus, note: str, text: str) -> None:
    (cpus.folder / "cpu3/online").write_text("0")
    Path(note).write_text(text)
    pvb_vcpus.restore(note)
    assert cpus.online() == {0, 1, 2}


def program(name: str) -> ModuleType:
    loader = importlib.machinery.SourceFileLoader(name.replace("-", "_"), str(HOSTSIDE / name))
    spec = importlib.util.spec_from_loader(loader.name, loader)
    assert spec is not None
    module = importlib.util.module_from_spec(spec)
    loader.exec_module(module)
    return module


def test_a_refused_number_of_processors_leaves_the_set_up_as_it_is(cpus: Cpus, root: Path) -> None:
    setup = program("pvb-setup")
    host = setup.Host()
    host.scratch = marked(root)
    undone: list[str] = []

    def asked(**request: object) -> dict[str, Any]:
        answer: dict[str, Any] = setup.pvb_serve.reply(host.actions(), setup.REFUSALS, json.dumps(request))
        return answer

    host.undoing.append(lambda: undone.append("disks"))

    assert "dom0 has 4 vCPUs, not 9" in asked(action="vcpus", number=9)["error"]
    assert asked(action="vcpus", number=2) == {"online": 2}
    assert undone == []
    assert asked(action="undo") == {"failures": []}
    assert undone == ["disks"]
    assert cpus.online() == {0, 1, 2, 3}


KILLED = """
import os, signal, sys
sys.path.insert(0, sys.argv[1])
import pvb_vcpus
pvb_vcpus.BASE = sys.argv[2]
pvb_vcpus.read = lambda name: {0, 1, 2, 3}
pvb_vcpus.become = lambda wanted: os.kill(os.getpid(), signal.SIGKILL)
pvb_vcpus.limit(1, sys.argv[3])
"""


def test_clean_restores_what_a_killed_program_left_and_says_so(cpus: Cpus, root: Path, note: str) -> None:
    subprocess.run([sys.executable, "-c", KILLED, str(HOSTSIDE), str(cpus.folder), note], check=False)
    for cpu in (1, 2, 3):
        (cpus.folder / f"cpu{cpu}/online").write_text("0")
    clean = program("pvb-clean")

    ((what, name, restore),) = clean.cpus(marked(root))
    assert (what, name) == ("limit of dom0's CPUs", "0 of 0,1,2,3")
    assert restore() is True
    assert cpus.online() == {0, 1, 2, 3}
    assert list(clean.cpus(marked(root))) == []
