"""Every spelling of a disk or a NIC is read as xl itself reads it; these rows are what `xl -N` of Xen 4.17 answered."""

import pytest

from pvbench.errors import ConfigError
from pvbench.xen.imports import import_config
from pvbench.xen.lint import nothing_known

# The line; then target, name, format, whether it is written, whether it is a CD drive, and who serves it.
READ = [
    ("file:/img,ioemu:hda,w", "/img", "hda", "raw", True, False, "blkback in dom0, over a loop device"),
    ("file:/path/hde.img,hde,w", "/path/hde.img", "xvde", "raw", True, False, "blkback in dom0, over a loop device"),
    ("phy:/dev/vg/lv,hda,w", "/dev/vg/lv", "hda", "raw", True, False, "blkback in dom0"),
    ("phy:vg/lv,ioemu:hda,w", "/dev/vg/lv", "hda", "raw", True, False, "blkback in dom0"),
    ("file:/x.iso,hdc:cdrom,r", "/x.iso", "hdc", "raw", False, True, "device model (emulated CD drive)"),
    ("file:/x.iso,ioemu:hdc:cdrom,r", "/x.iso", "hdc", "raw", False, True, "device model (emulated CD drive)"),
    (",hdc:cdrom,r", "", "hdc", "raw", False, True, "device model (emulated CD drive)"),
    ("/x.iso,raw,xvdb:cdrom,r", "/x.iso", "xvdb", "raw", False, True, "device model (emulated CD drive)"),
    ("file:/x.iso,hdc,cdrom,r", "/x.iso", "hdc", "raw", False, True, "device model (emulated CD drive)"),
    ("/x.iso,raw,hdc,ro,cdrom", "/x.iso", "hdc", "raw", False, True, "device model (emulated CD drive)"),
    ("tap:aio:/x,xvda,w", "/x", "xvda", "raw", True, False, "blkback in dom0, over a loop device"),
    ("tap2:aio:/x,xvda,w", "/x", "xvda", "raw", True, False, "blkback in dom0, over a loop device"),
    ("tap:tapdisk:aio:/x,xvda,w", "/x", "xvda", "raw", True, False, "blkback in dom0, over a loop device"),
    ("tap:qcow2:/x,xvda,w", "/x", "xvda", "qcow2", True, False, "qdisk in the device model"),
    ("tap:qcow:/x,xvda,w", "/x", "xvda", "qcow", True, False, "qdisk in the device model"),
    ("vhd:/x,xvda,w", "/x", "xvda", "vhd", True, False, "qdisk in the device model"),
    ("drbd:res,xvda,w", "res", "xvda", "raw", True, False, "blkback in dom0, by the script block-drbd"),
    ("/x,raw,hda,rw", "/x", "hda", "raw", True, False, "blkback in dom0, over a loop device"),
    ("/x,,hda", "/x", "hda", "raw", True, False, "blkback in dom0, over a loop device"),
    ("/x, raw, xvda, w", "/x", "xvda", "raw", True, False, "blkback in dom0, over a loop device"),
    ("file: /x,hda,w", "/x", "hda", "raw", True, False, "blkback in dom0, over a loop device"),
    ("file:/x,2049,w", "/x", "sda1", "raw", True, False, "blkback in dom0, over a loop device"),
    ("file:/x,0x301,w", "/x", "hda1", "raw", True, False, "blkback in dom0, over a loop device"),
    ("file:/x,/dev/hda,w", "/x", "hda", "raw", True, False, "blkback in dom0, over a loop device"),
    ("file:/x,xvde", "/x", "xvde", "raw", True, False, "blkback in dom0, over a loop device"),
    ("file:/x,xvde,rw", "/x", "xvde", "raw", True, False, "blkback in dom0, over a loop device"),
    (
        "format=raw,vdev=xvde,access=ro,target=/x",
        "/x",
        "xvde",
        "raw",
        False,
        False,
        "blkback in dom0, over a loop device",
    ),
    ("vdev=xvda,target=/x,y", "/x,y", "xvda", "raw", True, False, "blkback in dom0, over a loop device"),
    (
        "format=raw, vdev=xvde, access=rw, target=/a b",
        "/a b",
        "xvde",
        "raw",
        True,
        False,
        "blkback in dom0, over a loop device",
    ),
    (
        "backendtype=qdisk,vdev=xvde,target=/dev/sdb",
        "/dev/sdb",
        "xvde",
        "raw",
        True,
        False,
        "qdisk in the device model",
    ),
]


