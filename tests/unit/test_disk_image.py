import shutil
import struct
import subprocess
import tempfile
import zlib
from pathlib import Path

import pyarrow
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pvbench import disk_image
from pvbench.disk_image import DiskImage
from pvbench.errors import ImageError
from tests.unit.test_partitions import mbr

SIZE = 8 << 20
BOOTS = b"\xeb\x63" + b"code" * 100 + bytes(510 - 402) + b"\x55\xaa" + bytes(512)


def qcow2(
    first: bytes | None = BOOTS, *, features: int = 0, backing: str = "", crypt: int = 0, packed: bool = False
) -> bytes:
    """Return a qcow2 of SIZE bytes whose first cluster begins so: header, L1, L2, reference counts (2), cluster."""
    cluster = 65536
    header = struct.pack(
        ">4sIQIIQIIQQIIQ", b"QFI\xfb", 3, 2048 if backing else 0, len(backing), 16, SIZE, crypt, 1, cluster,
        3 * cluster, 1, 0, 0,
    )  # fmt: skip
    header += struct.pack(">QQQII", features, 0, 0, 4, 104)
    head = (header + bytes(2048 - len(header)) + backing.encode()).ljust(cluster, b"\0")
    data, entry = b"", 0
    if first is not None:
        data = first.ljust(cluster, b"\0")
        entry = (1 << 63) | (5 * cluster)
        if packed:
            squeezed = zlib.compressobj(wbits=-12)
            data = squeezed.compress(data) + squeezed.flush()
            sectors = -(-len(data) // 512)
            entry = (1 << 62) | ((sectors - 1) << (62 - 8)) | (5 * cluster)
            data = data.ljust(sectors * 512, b"\0")
    l1 = struct.pack(">Q", (1 << 63) | (2 * cluster)).ljust(cluster, b"\0")
    l2 = struct.pack(">Q", entry).ljust(cluster, b"\0")
    counts = struct.pack(">Q", 4 * cluster).ljust(cluster, b"\0") + struct.pack(">6H", *[1] * 6).ljust(cluster, b"\0")
    return head + l1 + l2 + counts + data


def written(folder: Path, data: bytes) -> Path:
    path = folder / "guest.qcow2"
    path.write_bytes(data)
    return path


def refusal(folder: Path, data: bytes) -> str:
    with pytest.raises(ImageError) as caught:
        disk_image.read(written(folder, data))
    assert "\n" not in str(caught.value)
    return str(caught.value)


@pytest.mark.parametrize("packed", [False, True])
def test_a_disk_that_boots_is_known_by_its_header(tmp_path: Path, packed: bool) -> None:
    path = written(tmp_path, qcow2(packed=packed))

    assert disk_image.read(path) == DiskImage(path, "qcow2", SIZE, BOOTS[:4], 0)


def test_a_raw_disk_that_boots_is_known_by_its_first_sector(tmp_path: Path) -> None:
    path = written(tmp_path, BOOTS.ljust(2 << 20, b"\0"))

    assert disk_image.read(path) == DiskImage(path, "raw", 2 << 20, BOOTS[:4], 0)


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"", "empty"),
        (qcow2(features=4), "external data file"),
        (qcow2(features=2), "marked corrupt"),
        (qcow2(features=1 << 9), "newer"),
        (qcow2(crypt=2), "encrypted"),
        (qcow2(backing="base.qcow2"), "stands on base.qcow2, which is not there"),
        (qcow2(backing="."), "it stands on ."),
        (qcow2(None), "begins with nothing"),
        (qcow2(BOOTS[:510] + bytes(514)), "no boot sector"),
        (qcow2(bytes(510) + b"\x55\xaa" + b"EFI PART".ljust(512, b"\0")), "a GPT and no boot code"),
        (qcow2()[:60], "cut short in its header"),
        (qcow2()[:70000], "cut short"),
        (qcow2()[: 5 * 65536], "a cluster would lie"),
        (b"KDMV".ljust(1 << 20, b"\0"), "VMDK"),
        (bytes((1 << 20) - 512) + b"conectix".ljust(512, b"\0"), "VHD"),
        (b"\x1f\x8b".ljust(4096, b"\0"), "packed by gzip"),
        (bytes(0x8001) + b"CD001".ljust(65536, b"\0"), "CD image"),
        (BOOTS.ljust((1 << 20) + 7, b"\0"), "no whole number"),
        (BOOTS, "too small"),
        (
            mbr(0x07).ljust(1 << 20, b"\0"),
            "a disk of Windows, in which nothing can be measured yet: it would need a program of Windows's own",
        ),
    ],
)
def test_a_file_no_guest_boots_from_is_refused_in_a_line(tmp_path: Path, data: bytes, words: str) -> None:
    assert words in refusal(tmp_path, data)


