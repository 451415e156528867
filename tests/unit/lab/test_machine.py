"""A lab's folder and the images it stands on."""

from pathlib import Path

import pytest

from pvbench.clock import SystemClock
from pvbench.errors import LabError
from pvbench.lab.argv import LabSpec
from pvbench.lab.flavours import FLAVOURS
from pvbench.lab.machine import Machine


def test_removing_a_lab_keeps_the_images_that_others_stand_on(tmp_path: Path) -> None:
    for image in ("aaaa", "bbbb"):
        (tmp_path / "images" / image).mkdir(parents=True)
        (tmp_path / "images" / image / "dom0.qcow2").write_bytes(b"x" * 10_000)
    for name, image in (("mine", "aaaa"), ("theirs", "bbbb")):
        (tmp_path / "labs" / name).mkdir(parents=True)
        (tmp_path / "labs" / name / f"{image}-warm-1-tcg.qcow2").write_bytes(b"x")

    freed = Machine(tmp_path, "mine", LabSpec(), SystemClock()).remove(images=True)

    assert freed >= 10_000
    assert sorted(path.name for path in (tmp_path / "images").iterdir()) == ["bbbb"]
    assert sorted(path.name for path in (tmp_path / "labs").iterdir()) == ["theirs"]


def test_removing_a_lab_keeps_the_images_of_other_flavours(tmp_path: Path) -> None:
    for name, told in (("old", "{}"), ("aaaa", '{"flavour": "xen"}'), ("bbbb", '{"flavour": "plain"}')):
        (tmp_path / "images" / name).mkdir(parents=True)
        (tmp_path / "images" / name / "manifest.json").write_text(told)

    Machine(tmp_path, "mine", LabSpec(flavour=FLAVOURS["xen"]), SystemClock()).remove(images=True)

    assert [path.name for path in (tmp_path / "images").iterdir()] == ["bbbb"]


def test_removing_a_lab_keeps_the_guests_that_others_boot(tmp_path: Path) -> None:
    for guest in ("aaaa", "bbbb"):
        (tmp_path / "guests" / guest).mkdir(parents=True)
    for name, guest in (("mine", "aaaa"), ("theirs", "bbbb")):
        (tmp_path / "labs" / name).mkdir(parents=True)
        (tmp_path / "labs" / name / f"{guest}.guest").touch()

    machine = Machine(tmp_path, "mine", LabSpec(), SystemClock())
    machine.remove(images=False)
    assert len(list((tmp_path / "guests").iterdir())) == 2
    machine.remove(images=True)
    assert [path.name for path in (tmp_path / "guests").iterdir()] == ["bbbb"]


def test_the_labs_of_a_checkout_have_folders_of_their_own_and_removing_one_leaves_the_others(tmp_path: Path) -> None:
    machines = {
        name: Machine(tmp_path, "ab12", LabSpec(flavour=each), SystemClock()) for name, each in FLAVOURS.items()
    }
    for folder in ("ab12", "ab12-xen13", "ab12-plain"):
        (tmp_path / "labs" / folder).mkdir(parents=True)

    assert [name for name, machine in machines.items() if machine.exists] == ["xen", "xen13", "plain"]
    machines["xen"].remove(images=False)
    assert [name for name, machine in machines.items() if machine.exists] == ["xen13", "plain"]


def test_a_lab_that_is_down_says_how_this_one_is_brought_up(tmp_path: Path) -> None:
    with pytest.raises(LabError) as down:
        Machine(tmp_path, "ab12", LabSpec(flavour=FLAVOURS["plain13"]), SystemClock()).host()

    assert down.value.hint == "pvbench lab up --flavour plain13"
