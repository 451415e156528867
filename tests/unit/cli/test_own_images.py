"""Images of one's own on the command line: a run whose image did not stay what it was ends as such."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from pvbench.model import ImageDigests
from pvbench.testing.world import FakeWorld
from tests.unit.test_disk_image import qcow2

Call = Callable[..., Any]


def with_image(matrix: Path) -> None:
    (matrix.parent / "debian.qcow2").write_bytes(qcow2())
    matrix.write_text(matrix.read_text() + "guest: {image: [builtin, debian.qcow2]}\n")


def test_a_run_whose_image_changed_is_told_so_in_the_end_and_in_its_report(
    call: Call, matrix: Path, world: FakeWorld
) -> None:
    with_image(matrix)
    world.hypervisor.digests = (ImageDigests("debian.qcow2", "a" * 64, "b" * 64),)
    said = call("run", matrix)

    assert said.code == 4
    assert "debian.qcow2 on xen1: the image changed: its SHA-256 was aaaa" in said.err
    assert "find out what writes to it" in said.err
    assert "netfront" in said.out
    (run,) = (matrix.parent / "results/runs").iterdir()
    assert json.loads((run / "raw/images/xen1.json").read_text())["debian.qcow2"]["sha256 after"] == "b" * 64
    assert call("report", run.name, "-o", "page.html").code == 0
    assert "trials flagged image, counted" in (matrix.parent / "page.html").read_text()


def test_a_run_whose_image_stayed_says_its_digest(call: Call, matrix: Path, world: FakeWorld) -> None:
    with_image(matrix)
    world.hypervisor.digests = (ImageDigests("debian.qcow2", "a" * 64, "a" * 64),)
    said = call("run", matrix)

    assert said.code == 0, said.err
    assert f"debian.qcow2: the image is as it was before the first boot, SHA-256 {'a' * 64}" in said.err


def test_an_image_on_the_hosts_is_checked_by_its_words_alone(call: Call, matrix: Path, world: FakeWorld) -> None:
    matrix.write_text(matrix.read_text() + "guest: {image: [builtin, {on_host: /srv/debian.qcow2}]}\n")
    assert call("check", matrix).code == 0
    assert call("run", matrix).code == 0

    said = call("doctor", "xen1", "--guest", "debian.qcow2", "--on-host")
    assert (said.code, "debian.qcow2 is no absolute path" in said.err) == (2, True)


def test_doctor_tells_of_an_image_that_did_not_stay_what_it_was(call: Call, matrix: Path, world: FakeWorld) -> None:
    with_image(matrix)
    assert "the image changed" not in call("doctor", "xen1", "--guest", "debian.qcow2").err

    world.hypervisor.digests = (ImageDigests("debian.qcow2", "a" * 64, "b" * 64),)
    said = call("doctor", "xen1", "--guest", "debian.qcow2")
    assert "xen1: debian.qcow2: the image changed: its SHA-256 was aaaa" in said.err
    assert world.hypervisor.booted


def test_a_run_whose_image_lies_elsewhere_now_says_how_it_goes_on(
    call: Call, matrix: Path, world: FakeWorld, tmp_path: Path
) -> None:
    with_image(matrix)
    assert call("run", matrix).code == 0
    (run,) = (matrix.parent / "results/runs").iterdir()
    folder = tmp_path / "elsewhere"
    folder.mkdir()
    for path in (matrix, matrix.parent / "debian.qcow2"):
        path.rename(folder / path.name)

    said = call("run", "--resume", run.name)
    assert said.code == 2
    assert "debian.qcow2: No such file" in said.err
    assert f"pvbench run FOLDER/{matrix.name} --resume {run.name}" in said.err
    assert call("run", folder / matrix.name, "--resume", run.name).code == 0
