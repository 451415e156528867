"""Every lint finds what it is about, says so with its id, and leaves alone what only looks like it."""

import re
from collections.abc import Sequence
from pathlib import Path

import pytest

from pvbench.errors import ConfigError
from pvbench.xen.imports import Imported, import_config, stores_here
from pvbench.xen.lint import Devices, DiskUse, NicUse, findings, nothing_known
from pvbench.xen.lint_table import LINTS, Severity
from pvbench.xen.vdevs import Vdev, letters, read_vdev

ROOT = Path(__file__).parents[3]
HDA = DiskUse("hda", "/a", writable=True)
XVDE = DiskUse("xvde", "/b", writable=True)


def ids(guest: Devices) -> list[str]:
    return [finding.lint.id for finding in findings(guest)]


def hvm(*disks: DiskUse, nics: tuple[NicUse, ...] = (), **more: object) -> Devices:
    return Devices(hvm=True, disks=disks, nics=nics, **more)  # type: ignore[arg-type]


def disk(vdev: str, target: str = "/b", **more: object) -> DiskUse:
    return DiskUse(vdev, target, **{"writable": True, **more})  # type: ignore[arg-type]


E1000, PV = NicUse("e1000", "00:16:3e:00:00:01"), NicUse(None, "00:16:3e:00:00:01")
WRONG: dict[str, list[Devices]] = {
    "store-as-ide-and-pv": [
        hvm(HDA, disk("xvde", "/a")),
        hvm(HDA, disk("xvde", "/./a")),
        hvm(disk("hda", "/dev/vg/lv"), disk("xvde", "/dev/mapper/vg-lv")),
        hvm(disk("hda", "/dev/my-vg/a-b"), disk("xvdf", "/dev/mapper/my--vg-a--b", writable=False)),
    ],
    "store-in-two-disks": [
        hvm(disk("xvde"), disk("xvdf")),
        Devices(hvm=False, disks=(disk("xvda"), disk("xvdb"))),
        hvm(disk("hda"), disk("hdb")),
    ],
    "one-index-twice": [
        hvm(HDA, disk("xvda")),
        Devices(hvm=False, disks=(disk("xvda", "/a"), disk("xvda", "/b"))),
        hvm(XVDE, disk("xvde", "/c")),
    ],
    "pv-disk-on-ide": [
        hvm(HDA, disk("hdb", pv_alone=True)),
        hvm(disk("xvdd", pv_alone=True)),
        hvm(disk("xvda"), unplug="unnecessary"),
        hvm(disk("xvdf", pv_alone=True), ahci=True, device_model=(8, 2)),
    ],
    "one-mac-two-nics": [hvm(nics=(E1000, PV)), hvm(nics=(PV, PV)), Devices(hvm=False, nics=(PV, PV))],
    "ahci-not-unplugged": [hvm(HDA, ahci=True, device_model=(7, 2)), hvm(disk("xvdf"), ahci=True, device_model=(8, 1))],
    "ahci-device-model-unknown": [hvm(HDA, ahci=True)],
    "no-driver-for-emulated": [
        hvm(nics=(E1000,), kernel="/boot/vmlinuz-6.1.0-56-cloud-amd64"),
        hvm(nics=(E1000,), drivers=frozenset({"rtl8139"})),
    ],
    "phy-not-raw": [hvm(disk("xvde", format="qcow2", backend="phy"))],
    "read-only-on-ide": [hvm(disk("hda", writable=False)), hvm(disk("xvdb", writable=False))],
}
RIGHT = [
    hvm(HDA, XVDE, nics=(E1000, NicUse(None, "00:16:3e:00:00:02")), unplug="unnecessary"),
    hvm(disk("hda", "/a", cdrom=True, writable=False), disk("xvde", "/a", writable=False)),
    hvm(disk("hda"), unplug="unnecessary"),
    hvm(disk("xvda"), disk("hdb", "/c")),
    hvm(disk("xvdg", pv_alone=True), ahci=True),
    hvm(disk("sda"), disk("xvda", "/c")),
    hvm(HDA, ahci=True, device_model=(8, 2)),
    hvm(HDA, ahci=True, device_model=(7, 2), unplug="never"),
    hvm(nics=(NicUse("e1000", None), NicUse(None, None)), kernel="/boot/vmlinuz-6.1.0-56-amd64"),
    hvm(nics=(E1000,), kernel="/boot/vmlinuz-cloud-amd64", drivers=frozenset({"e1000"})),
    hvm(nics=(PV,), kernel="/boot/vmlinuz-6.1.0-56-cloud-amd64"),
    hvm(disk("xvde", writable=False), disk("xvdf", "/c", format="qcow2")),
    hvm(disk("hdc", "", cdrom=True, writable=False), disk("hdd", "", cdrom=True, writable=False)),
    Devices(hvm=False, disks=(disk("xvda", writable=False), disk("sda1", "/c"), disk("sda2", "/d"))),
]


