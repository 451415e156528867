"""A lab's folder and the images it stands on."""

from pathlib import Path

from pvbench.clock import SystemClock
from pvbench.lab import LabSpec, Machine


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
