"""hostside/pvb_backends: dom0's backends are as asked for or as they were, and a kill loses nothing."""

import json
import sys
from pathlib import Path

import pytest

from tests.marked import marked

HOSTSIDE = Path(__file__).parents[2] / "hostside"
sys.path.append(str(HOSTSIDE))

import pvb_backends  # noqa: E402


class Kernel:
    """A dom0 whose modules are folders: what insmod, rmmod and modprobe make of them, and whom they serve."""

    def __init__(self, folder: Path) -> None:
        self.modules, self.bus = folder / "module", folder / "drivers"
        self.own = {"xen_netback": b"stock netback", "xen_blkback": b"stock blkback"}
        self.ran: list[str] = []
        self.bad: set[str] = set()
        for kind in ("vif", "vbd"):
            (self.bus / kind).mkdir(parents=True)
        self.modules.mkdir()

    def put(self, name: str, build: bytes) -> None:
        for below in ("notes", "parameters"):
            (self.modules / name / below).mkdir(parents=True)
        (self.modules / name / "notes/.note.gnu.build-id").write_bytes(build)
        (self.modules / name / "parameters/max_queues").write_text("1\n")
        (self.modules / name / "initstate").write_text("live\n")

    def run(self, *argv: str) -> None:
        self.ran.append(" ".join((argv[0], Path(argv[1]).name)))
        name = Path(argv[1]).stem.replace("-", "_")
        if argv[0] in self.bad:
            raise pvb_backends.Refused(f"{argv[0]} {argv[1]}: Invalid module format")
        if argv[0] == "rmmod":
            (self.modules / name).rename(self.modules.parent / f"{name}.{len(self.ran)}")
        elif argv[0] == "modprobe":
            self.put(name, self.own[name])
        else:
            self.put(name, Path(argv[1]).read_bytes())

    def build(self, name: str) -> bytes | None:
        path = self.modules / name / "notes/.note.gnu.build-id"
        return path.read_bytes() if path.exists() else None

    def queues(self, name: str) -> Path:
        return self.modules / name / "parameters/max_queues"


