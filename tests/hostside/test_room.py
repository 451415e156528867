"""hostside/pvb_room: there is room for all of it, or nothing is made and a message says what is missing."""

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests import contracts
from tests.marked import marked

HOSTSIDE = Path(__file__).parents[2] / "hostside"
sys.path.append(str(HOSTSIDE))

import pvb_room  # noqa: E402

MIB = 1 << 20


@pytest.fixture
def fake(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str, str], None]:
    """Make fake tools that are found first."""
    folder = tmp_path / "bin"
    folder.mkdir()
    monkeypatch.setenv("PATH", f"{folder}:{os.environ['PATH']}")

    def make(name: str, script: str) -> None:
        tool = folder / name
        tool.write_text(f"#!/bin/sh\n{script}\n")
        tool.chmod(0o755)

    return make


def meminfo(folder: Path, mib: int) -> str:
    (folder / "meminfo").write_text(f"MemTotal: 9999999 kB\nMemFree: 12 kB\nMemAvailable: {mib * 1024:8} kB\n")
    return str(folder / "meminfo")


def test_scratch_disks_in_memory_leave_room_for_device_models(tmp_path: Path) -> None:
    pvb_room.memory([100 * MIB, 100 * MIB], meminfo(tmp_path, 456))

    with pytest.raises(pvb_room.Full) as full:
        pvb_room.memory([100 * MIB, 100 * MIB], meminfo(tmp_path, 455))
    assert str(full.value).startswith(
        "dom0's memory has no room: 200 MiB for 2 scratch disks, and 256 MiB must stay free; 455 MiB are available: "
    )


@pytest.mark.skipif(os.geteuid() != 0, reason="only root may mount a small file system")
def test_scratch_disks_leave_room_on_their_file_system(tmp_path: Path) -> None:
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=300m", "small", tmp_path], check=True)
    try:
        pvb_room.folder(str(tmp_path), [22 * MIB, 22 * MIB])
        with pytest.raises(pvb_room.Full, match=r"no space left in .*: 45 MiB for 1 scratch disk, .* 300 MiB are: "):
            pvb_room.folder(str(tmp_path), [45 * MIB])
    finally:
        subprocess.run(["umount", tmp_path], check=True)


def test_scratch_disks_fit_the_free_extents_of_a_volume_group(fake: Callable[[str, str], None]) -> None:
    fake("vgs", 'for last; do :; done; [ "$last" = vg0 ] && echo "  4194304  20"')

    pvb_room.group("vg0", [40 * MIB, 40 * MIB])
    with pytest.raises(
        pvb_room.Full, match=r"vg0 has no room: 80 MiB for 2 .* 21 extents of 4 MiB, 20 are free \(80 MiB"
    ):
        pvb_room.group("vg0", [40 * MIB + 1, 40 * MIB - 1])
    fake("vgs", "echo 'Volume group \"vg0\" not found' >&2; exit 5")
    with pytest.raises(pvb_room.Full, match='Volume group "vg0" not found'):
        pvb_room.group("vg0", [MIB])
    fake("vgs", "exit 0")
    with pytest.raises(pvb_room.Full, match="says nothing of the free extents of the volume group vg0"):
        pvb_room.group("vg0", [MIB])


@pytest.fixture
def apart() -> Iterator[Callable[..., "subprocess.CompletedProcess[str]"]]:
    """A network of its own to run commands in, with an interface d0."""
    if os.geteuid() != 0:
        pytest.skip("only root may make a network of its own")
    name = f"pvbroom{os.getpid()}"

    def inside(*argv: str, given: str = "") -> "subprocess.CompletedProcess[str]":
        return subprocess.run(
            ["ip", "netns", "exec", name, *argv], input=given, capture_output=True, text=True, check=False
        )

    subprocess.run(["ip", "netns", "add", name], check=True)
    try:
        for words in (
            "link set lo up",
            "link add d0 type veth peer name d1",
            "link set d0 up",
            "link set d1 up",
            "addr add 203.0.113.1/24 dev d0",
        ):
            assert inside("ip", *words.split()).returncode == 0
        yield inside
    finally:
        subprocess.run(["ip", "netns", "del", name], check=True)


