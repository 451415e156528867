"""qcow2 files that are damaged in one place: each is told in a line, and one that is whole is not refused."""

import os
import shutil
import struct
import subprocess
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pvbench import disk_image
from pvbench.errors import ImageError
from tests.unit.test_disk_image import BOOTS, SIZE, qcow2, refusal, written

CLUSTER = 65536
L1, L2, COUNTS, BLOCK, DATA = (number * CLUSTER for number in range(1, 6))
COPIED = 1 << 63


def changed(at: int, shape: str, value: int, data: bytes | None = None) -> bytes:
    image = bytearray(data or qcow2())
    struct.pack_into(f">{shape}", image, at, value)
    return bytes(image)


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (changed(4, "I", 1), "a qcow of version 1"),
        (changed(4, "I", 4), "a qcow of version 4"),
        (changed(20, "I", 8), r"clusters of 2\^8 bytes"),
        (changed(20, "I", 63), r"clusters of 2\^63 bytes"),
        (changed(24, "Q", 0), "a disk of no size"),
        (changed(24, "Q", SIZE + 1), "no whole number of sectors"),
        (changed(24, "Q", 1 << 62), "1 entries of clusters"),
        (changed(36, "I", 0), "0 entries of clusters"),
        (changed(36, "I", 0xFFFF_FFFF), "entries of clusters"),
        (changed(36, "I", 1 << 20), "its table of clusters would end"),
        (changed(40, "Q", 0), "no table of clusters"),
        (changed(40, "Q", 512), "begin within a cluster"),
        (changed(40, "Q", 1 << 40), "its table of clusters would end"),
        (changed(48, "Q", 0), "no reference counts"),
        (changed(48, "Q", 1 << 40), "its reference counts would end"),
        (changed(56, "I", 0), "no reference counts"),
        (changed(56, "I", 1 << 30), "its reference counts would end"),
        (changed(60, "I", 1 << 20), "snapshots"),
        (changed(64, "Q", 1 << 40, changed(60, "I", 1)), "snapshots would end"),
        (changed(96, "I", 7), r"reference counts of 2\^7 bits"),
        (changed(100, "I", 5), "a header of 5 bytes"),
        (changed(100, "I", 1 << 20), "a header of 1048576 bytes"),
        (changed(104, "I", 1 << 24, changed(100, "I", 112)), "packed by a way 1"),
        (changed(104, "Q", (0x1234 << 32) | (1 << 30)), "extension of its header"),
        (changed(L1, "Q", COPIED | (1 << 40)), "a table of clusters would lie at byte 1,099,511,627,776"),
        (changed(L1, "Q", COPIED | (L2 + 512)), "a table of clusters at byte 131,584, within another"),
        (changed(L1, "Q", COPIED | L1), "two of its parts would lie at byte 65,536"),
        (changed(L1, "Q", COPIED | COUNTS), "would lie"),
        (changed(L2, "Q", COPIED | (DATA + 512)), "a cluster at byte 328,192, within another"),
        (changed(L2, "Q", COPIED | (1 << 40)), "a cluster would lie"),
        (changed(L2, "Q", COPIED | L2), "two of its parts would lie at byte 131,072"),
        (changed(L2 + 8, "Q", COPIED | DATA), "two of its parts would lie at byte 327,680"),
        (changed(L2 + 8, "Q", (1 << 62) | (1 << 40)), "a packed cluster would lie"),
        (changed(COUNTS, "Q", 0), "in use and counted as free"),
        (changed(COUNTS, "Q", 1 << 40), "a block of reference counts would lie"),
        (changed(COUNTS, "Q", BLOCK + 512), "a block of reference counts at byte"),
        (changed(BLOCK + 10, "H", 0), "what lies at byte 327,680 is in use and counted as free"),
        (qcow2()[:100], "cut short in its header"),
        (qcow2()[: L1 + 4], "cut short"),
        (qcow2()[: L2 + 8], "cut short"),
        (qcow2(backing="\x1b[2J\nx"), r"stands on \\x1b\[2J\\x0ax, which is not there"),
        (qcow2(backing="\0"), r"stands on \\x00, which is not there"),
        (qcow2(backing="/" + "a" * 900), "which cannot be there"),
        (changed(16, "I", 0xFFFF_FFFF, qcow2(backing="base")), "stands on base"),
        (changed(8, "Q", 1 << 60, qcow2(backing="base")), "is an overlay"),
        (changed(8, "Q", 1 << 60), "a backing file behind the first cluster"),
        (changed(88, "Q", 2), "kept raw in no other file"),
    ],
)
def test_a_qcow2_that_is_damaged_says_where(tmp_path: Path, data: bytes, words: str) -> None:
    with pytest.raises(ImageError, match=words) as caught:
        disk_image.read(written(tmp_path, data))
    assert str(caught.value).isprintable()


@pytest.mark.parametrize(
    "data",
    [
        changed(72, "Q", 1, changed(BLOCK + 10, "H", 0)),
        changed(64, "Q", 12 * CLUSTER),
        changed(80, "Q", 1),
        changed(88, "Q", 1 << 40),
        changed(8, "Q", 4096),
        changed(L2 + 8, "Q", 1),
        changed(104, "Q", (0x6803F857 << 32) | 48),
    ],
    ids=["written to", "no snapshot", "lazy", "unknown feature that is autocleared", "no backing", "zeros", "names"],
)
def test_what_is_harmless_is_not_refused(tmp_path: Path, data: bytes) -> None:
    assert disk_image.read(written(tmp_path, data)).size_bytes == SIZE


