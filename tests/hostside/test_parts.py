"""What dom0 has in use, by pvb_parts over a made-up /sys."""

import os
import sys
from pathlib import Path

sys.path.append(str(Path(__file__).parents[2] / "hostside"))  # programs there import their siblings

import pvb_parts

NOTE = b"\4\0\0\0\x14\0\0\0\3\0\0\0GNU\0" + bytes(range(20))


def test_modules_are_told_by_what_is_loaded_and_where_it_lies(tmp_path: Path) -> None:
    loaded = tmp_path / "module/xen_netback"
    (loaded / "notes").mkdir(parents=True)
    (loaded / "initstate").write_text("live\n")
    (loaded / "notes/.note.gnu.build-id").write_bytes(NOTE)
    (tmp_path / "module/xen_blkback").mkdir()  # XCP-ng has it built in
    (tmp_path / "kernel").mkdir()
    (tmp_path / "kernel/notes").write_bytes(NOTE[::-1])
    (tmp_path / "modules.dep").write_text(
        "kernel/drivers/net/netconsole.ko:\nupdates/xen-netback.ko.xz: kernel/x.ko\n/opt/xen-gntdev.ko:\n"
    )

    found = pvb_parts.modules(["xen_netback", "xen_blkback", "xen_scsiback"], str(tmp_path), str(tmp_path))

    assert found == {
        "xen_netback": {"built_in": False, "notes": NOTE.hex(), "path": f"{tmp_path}/updates/xen-netback.ko.xz"},
        "xen_blkback": {"built_in": True, "notes": NOTE[::-1].hex(), "path": None},
    }
    assert pvb_parts.lies_at("xen_gntdev", str(tmp_path)) == "/opt/xen-gntdev.ko"


def test_what_cannot_be_read_is_not_known(tmp_path: Path) -> None:
    (tmp_path / "module/xen_netback").mkdir(parents=True)

    found = pvb_parts.modules(["xen_netback"], str(tmp_path), str(tmp_path))

    assert found == {"xen_netback": {"built_in": True, "notes": None, "path": None}}
    assert pvb_parts.lies_at("xen_netback", str(tmp_path)) is None


def test_a_device_model_is_told_by_its_process(tmp_path: Path) -> None:
    told = pvb_parts.model(os.getpid())

    assert told is not None
    assert told["argv"][0] == Path("/proc/self/cmdline").read_text().split("\0")[0]
    assert told["program"] == str(Path("/proc/self/exe").readlink())
    assert pvb_parts.model(1 << 30) is None
