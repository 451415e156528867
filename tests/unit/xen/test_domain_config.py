"""The domain configuration and kernel command line of every way to place devices, pinned by goldens."""

from dataclasses import replace
from pathlib import Path

import pytest

from pvbench.errors import BootError
from pvbench.hypervisor import GuestSpec
from pvbench.model import GuestMode, Placement
from pvbench.xen import booting
from pvbench.xen import domain_config as domain

GOLDEN = Path(__file__).parents[2] / "golden" / "xen"
MIB = 1 << 20
CASES = {
    "coexist": (Placement.COEXIST, ("e1000", "netfront", "ide", "blkfront")),
    "coexist-everything": (
        Placement.COEXIST,
        ("rtl8139", "e1000", "netfront", "ide", "blkfront", "blkfront-qdisk"),
    ),
    "isolated-e1000": (Placement.ISOLATED, ("e1000",)),
    "isolated-ide": (Placement.ISOLATED, ("ide",)),
    "isolated-netfront": (Placement.ISOLATED, ("netfront",)),
    "isolated-blkfront": (Placement.ISOLATED, ("blkfront",)),
    "pvh-netfront": (Placement.ISOLATED, ("netfront",)),
    "pv-blkfront": (Placement.ISOLATED, ("blkfront",)),
    "pv-coexist": (Placement.COEXIST, ("netfront", "blkfront", "blkfront-qdisk")),
}


def spec_of(case: str) -> GuestSpec:
    placement, devices = CASES[case]
    mode = next((mode for mode in GuestMode if case.startswith(f"{mode}-")), GuestMode.HVM)
    return GuestSpec(f"b01-lab-{case}", devices, placement, 256 * MIB, 1, 128 * MIB, mode=mode)


def written(spec: GuestSpec, *, swapped: bool = False) -> str:
    nics = domain.nics(spec, "lab")
    disks = domain.disks(
        spec, {"ide": "/dev/loop0", "blkfront": "/dev/loop1", "blkfront-qdisk": "/var/tmp/pvbench/disks/q.img"}
    )
    line = domain.command_line(spec, nics, "AAAAKEY", swapped=swapped)
    at = "/var/tmp/pvbench/guest/d"
    if spec.mode is GuestMode.HVM:
        boots = booting.from_disk(spec, nics, "/var/tmp/pvbench/boot/x.img", f"{at}/boot.rom")
    else:
        boots = booting.from_kernel(spec, f"{at}/vmlinuz", f"{at}/initrd", line)
    script = "/var/tmp/pvbench/hostside/d/pvb-hotplug"
    config = domain.domain_config(spec, nics, disks, bridge="pvbr0", script=script, boots=boots, native_tsc=True)
    return f"{config}# {line}\n"


@pytest.mark.parametrize("case", CASES)
def test_a_guest_is_configured_as_its_golden_says(case: str) -> None:
    assert written(spec_of(case)) == (GOLDEN / f"{case}.cfg").read_text()


def test_an_isolated_emulated_guest_has_no_pv_device_at_all() -> None:
    text = written(spec_of("isolated-ide"))

    assert "xen_platform_pci=0" in text
    assert "xen_emul_unplug=never" in text
    assert "type=vif" not in text


def test_an_isolated_pv_guest_has_no_emulated_device() -> None:
    text = written(spec_of("isolated-blkfront"))

    assert "xen_platform_pci=1" in text
    assert "xen_emul_unplug=all" in text
    assert "ioemu" not in text
    assert "vdev=hda" not in text


def test_the_negative_control_gives_each_address_to_the_other_nic() -> None:
    spec = spec_of("coexist")
    straight, swapped = written(spec), written(spec, swapped=True)

    mac = {nic.device: nic.mac for nic in domain.nics(spec, "lab") if not nic.control}
    assert f"pvb.nic=e1000,{mac['e1000']},198.18.10.2/24" in straight
    assert f"pvb.nic=e1000,{mac['e1000']},198.18.11.2/24" in swapped
    assert f"pvb.nic=vif,{mac['netfront']},198.18.10.2/24" in swapped


@pytest.mark.parametrize("mode", [GuestMode.PVH, GuestMode.PV])
def test_a_guest_without_firmware_has_no_word_of_unplugging_and_no_device_model(mode: GuestMode) -> None:
    text = written(replace(spec_of("isolated-netfront"), mode=mode))

    assert f'type="{mode}"' in text
    assert 'kernel="/var/tmp/pvbench/guest/d/vmlinuz"' in text
    for word in ("unplug", "device_model", "platform_pci", "vga", "boot.rom"):
        assert word not in text


def test_a_command_line_that_xen_would_cut_off_in_a_pv_guest_is_refused() -> None:
    spec = replace(spec_of("pv-blkfront"), devices=("blkfront",))
    assert booting.from_kernel(spec, "/k", "/i", "x" * 1023)["cmdline"]
    assert booting.from_kernel(replace(spec, mode=GuestMode.PVH), "/k", "/i", "x" * 2000)["cmdline"]
    with pytest.raises(BootError, match="has 1024 bytes; Xen gives a pv guest 1023"):
        booting.from_kernel(spec, "/k", "/i", "x" * 1024)


def test_macs_differ_from_host_to_host() -> None:
    spec = spec_of("coexist")

    assert {nic.mac for nic in domain.nics(spec, "a")}.isdisjoint(nic.mac for nic in domain.nics(spec, "b"))


def test_what_a_boot_is_asked_for_is_on_its_command_line_and_on_its_vifs() -> None:
    asked = (("fifo_events", False), ("mtu", 9000), ("offloads", "no-tso"), ("queues", 2), ("ring_pages", 8))
    spec = replace(spec_of("coexist"), tunables=asked)
    text = written(spec)

    macs = [nic.mac for nic in domain.nics(spec, "lab") if not nic.control]
    assert "pvb.params=xen-netfront:max_queues=2,xen-blkfront:max_queues=2,xen-blkfront:max_ring_page_order=3" in text
    assert " xen.fifo_events=0 " in text
    assert all(f"pvb.mtu={mac},9000" in text and f"pvb.off={mac},tso" in text for mac in macs)
    assert text.count(",mtu=9000") == 3


def test_a_peer_has_one_pv_nic_with_an_address_in_every_subnet_under_test() -> None:
    spec = replace(spec_of("coexist"), tunables=(("mtu", 9000), ("queues", 2)), peer=True)
    beside = domain.peer(spec)
    nics = domain.nics(spec, "lab")
    nic = domain.peer_nic(nics, "lab")

    line = domain.command_line(beside, (nic,), "AAAA", swapped=False)
    assert beside.name == f"{spec.name}-peer"
    assert [f"pvb.nic=vif,{nic.mac},198.18.{10 + index}.3/24" in line for index in range(3)] == [True, True, False]
    assert "pvb.mtu=" in line
    assert "max_queues" not in line
    assert nic.mac not in {other.mac for other in nics}


def test_what_xl_cannot_write_is_refused() -> None:
    spec = GuestSpec('x"]\nkernel="/evil', ("e1000",), Placement.ISOLATED, 256 * MIB, 1, 0)

    with pytest.raises(ValueError, match="no way to write"):
        written(spec)
