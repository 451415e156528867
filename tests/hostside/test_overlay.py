"""An overlay: what is read is the image's, what is written is the overlay's, and the image never changes."""

import shutil
import struct
import subprocess
import sys
from pathlib import Path

import pytest

from pvbench import disk_image
from pvbench.errors import ImageError
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
