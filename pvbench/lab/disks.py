"""The disks of labs: copies over an image, saved machines, what they hold."""

from pathlib import Path

from pvbench.images import programs
from pvbench.lab import argv
from pvbench.lab.image import Image


def overlay(image: Image, path: Path) -> None:
    """Make a disk that is the image's until something is written to it."""
    tree = image.path / "qemu"
    program = [*argv.loader(tree), f"{tree}/usr/bin/qemu-img", "create", "-q", "-f", "qcow2"]
    programs.run(
        [*program, "-b", str(image.disk), "-F", "qcow2", str(path)],
        log=path.with_suffix(".log"),
        timeout_s=60,
    )


def copy(source: Path, target: Path) -> None:
    """Copy a saved machine, sharing its blocks where the file system can."""
    part = target.with_suffix(".part")
    programs.run(
        ["cp", "--reflink=auto", "--sparse=always", str(source), str(part)],
        log=target.with_suffix(".log"),
        timeout_s=600,
    )
    part.rename(target)


def size(folder: Path) -> int:
    """Return the bytes of disk that a folder holds."""
    return sum(path.lstat().st_blocks * 512 for path in folder.rglob("*")) if folder.is_dir() else 0