@pytest.fixture
def kernel(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Kernel:
    made = Kernel(tmp_path / "sys")
    monkeypatch.setattr(pvb_backends, "MODULES", str(made.modules))
    monkeypatch.setattr(pvb_backends, "BUS", str(made.bus))
    monkeypatch.setattr(pvb_backends, "PATIENCE_S", 0)
    monkeypatch.setattr(pvb_backends, "run", made.run)
    return made


@pytest.fixture
def note(tmp_path: Path) -> str:
    marked(tmp_path / "root").make()
    return str(marked(tmp_path / "root").backends)


@pytest.fixture
def files(tmp_path: Path) -> dict[str, str]:
    for name in ("netback", "blkback"):
        (tmp_path / f"xen-{name}.ko").write_bytes(f"our {name}".encode())
    return {f"xen_{name}": str(tmp_path / f"xen-{name}.ko") for name in ("netback", "blkback")}


def test_builds_take_the_place_of_dom0s_own_which_come_back_with_their_settings(
    kernel: Kernel, note: str, files: dict[str, str]
) -> None:
    kernel.put("xen_netback", b"stock netback")
    kernel.queues("xen_netback").write_text("7\n")

    pvb_backends.load(files, note)
    assert (kernel.build("xen_netback"), kernel.build("xen_blkback")) == (b"our netback", b"our blkback")
    assert kernel.queues("xen_netback").read_text() == "7"
    pvb_backends.restore(note)

    assert (kernel.build("xen_netback"), kernel.build("xen_blkback")) == (b"stock netback", None)
    assert kernel.queues("xen_netback").read_text() == "7"
    assert not Path(note).exists()
    assert kernel.ran == [
        *("rmmod xen_netback", "insmod xen-netback.ko", "insmod xen-blkback.ko"),
        *("rmmod xen_netback", "modprobe xen_netback", "rmmod xen_blkback"),
    ]


def test_what_there_was_is_noted_before_anything_is_changed_and_by_the_first_change_alone(
    kernel: Kernel, note: str, files: dict[str, str]
) -> None:
    kernel.put("xen_netback", b"stock netback")
    kernel.put("xen_blkback", b"stock blkback")

    pvb_backends.load(files, note)
    pvb_backends.load(files, note)

    noted = json.loads(Path(note).read_text())["modules"]
    assert {name: bytes.fromhex(had["build"]) for name, had in noted.items()} == kernel.own
    pvb_backends.restore(note)
    assert {name: kernel.build(name) for name in kernel.own} == kernel.own


def test_a_backend_that_serves_somebody_is_left_alone_and_everything_with_it(
    kernel: Kernel, note: str, files: dict[str, str]
) -> None:
    kernel.put("xen_netback", b"stock netback")
    kernel.put("xen_blkback", b"stock blkback")
    (kernel.bus / "vbd/vbd-5-51712").mkdir()

    with pytest.raises(pvb_backends.Refused, match=r"xen_blkback serves vbd-5-51712: domain 5 has to end"):
        pvb_backends.load(files, note)

    assert {name: kernel.build(name) for name in kernel.own} == kernel.own
    assert not Path(note).exists()


def test_a_build_that_dom0_refuses_leaves_its_own(kernel: Kernel, note: str, files: dict[str, str]) -> None:
    kernel.put("xen_netback", b"stock netback")
    kernel.bad = {"insmod"}

    with pytest.raises(pvb_backends.Refused, match="Invalid module format"):
        pvb_backends.load(files, note)

    assert kernel.build("xen_netback") == b"stock netback"
    assert not Path(note).exists()


def test_what_is_built_in_cannot_be_replaced(kernel: Kernel, note: str, files: dict[str, str]) -> None:
    (kernel.modules / "xen_netback").mkdir()

    with pytest.raises(pvb_backends.Refused, match="built into dom0's kernel"):
        pvb_backends.load(files, note)
    assert kernel.ran == []


def test_after_a_reboot_there_is_nothing_to_restore(kernel: Kernel, note: str) -> None:
    Path(note).write_text(json.dumps({"boot": "another", "modules": {"xen_netback": {"loaded": True}}}))

    pvb_backends.restore(note)

    assert kernel.ran == []
    assert not Path(note).exists()


def test_a_note_stays_where_its_own_backend_cannot_be_brought_back(
    kernel: Kernel, note: str, files: dict[str, str]
) -> None:
    kernel.put("xen_netback", b"stock netback")
    pvb_backends.load({"xen_netback": files["xen_netback"]}, note)
    kernel.own["xen_netback"] = b"upgraded meanwhile"

    with pytest.raises(pvb_backends.Refused, match="another build than it was"):
        pvb_backends.restore(note)
    assert pvb_backends.noted(note) is not None


def test_a_backend_that_cannot_come_back_does_not_keep_the_other_from_it(
    kernel: Kernel, note: str, files: dict[str, str]
) -> None:
    kernel.put("xen_netback", b"stock netback")
    kernel.put("xen_blkback", b"stock blkback")
    pvb_backends.load(files, note)
    (kernel.bus / "vif/vif-5-0").mkdir()

    with pytest.raises(pvb_backends.Refused, match="xen_netback serves vif-5-0"):
        pvb_backends.restore(note)
    assert (kernel.build("xen_netback"), kernel.build("xen_blkback")) == (b"our netback", b"stock blkback")
    assert pvb_backends.noted(note) is not None


def test_a_build_that_is_refused_is_told_though_dom0s_own_does_not_come_back_either(
    kernel: Kernel, note: str, files: dict[str, str]
) -> None:
    kernel.put("xen_netback", b"stock netback")
    kernel.bad = {"insmod", "modprobe"}

    with pytest.raises(pvb_backends.Refused, match=r"insmod .*: Invalid module format; and then modprobe"):
        pvb_backends.load(files, note)
    assert pvb_backends.noted(note) is not None


@pytest.mark.parametrize("files", [{"ext4": "/dev/null"}, {"xen_netback": "/nowhere/xen-netback.ko"}])
def test_nothing_else_is_loaded(kernel: Kernel, note: str, files: dict[str, str]) -> None:
    with pytest.raises(pvb_backends.Refused):
        pvb_backends.load(files, note)
    assert kernel.ran == []
