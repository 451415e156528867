"""A lab's folder and the images it stands on."""

import json
from dataclasses import asdict
from pathlib import Path

import pytest

from pvbench.clock import SystemClock
from pvbench.errors import LabError
from pvbench.guest import builtin
from pvbench.lab import contents
from pvbench.lab.argv import LabSpec
from pvbench.lab.emulator import Emulator
from pvbench.lab.flavours import FLAVOURS, USUAL
from pvbench.lab.image import find
from pvbench.lab.machine import Machine, _processor
from pvbench.lab.process import spawn
from pvbench.ssh.keys import new_key


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


def test_the_image_that_another_lab_is_only_just_booting_from_is_kept(tmp_path: Path) -> None:
    cache = with_image(tmp_path)
    with pytest.raises(LabError, match="QEMU ended"):  # there is none in this image
        Machine(cache, "theirs", LabSpec(), SystemClock()).up(print, "tcg")
    for disk in (cache / "labs/theirs").glob("*.qcow2"):
        disk.rename(disk.with_name("cold.qcow2"))

    Machine(cache, "mine", LabSpec(), SystemClock()).remove(images=True)

    assert find(cache) is not None
    assert (cache / "guests" / builtin.digest()).is_dir()


@pytest.mark.parametrize("ready", [True, False])
def test_a_machine_that_a_broken_off_up_left_half_booted_is_begun_anew(tmp_path: Path, ready: bool) -> None:
    cache = with_image(tmp_path)
    (cache / "labs/mine").mkdir(parents=True)
    left = spawn(["sleep", "3"], log=tmp_path / "log", environment={})
    image = find(cache)
    assert image is not None
    noted = {"daemon": asdict(left), "port": 1, "image": str(image.path), "ready": ready}
    (cache / "labs/mine/state.json").write_text(json.dumps(noted))
    machine = Machine(cache, "mine", LabSpec(), SystemClock())

    if ready:
        assert machine.up(print, "tcg").port == 1
        assert left.alive
    else:
        with pytest.raises(LabError, match="QEMU ended"):
            machine.up(print, "tcg")
        assert not left.alive
    left.end()


def test_a_machine_that_somebody_ended_while_it_was_waited_for_is_not_noted_as_ready(tmp_path: Path) -> None:
    emulator = Emulator(tmp_path, SystemClock())
    emulator.ready()

    assert emulator.daemon is None
    assert not list(tmp_path.iterdir())


def with_image(folder: Path) -> Path:
    """Return a cache with a guest and an image that was booted before; its QEMU ends at once."""
    image = folder / "images" / contents.digest(USUAL, LabSpec().disk_gib)
    (image / "qemu/lib64").mkdir(parents=True)
    (image / "qemu/lib64/ld-linux-x86-64.so.2").write_text("#!/bin/sh\n")
    (image / "qemu/lib64/ld-linux-x86-64.so.2").chmod(0o755)
    (image / "manifest.json").write_text('{"qemu": "7.2", "flavour": "xen"}')
    (image / "host_key").write_text(new_key()[1])  # it is read where QEMU has not quite ended yet
    (image / f"warm-{LabSpec().id}-{_processor()}-tcg.qcow2").touch()
    (folder / "guests" / builtin.digest()).mkdir(parents=True)
    for name in ("versions", "boot.img", "host_key"):
        (folder / "guests" / builtin.digest() / name).touch()
    return folder