@pytest.mark.parametrize(("lint", "guest"), [(lint, guest) for lint, guests in WRONG.items() for guest in guests])
def test_a_lint_finds_what_it_is_about(lint: str, guest: Devices) -> None:
    assert ids(guest) == [lint]


@pytest.mark.parametrize("guest", RIGHT, ids=repr)
def test_what_only_looks_wrong_is_left_alone(guest: Devices) -> None:
    assert ids(guest) == []


def test_every_lint_has_a_sentence_a_reason_a_source_a_test_and_a_row_in_the_docs() -> None:
    rows = re.findall(r"^\| `([\w-]+)` \| ([\w -]+) \| (.+) \|$", (ROOT / "docs/import.md").read_text(), re.MULTILINE)

    assert rows == [(lint.id, lint.severity, lint.sentence) for lint in LINTS.values()]
    assert all(lint.reason and lint.source and lint.sentence.endswith(".") for lint in LINTS.values())
    mended = {lint.id for lint in LINTS.values() if lint.severity is Severity.MENDED}
    assert set(LINTS) == {*WRONG, *mended}


def test_a_finding_names_the_devices_the_right_name_and_the_reason() -> None:
    (finding,) = findings(hvm(HDA, disk("hdb", pv_alone=True)))

    assert str(finding).startswith("pv-disk-on-ide: hdb is meant to be PV alone; xvde is its name then, but below xvde")
    (ahci,) = findings(hvm(disk("xvda", pv_alone=True), ahci=True, device_model=(8, 2)))
    assert "xvdg is its name then" in str(ahci)


def test_a_machine_s_stores_are_one_where_one_lies_on_the_other() -> None:
    def lies_on(path: str) -> Sequence[str]:
        return {"/dev/loop0": ("block 7:0", "file 1:2"), "/a.img": ("file 1:2",)}.get(path, ())

    guest = hvm(disk("hda", "/dev/loop0"), disk("xvde", "/a.img"))
    assert findings(guest) == ()
    (finding,) = findings(guest, lies_on)
    assert finding.words == "hda (emulated) and xvde (PV) are both /dev/loop0 (/dev/loop0 is /a.img under another name)"


def converted(lines: str, here: bool = False) -> Imported:
    text = f'name = "a"\nbuilder = "hvm"\nmemory = 64\n{lines}\n'
    return import_config(text.encode(), "a.cfg", stores_here() if here else nothing_known)


@pytest.mark.parametrize(
    ("lines", "refusal"),
    [
        (
            "disk = ['file:/a,ioemu:hda,w', 'file:/a,hde,w']",
            "a.cfg:4:1: refused by store-as-ide-and-pv: hda (emulated)",
        ),
        ("disk = ['file:/a,ioemu:hda,w', 'file:/b,hdb,w']", "pv-disk-on-ide: hdb is meant to be PV alone; xvde is its"),
        (
            "disk = ['file:/a,ioemu:hda,w', 'file:/b,xvdb,w', 'file:/c,hde,w']",
            "xvdb is meant to be PV alone; xvdf is its",
        ),
        ("disk = ['file:/a,hda,w', 'file:/b,xvdb,w']", "xvdb is meant to be PV alone; xvde is its name then"),
        ("hdtype = 'ahci'\ndisk = ['/a,raw,hda', '/b,raw,xvdf']", "xvdf is meant to be PV alone; xvdg is its name"),
        ("disk = ['phy:v/l,hda,w', 'phy:/dev/mapper/v-l,xvdf,w']", "store-as-ide-and-pv"),
        ("disk = ['file:/a,hda,w',\n'file:/b,xvda,w']", "a.cfg:5:1: refused by one-index-twice: hda and xvda are one"),
        ("disk = ['phy:/x.qcow2,xvde,w']", "phy-not-raw: xvde is served by blkback (phy), and /x.qcow2 is a qcow2"),
        ("disk = ['file:/x.qcow2,hda,w']", "phy-not-raw: hda is served by blkback (phy), and /x.qcow2 is a qcow2"),
        ("disk = ['format=qcow2,backendtype=phy,vdev=xvde,target=/x']", "phy-not-raw"),
        ("disk = ['file:/a,hda,r']", "read-only-on-ide: hda is read-only; xvde can be"),
        ("vif = ['type=ioemu,mac=00:16:3e:0:0:1', 'mac=00:16:3E:00:00:01']", "one-mac-two-nics: an emulated and a PV"),
        (
            "kernel = '/boot/vmlinuz-6.1-cloud-amd64'\nvif = ['model=e1000']",
            "no-driver-for-emulated: vmlinuz-6.1-cloud",
        ),
        (
            "kernel = '/k'\nextra = 'xen_emul_unplug=unnecessary'\ndisk = ['phy:v/l,xvda,w']",
            "pv-disk-on-ide: xvda stays",
        ),
    ],
)
def test_a_configuration_that_is_wrong_is_refused_at_its_line(lines: str, refusal: str) -> None:
    with pytest.raises(ConfigError) as error:
        converted(lines)
    assert refusal in error.value.message
    assert error.value.message.startswith("a.cfg:")


