"""Which backing store is behind a path, and that no domain is created whose disks share one, or that xl does not read.

Real files, links, loop devices and device nodes; xl is made up.
"""

import json
import os
import stat
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.hostside.test_ownership import Host
from tests.marked import HOSTSIDE

sys.path.append(str(HOSTSIDE))
import pvb_stores


@pytest.fixture
def image(tmp_path: Path) -> Path:
    path = tmp_path / "disk.img"
    path.write_bytes(b"\0" * (1 << 20))
    return path


@pytest.fixture
def loop(image: Path) -> Iterator[str]:
    """A loop device over the image."""
    made = subprocess.run(["losetup", "-f", "--show", image], capture_output=True, text=True, check=False)
    if made.returncode:
        pytest.skip(f"losetup: {made.stderr.strip()}")
    yield made.stdout.strip()
    subprocess.run(["losetup", "-d", made.stdout.strip()], check=True)


def disks(*paths: "str | Path", writable: bool = True) -> list[dict[str, Any]]:
    return [{"vdev": f"xvd{chr(101 + n)}", "target": str(path), "writable": writable} for n, path in enumerate(paths)]


def test_a_file_is_one_store_under_every_name_it_has(tmp_path: Path, image: Path) -> None:
    (tmp_path / "link").symlink_to(image)
    (tmp_path / "hard").hardlink_to(image)
    other = tmp_path / "other.img"
    other.touch()

    for name in (image, tmp_path / "link", tmp_path / "hard", f"{tmp_path}/./disk.img"):
        assert pvb_stores.clash(disks(image, name)) is not None
    assert pvb_stores.clash(disks(image, other)) is None


def test_a_path_that_is_not_there_is_one_store_with_itself_alone(tmp_path: Path) -> None:
    assert pvb_stores.clash(disks(tmp_path / "no", tmp_path / "." / "no")) is not None
    assert pvb_stores.clash(disks(tmp_path / "no", tmp_path / "nothing")) is None
    assert pvb_stores.lies_on("a\0b") == []


def test_what_nobody_writes_may_be_in_two_disks(image: Path) -> None:
    read_only, read_write = disks(image, writable=False), disks(image)

    assert pvb_stores.clash([*read_only, *read_only]) is None
    assert pvb_stores.clash([*read_only, *read_write]) is not None


def test_a_loop_device_is_one_store_with_the_file_it_stands_for(image: Path, loop: str) -> None:
    assert pvb_stores.clash(disks(loop, image)) is not None
    assert pvb_stores.lies_on(loop) == [pvb_stores.store(loop), pvb_stores.store(str(image))]


def test_a_block_device_is_one_store_under_every_alias(tmp_path: Path, loop: str) -> None:
    alias = tmp_path / "vg-lv"
    try:
        os.mknod(alias, stat.S_IFBLK | 0o600, Path(loop).stat().st_rdev)
    except PermissionError:
        pytest.skip("no device nodes here")
    (tmp_path / "lv").symlink_to(alias)

    assert pvb_stores.clash(disks(alias, loop)) is not None
    assert pvb_stores.clash(disks(alias, tmp_path / "lv")) is not None


def xl(host: Host, *targets: Path, refuses: str = "") -> None:
    """Have xl read any configuration as one with these disks, or refuse it."""
    config = {
        "disks": [{"vdev": each["vdev"], "pdev_path": each["target"], "readwrite": 1} for each in disks(*targets)]
    }
    (host.bin / "parsed").write_text(json.dumps(config))
    refusal = f"echo 'Parsing config from x.cfg' >&2; echo '{refuses}' >&2; exit 1"
    host.fake("xl", f'[ "$1" != -N ] || {{ {refusal if refuses else f"cat {host.bin}/parsed"}; }}')


@pytest.fixture
def host(tmp_path: Path) -> Host:
    return Host(tmp_path)


def test_a_domain_with_one_store_in_two_disks_is_not_created(host: Host, image: Path) -> None:
    alias = image.parent / "alias"
    alias.symlink_to(image)
    xl(host, image, alias)
    with host.program("pvb-domain", **host.create("pvb-b01")) as (_, answer):
        assert answer["error"].startswith(
            f"store-in-two-disks: xvde ({image}) and xvdf ({alias}) are one backing store"
        )

    assert "xl create" not in host.log.read_text()


def test_a_configuration_that_xl_does_not_read_is_refused_with_its_words(host: Host) -> None:
    xl(host, refuses="config parsing error in disk specification: unknown value for format")
    with host.program("pvb-domain", **host.create("pvb-b01")) as (_, answer):
        why = "config parsing error in disk specification: unknown value for format"
        assert answer["error"] == f"xl -N create refuses the configuration: {why}"

    assert "xl create" not in host.log.read_text()


def test_an_xl_whose_dry_run_prints_no_configuration_is_told(host: Host) -> None:
    with host.program("pvb-domain", **host.create("pvb-b01")) as (_, answer):
        assert answer["error"] == "xl -N create printed no configuration, but ''"