@pytest.mark.thorough
@pytest.mark.parametrize(
    ("taken", "words"),
    [
        ("addr add 198.18.10.7/24 dev d0", "198.18.10.7/24 on d0"),
        ("addr add 198.19.255.1/32 dev d0", "198.19.255.1/32 on d0"),
        ("addr add 10.1.1.1 peer 198.18.3.4 dev d0", "198.18.3.4"),
        ("addr add 198.16.0.1/12 dev d0", "198.16.0.1/12 on d0"),
        ("route add 198.18.0.0/15 dev d0", "a route to 198.18.0.0/15 by d0"),
        ("route add 198.0.0.0/9 via 203.0.113.9", "a route to 198.0.0.0/9 by d0"),
        ("route add 198.18.10.4 dev d0 table 77", "a route to 198.18.10.4 by d0"),
    ],
)
def test_a_network_that_is_in_use_is_found_and_nothing_is_made(
    apart: Any, tmp_path: Path, taken: str, words: str
) -> None:
    assert apart("ip", *taken.split()).returncode == 0
    root = tmp_path / "root"
    marked(root)
    request = {
        "action": "setup",
        "root": str(root),
        "bridge": "pvbr0",
        "own_bridge": True,
        "addresses": ["198.18.10.1/24"],
        "volume_group": None,
        "memory": False,
        "disks": [],
        "servers": [],
    }
    before = apart("ip", "-4", "addr").stdout

    done = apart(str(HOSTSIDE / "pvb-setup"), given=json.dumps(request) + "\n")

    answer = json.loads(done.stdout)
    contracts.check("pvb-setup", request, answer)
    assert answer["error"].startswith(
        "198.18.0.0/15, which pvbench's guests get addresses from, is in use on this host:"
    )
    assert words in answer["error"]
    assert apart("ip", "-4", "addr").stdout == before


@pytest.mark.thorough
@pytest.mark.parametrize(
    "beside",
    ["route add default via 203.0.113.9", "route add 128.0.0.0/1 via 203.0.113.9", "addr add 198.20.0.1/16 dev d0"],
)
def test_a_network_beside_ours_is_no_hindrance(apart: Any, beside: str) -> None:
    assert apart("ip", *beside.split()).returncode == 0

    done = apart(str(HOSTSIDE / "pvb_room.py"))
    assert (done.returncode, done.stderr) == (0, "")


def test_all_disks_are_summed_before_the_first_is_made(tmp_path: Path, fake: Callable[[str, str], None]) -> None:
    fake("ip", "echo '[]'")
    scratch = marked(tmp_path / "root")
    there = os.statvfs(tmp_path)
    most = there.f_bavail * there.f_frsize
    request = {
        "action": "setup",
        "root": scratch.root,
        "bridge": "pvbr0",
        "own_bridge": True,
        "volume_group": None,
        "addresses": ["198.18.10.1/24"],
        "memory": False,
        "servers": [],
        "disks": [{"name": name, "bytes": most // 2 + 1, "as": "block"} for name in ("ide", "blkfront")],
    }

    done = subprocess.run(
        [HOSTSIDE / "pvb-setup"], input=json.dumps(request), capture_output=True, text=True, check=False
    )

    assert "for 2 scratch disks, and 256 MiB must stay free" in json.loads(done.stdout)["error"]
    assert list(Path(scratch.disks).iterdir()) == []


def test_an_image_and_what_its_guest_writes_have_room_together(tmp_path: Path) -> None:
    there = os.statvfs(tmp_path)
    free = there.f_bavail * there.f_frsize
    pvb_room.overlay(str(tmp_path), 1 << 20, 1 << 20)

    with pytest.raises(pvb_room.Full, match=r"^no space left in .*: the image has 1 MiB, what the guest "):
        pvb_room.overlay(str(tmp_path), free, 1 << 20)
    with pytest.raises(pvb_room.Full, match=r": what the guest writes may come to .*; .* are: an image with a smaller"):
        pvb_room.overlay(str(tmp_path), free)
