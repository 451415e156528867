"""An overlay: what is read is the image's, what is written is the overlay's, and the image never changes."""

import importlib.util
import shutil
import struct
import subprocess
import sys
from importlib.machinery import SourceFileLoader
from pathlib import Path

import pytest

from pvbench import disk_image
from pvbench.errors import ImageError
from tests.hostside.test_ownership import Host
from tests.marked import HOSTSIDE
from tests.unit.test_disk_image import qcow2

sys.path.append(str(HOSTSIDE))
import pvb_overlay


def made(tmp_path: Path, size: int = 8 << 20) -> tuple[Path, Path]:
    image, overlay = tmp_path / "guest.qcow2", tmp_path / "over.img"
    image.write_bytes(qcow2())
    pvb_overlay.write(str(overlay), str(image), "qcow2", size)
    return image, overlay


def test_an_overlay_stands_on_its_image(tmp_path: Path) -> None:
    image, overlay = made(tmp_path)

    head = overlay.read_bytes()
    at, length = struct.unpack_from(">QI", head, 8)
    assert head[at : at + length].decode() == str(image)
    assert overlay.stat().st_mode & 0o077 == 0
    with pytest.raises(ImageError, match="is an overlay: it stands on"):
        disk_image.read(overlay)


@pytest.mark.parametrize("size", [512, 1 << 30, 10 << 40])
def test_an_overlay_is_small_whatever_its_disk_is(tmp_path: Path, size: int) -> None:
    _, overlay = made(tmp_path, size)

    assert overlay.stat().st_blocks * 512 < 1 << 20


@pytest.mark.parametrize(("image", "size"), [("relative", 512), ("/" + "n" * 1024, 512), ("/image", 1 << 60)])
def test_what_no_overlay_can_stand_on_is_refused(tmp_path: Path, image: str, size: int) -> None:
    with pytest.raises(ValueError, match="image"):
        pvb_overlay.write(str(tmp_path / "over"), image, "raw", size)


def test_an_overlay_that_could_fill_the_hosts_disk_is_not_made(tmp_path: Path) -> None:
    host = Host(tmp_path)
    overlay = {"image": "/image.qcow2", "format": "qcow2", "bytes": 1 << 50}
    request = {name: value for name, value in host.create("pvb-b01").items() if name not in ("boot_disk", "append")}
    with host.program("pvb-domain", **request, overlay=overlay) as (_, answer):
        assert answer["error"].startswith("no space left in ")
        assert "an image with a smaller disk" in answer["error"]

    assert list(tmp_path.rglob("pvb-b01.*")) == []
    assert "xl" not in (host.log.read_text() if host.log.exists() else "")


def test_a_console_without_end_takes_no_room_and_its_end_is_read(tmp_path: Path) -> None:
    loader = SourceFileLoader("pvb_domain", str(HOSTSIDE / "pvb-domain"))
    spec = importlib.util.spec_from_loader("pvb_domain", loader)
    assert spec
    program = importlib.util.module_from_spec(spec)
    loader.exec_module(program)
    console = tmp_path / "console"
    with console.open("wb", buffering=0) as guest:  # keeps its place, as the device model does
        for _ in range(3):
            guest.write(b"x" * (5 << 20))
            program.cut(str(console))
        guest.write(b"the last words")

        assert console.stat().st_blocks * 512 < 1 << 20
        assert console.stat().st_size > 15 << 20
        assert program.tail(str(console), 8000) == "the last words"


@pytest.mark.thorough
def test_qemu_finds_nothing_amiss_in_an_overlay_and_leaves_the_image_as_it_was(tmp_path: Path) -> None:
    check, change = shutil.which("qemu-img"), shutil.which("qemu-io")
    if not check or not change:
        pytest.skip("qemu-img and qemu-io are not installed")
    image, overlay = made(tmp_path)
    before = image.read_bytes()

    subprocess.run([change, "-c", "write -P 7 1M 128k", "-c", "read -P 7 1M 128k", str(overlay)], check=True)
    subprocess.run([check, "check", str(overlay)], check=True)
    assert image.read_bytes() == before