@pytest.mark.parametrize("name", ["a b.qcow2", "a\\b", "it's", "a,b", "-o", "\u202egnp", "x" * 101, "$(id)", "a\nb"])
def test_a_name_that_a_host_or_a_table_might_misread_is_refused(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_bytes(qcow2())
    with pytest.raises(ImageError, match="cannot be the name") as caught:
        disk_image.read(tmp_path / name)
    assert str(caught.value).isprintable()


def test_clusters_that_are_packed_by_zstandard_are_read(tmp_path: Path) -> None:
    squeezed = pyarrow.compress(BOOTS.ljust(65536, b"\0"), codec="zstd", asbytes=True)
    data = bytearray(qcow2(packed=True, features=1 << 3))
    data[100:105] = struct.pack(">IB", 112, 1)
    struct.pack_into(">Q", data, 2 * 65536, (1 << 62) | (5 * 65536))
    data[5 * 65536 :] = squeezed.ljust(512, b"\0")

    assert disk_image.read(written(tmp_path, bytes(data))).signature == BOOTS[:4]


@pytest.mark.parametrize(
    ("own", "size", "at"),
    [(b"\1\2\3\4", b"\xff\xff\x4f\0", 0x1B8), (bytes(4), b"\xff\xff\x4f\0", 0x1CA), (bytes(4), bytes(4), 0)],
)
def test_a_disk_without_a_signature_as_gpt_leaves_it_is_known_by_its_size(
    own: bytes, size: bytes, at: int, tmp_path: Path
) -> None:
    data = bytearray(BOOTS)
    data[0x1B8:0x1BC], data[0x1CA:0x1CE] = own, size

    image = disk_image.read(written(tmp_path, qcow2(bytes(data))))

    assert (image.signature_at, image.signature) == (at, bytes(data[at : at + 4]))
    assert any(image.signature)


def test_clusters_that_do_not_unpack_are_told(tmp_path: Path) -> None:
    data = bytearray(qcow2(packed=True))
    data[5 * 65536 :] = b"\xff" * 512
    assert "its first cluster does not unpack" in refusal(tmp_path, bytes(data))

    data[72:80], data[100:105] = struct.pack(">Q", 1 << 3), struct.pack(">IB", 112, 1)
    assert "its first cluster does not unpack" in refusal(tmp_path, bytes(data))


def test_a_folder_and_a_missing_file_are_refused(tmp_path: Path) -> None:
    folder = tmp_path / "folder"
    folder.mkdir()
    for path, words in ((folder, "is a folder"), (tmp_path / "none", "No such file")):
        with pytest.raises(ImageError, match=words):
            disk_image.read(path)


@given(where=st.integers(0, 200), byte=st.integers(0, 255), length=st.integers(0, 300_000))
def test_a_header_that_is_damaged_anyhow_is_read_or_refused(where: int, byte: int, length: int) -> None:
    data = bytearray(qcow2())
    data[where] = byte
    with tempfile.TemporaryDirectory() as folder:
        path = written(Path(folder), bytes(data[:length]))
        try:
            assert disk_image.read(path).path == path
        except ImageError as error:
            refused = str(error)
        else:
            return
        assert refused.count("\n") == 0


@pytest.mark.thorough
def test_what_qemu_makes_is_read_alike(tmp_path: Path) -> None:
    if not (tool := shutil.which("qemu-img")):
        pytest.skip("qemu-img is not installed")
    raw = tmp_path / "disk.raw"
    raw.write_bytes(BOOTS.ljust(SIZE, b"\0"))
    for options in (["-O", "qcow2"], ["-c", "-O", "qcow2"], ["-O", "qcow2", "-o", "compat=0.10"]):
        out = tmp_path / "guest.qcow2"
        subprocess.run([tool, "convert", *options, str(raw), str(out)], check=True)
        assert disk_image.read(out) == DiskImage(out, "qcow2", SIZE, BOOTS[:4], 0)