@pytest.mark.parametrize(
    "disks",
    [
        "'phy:v/l,xvda,w', 'file:/x.iso,hdc:cdrom,r'",
        "'phy:v/l,hda,w', 'phy:v/m,hdb,w'",
        "'phy:v/l,xvda,w', 'phy:v/m,xvdb,w'",
        "'phy:v/l,hda,w', 'phy:v/m,xvde,w'",
        "'phy:v/l,sda,w', 'phy:v/m,xvdb,w'",
    ],
)
def test_disks_that_nobody_told_apart_are_emulated_and_pv_as_xl_has_them(disks: str) -> None:
    assert len(converted(f"disk = [{disks}]").guest.disks) == 2


def test_the_other_refusals_are_told_beside_the_first() -> None:
    with pytest.raises(ConfigError) as error:
        converted("disk = ['file:/a,ioemu:hda,w', 'file:/a,hde,w', 'file:/c,hdb,r']")
    assert "refused too: line 4: pv-disk-on-ide" in str(error.value.hint)
    assert "line 4: read-only-on-ide" in str(error.value.hint)


def test_a_kernel_s_configuration_beside_it_says_which_drivers_it_has(tmp_path: Path) -> None:
    (tmp_path / "config-9.9").write_text("CONFIG_XEN=y\n# CONFIG_E1000 is not set\nCONFIG_8139CP=m\n")
    lines = f"kernel = '{tmp_path}/vmlinuz-9.9'\nvif = ['type=ioemu,model=%s']"

    assert converted(lines % "rtl8139").guest.kernel == f"{tmp_path}/vmlinuz-9.9"
    with pytest.raises(ConfigError, match=r"no-driver-for-emulated: vmlinuz-9\.9 shall drive e1000"):
        converted(lines % "e1000")


def test_an_image_that_lies_here_is_what_it_begins_with_whatever_it_is_called(tmp_path: Path) -> None:
    (tmp_path / "a.img").write_bytes(b"QFI\xfb\0\0\0\3")
    (tmp_path / "raw.qcow2").write_bytes(b"\0" * 512)

    with pytest.raises(ConfigError, match=r"phy-not-raw: hda is served by blkback \(phy\), and \S+ is a qcow2 image"):
        converted(f"disk = ['file:{tmp_path}/a.img,hda,w']")
    assert len(converted(f"disk = ['tap:qcow2:{tmp_path}/a.img,hda,w']").guest.disks) == 1
    assert len(converted(f"disk = ['file:{tmp_path}/raw.qcow2,hda,w']").guest.disks) == 1
    assert len(converted(f"disk = ['vdev=hda,backendtype=qdisk,target={tmp_path}/a.img']").guest.disks) == 1


def test_this_machine_s_links_are_followed(tmp_path: Path) -> None:
    (tmp_path / "a").touch()
    (tmp_path / "b").hardlink_to(tmp_path / "a")
    lines = f"disk = ['file:{tmp_path}/a,hda,w', 'file:{tmp_path}/b,hde,w']"

    assert len(converted(lines).guest.disks) == 2
    with pytest.raises(ConfigError, match="store-as-ide-and-pv"):
        converted(lines, here=True)


@pytest.mark.parametrize(
    ("name", "vdev"),
    [
        ("hda", Vdev("hd", 0)),
        ("/dev/hdb1", Vdev("hd", 1, 1)),
        ("xvdaa", Vdev("xvd", 26)),
        ("d5p2", Vdev("xvd", 5, 2)),
        ("51776", Vdev("xvd", 4)),
        ("0x301", Vdev("hd", 0, 1)),
        ("2049", Vdev("sd", 0, 1)),
        ("268439552", Vdev("xvd", 16)),
        ("8448", Vdev("hd", 4)),
        ("vda", None),
        ("hd", None),
        ("", None),
    ],
)
def test_a_name_says_bus_index_and_partition(name: str, vdev: Vdev | None) -> None:
    assert read_vdev(name) == vdev


def test_letters_go_on_behind_z() -> None:
    assert [letters(index) for index in (0, 4, 25, 26, 701, 702)] == ["a", "e", "z", "aa", "zz", "aaa"]