def import_line(key: str, line: str) -> "list[str]":
    text = f'name = "a"\ntype = "hvm"\nmemory = 64\n{key} = ["{line}"]\n'
    made = import_config(text.encode(), "a.cfg", nothing_known)
    return [nic.spec for nic in made.guest.nics]


@pytest.mark.parametrize("row", READ, ids=lambda row: row[0])
def test_a_disk_is_read_as_xl_reads_it(row: tuple[str, str, str, str, bool, bool, str]) -> None:
    text = f'name = "a"\ntype = "hvm"\nmemory = 64\ndisk = ["{row[0]}"]\n'
    (disk,) = import_config(text.encode(), "a.cfg", nothing_known).guest.disks

    read = (disk.target, disk.vdev.name, disk.format, disk.writable, disk.cdrom, disk.served_by)
    assert read == row[1:]


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("vmdk:/x,xvda,w", "xl serves no 'vmdk' images"),
        ("tap:ram:/x,xvda,w", "xl serves no 'ram' images"),
        ("/x,vdi,xvda,w", "xl serves no 'vdi' images"),
        ("file:/x,ide0,w", "'ide0' is no name of a disk"),
        ("file:/x", "this disk does not say its device"),
        ("target=/x", "'' is no name of a disk"),
        ("file:,hda,w", "hda has no target, and only a CD drive may be empty"),
        ("file:/x,hda:tape,w", "'tape' is no type of a disk"),
        ("file:/x,hda,z", "'z' is no access"),
        ("/x,raw,xvda,w,5,6", "'5' is one position too many"),
        ("colour=red,vdev=xvda,target=/x", "'colour' is no key of a disk"),
        ("", "a disk is written as text"),
    ],
)
def test_a_disk_that_xl_has_no_words_for_is_refused_at_its_place(line: str, reason: str) -> None:
    with pytest.raises(ConfigError) as error:
        import_line("disk", line)
    assert error.value.message.startswith("a.cfg:4:9: ")
    assert reason in error.value.message


@pytest.mark.parametrize(
    ("line", "spec"),
    [
        ("", "type=ioemu,model=rtl8139"),
        ("type=ioemu, bridge=xenbr0", "type=ioemu,bridge=xenbr0,model=rtl8139"),
        (" mac=00:16:3E:1:2:3 , model=e1000 ", "type=ioemu,mac=00:16:3e:01:02:03,model=e1000"),
        ("type=netfront,bridge=b", "type=vif,bridge=b"),
        ("type=vif,model=e1000", "type=vif"),
        ("ip='10.0.0.1',netdev=eth0,type=vif", "type=vif,ip=10.0.0.1,gatewaydev=eth0"),
        ("type=vif,script=vif-nat,rate=10Mb/s,vifname=v,foo=bar", "type=vif,script=vif-nat,rate=10Mb/s,vifname=v"),
    ],
)
def test_a_nic_says_its_type_whatever_it_said(line: str, spec: str) -> None:
    assert import_line("vif", line) == [spec]


@pytest.mark.parametrize(
    ("line", "reason"), [("mac=xx", "'xx' is no MAC address"), ("type=tap", "'tap' is no type of a NIC")]
)
def test_a_nic_that_xl_has_no_words_for_is_refused_at_its_place(line: str, reason: str) -> None:
    with pytest.raises(ConfigError, match=f"a.cfg:4:8: {reason}"):
        import_line("vif", line)


def test_a_pv_guest_has_no_emulated_device() -> None:
    text = 'kernel = "/k"\ntype = "pv"\nvif = ["type=ioemu"]\ndisk = ["file:/x,ioemu:hda,w"]\n'
    made = import_config(text.encode(), "a.cfg", nothing_known)

    assert [nic.spec for nic in made.guest.nics] == ["type=vif"]
    assert [disk.reach for disk in made.guest.disks] == ["PV"]
    told = [note.why for note in made.notes]
    assert "a pv guest has no device model for its NIC, and libxl refuses type=ioemu there" in told
    assert "a pv guest has no emulated disks" in told