@pytest.mark.parametrize("order", range(7))
def test_reference_counts_of_any_width_are_read(tmp_path: Path, order: int) -> None:
    """Six clusters in use: each counted once, by counts of 1 to 64 bits."""
    image = bytearray(changed(96, "I", order))
    bits = 1 << order
    if bits < 8:
        block = bytes(sum(1 << (each * bits) for each in range(8 // bits)) for _ in range(bits))
    else:
        block = (1).to_bytes(bits // 8, "big") * 6
    image[BLOCK : BLOCK + CLUSTER] = block.ljust(CLUSTER, b"\0")

    assert disk_image.read(written(tmp_path, bytes(image))).format == "qcow2"


_KINDS: dict[str, Callable[[Path], None]] = {
    "a FIFO": os.mkfifo,
    "a folder": Path.mkdir,
    "Too many levels": lambda path: path.symlink_to(path),
    "No such file": lambda path: path.symlink_to("nowhere"),
}


@pytest.mark.parametrize("words", _KINDS)
def test_what_is_no_file_is_not_opened(tmp_path: Path, words: str) -> None:
    path = tmp_path / "guest.qcow2"
    _KINDS[words](path)

    with pytest.raises(ImageError, match=words):
        disk_image.read(path)


def test_a_device_is_no_image() -> None:
    with pytest.raises(ImageError, match="is a device, not a disk image"):
        disk_image.read(Path("/dev/null"))


def test_a_folder_of_any_name_is_told_in_a_line(tmp_path: Path) -> None:
    folder = tmp_path / "a\nb\x1b[2J"
    folder.mkdir()

    assert "a\\x0ab" in refusal(folder, b"KDMV".ljust(1024, b"\0"))


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"LUKS\xba\xbe".ljust(1 << 20, b"\0"), "encrypted by LUKS"),
        (b"WithouFreSpacExt".ljust(1 << 20, b"\0"), "Parallels"),
        (bytes((1 << 20) - 512) + b"koly".ljust(512, b"\0"), "DMG"),
        (b"\x04\x22\x4d\x18".ljust(999, b"\0"), "packed by LZ4"),
        (b"\x5d\0\0\x80".ljust(999, b"\0"), "packed by LZMA"),
        (bytes(257) + b"ustar".ljust(9999, b"\0"), "packed by tar"),
        (b"\n <!DOCTYPE html><html>404</html>", "a web page"),
        (b"\1".ljust(0x438, b"\0") + b"\x53\xef".ljust(1 << 20, b"\0"), "a file system alone"),
    ],
)
def test_other_files_are_told_by_what_they_are(tmp_path: Path, data: bytes, words: str) -> None:
    data = data.ljust(-(-len(data) // 512) * 512, b"\0")
    assert words in refusal(tmp_path, data)


def test_a_hostile_header_takes_no_time(tmp_path: Path) -> None:
    """A sparse file of 64 GiB whose table of clusters points everywhere."""
    data = bytearray(changed(36, "I", 8000))
    data[L1 : L1 + 64000] = b"".join(struct.pack(">Q", COPIED | (number * CLUSTER)) for number in range(8000))
    path = written(tmp_path, bytes(data))
    os.truncate(path, 64 << 30)
    begun = time.process_time()

    with pytest.raises(ImageError):
        disk_image.read(path)
    assert time.process_time() - begun < 2


@given(at=st.integers(0, BLOCK + 64), value=st.binary(min_size=1, max_size=8), length=st.integers(0, DATA + CLUSTER))
def test_a_file_that_is_damaged_anywhere_is_read_or_refused_in_a_line(at: int, value: bytes, length: int) -> None:
    data = bytearray(qcow2())
    data[at : at + len(value)] = value
    with tempfile.TemporaryDirectory() as folder:
        try:
            told = str(
                disk_image.read(written(Path(folder), bytes(data[: length if at % 2 else len(data)]))).size_bytes
            )
        except ImageError as error:
            told = str(error)
        assert told.isprintable()


@pytest.mark.thorough
def test_what_qemu_makes_is_whole(tmp_path: Path) -> None:
    if not (tool := shutil.which("qemu-img")):
        pytest.skip("qemu-img is not installed")
    raw = tmp_path / "disk.raw"
    raw.write_bytes(BOOTS.ljust(1 << 20, b"\0") + os.urandom(SIZE - (1 << 20)))
    out = tmp_path / "guest.qcow2"
    for options in (
        "compat=0.10",
        "cluster_size=512",
        "cluster_size=2M",
        "extended_l2=on",
        "refcount_bits=1",
        "refcount_bits=64",
        "lazy_refcounts=on",
        "preallocation=metadata",
    ):
        subprocess.run([tool, "convert", "-f", "raw", "-O", "qcow2", "-o", options, str(raw), str(out)], check=True)
        assert disk_image.read(out).size_bytes == SIZE
    subprocess.run([tool, "snapshot", "-c", "one", str(out)], check=True)
    subprocess.run([tool, "bitmap", "--add", str(out), "two"], check=True)
    assert disk_image.read(out).size_bytes == SIZE
    for options in ("compression_type=zlib", "compression_type=zstd"):
        subprocess.run(
            [tool, "convert", "-c", "-f", "raw", "-O", "qcow2", "-o", options, str(raw), str(out)], check=True
        )
        assert disk_image.read(out) == disk_image.DiskImage(out, "qcow2", SIZE, BOOTS[:4], 0)
