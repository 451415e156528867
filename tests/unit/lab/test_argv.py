"""QEMU's command line: what was found to matter is in it."""

from pathlib import Path

import pytest

from pvbench.lab.argv import Accelerator, LabSpec, qemu_argv
from pvbench.lab.contents import overlay
from pvbench.lab.flavours import FLAVOURS
from pvbench.model import Emulation

IMAGE = Path("/cache/images/0123")


def argv_of(flavour: str = "xen", **changes: object) -> list[str]:
    wanted = {
        "version": "7.2.22",
        "disk": Path("/labs/a/disk.qcow2"),
        "port": 40022,
        "qmp": Path("/labs/a/qmp"),
        "serial": Path("/labs/a/serial.log"),
    } | changes
    return qemu_argv(IMAGE, LabSpec(flavour=FLAVOURS[flavour]), Accelerator.TCG, **wanted)  # type: ignore[arg-type]


def after(argv: list[str], flag: str) -> str:
    return argv[argv.index(flag) + 1]


def test_the_carried_qemu_is_started_by_its_own_loader() -> None:
    argv = argv_of()

    assert argv[0] == "/cache/images/0123/qemu/lib64/ld-linux-x86-64.so.2"
    assert "/cache/images/0123/qemu/usr/bin/qemu-system-x86_64" in argv


@pytest.mark.parametrize("feature", ["-smap", "-xsave", "-avx", "-monitor", "-rdtscp", "+npt", "+svm"])
def test_what_tcg_gets_wrong_is_hidden_and_what_xen_needs_is_not(feature: str) -> None:
    assert feature in after(argv_of(), "-cpu").split(",")


def test_translated_code_is_emptied_out_before_it_slows_the_lab_down() -> None:
    assert "tb-size=256" in after(argv_of(), "-accel").split(",")


def test_the_machine_listens_on_loopback_only() -> None:
    forwards = [word for word in argv_of() if "hostfwd" in word]

    assert forwards == ["user,id=n0,hostfwd=tcp:127.0.0.1:40022-:22"]


def test_the_firmware_says_what_the_host_runs_on() -> None:
    assert f"version={Emulation.SOFTWARE} (QEMU 7.2.22 TCG)" in after(argv_of(), "-smbios")


def test_a_probing_machine_has_neither_disk_nor_network() -> None:
    argv = argv_of(disk=None, port=None, qmp=None)

    assert "-drive" not in argv
    assert after(argv, "-nic") == "none"


def test_a_comma_in_a_path_is_doubled() -> None:
    assert "file=/labs/a,,b/disk.qcow2,if=virtio,cache=unsafe" in argv_of(disk=Path("/labs/a,b/disk.qcow2"))


def test_machines_of_another_size_are_others() -> None:
    assert LabSpec().id != LabSpec(memory_mib=8192).id


def test_the_processor_has_one_clock_for_all_its_cpus_and_nothing_forced_that_is_not_there() -> None:
    argv = argv_of()
    features = after(argv, "-cpu").split(",")

    assert "+invtsc" in features
    assert "clocksource=tsc" in after(argv, "-append").split()
    # What is forced hides nothing any more: each of these was named by QEMU 7.2 as one that TCG has not.
    lacking = "rdseed sha-ni xsavec 3dnowprefetch misalignsse osvw topoext fxsr-opt nrip-save"
    assert {f"-{name}" for name in lacking.split()} < set(features)


@pytest.mark.parametrize("flavour", ["plain", "plain13"])
def test_a_host_without_xen_is_started_by_its_boot_loader_and_finds_the_rest_on_its_disk(flavour: str) -> None:
    argv = argv_of(flavour)

    assert after(argv, "-kernel") == "/cache/images/0123/grub.img"
    assert not {"-append", "-initrd", "-no-reboot"} & set(argv)
    assert after(argv, "-vga") == "std"  # its menu, which nobody sees, would stand still on a serial line


@pytest.mark.parametrize(("flavour", "has"), [("xen", False), ("xen13", False), ("plain", True), ("plain13", True)])
def test_a_host_to_put_xen_onto_has_a_watchdog_that_its_reboots_do_not_stop(flavour: str, has: bool) -> None:
    assert ("isa-ipmi-kcs,bmc=bmc" in argv_of(flavour)) == has


def test_flavours_with_other_hardware_do_not_resume_one_another() -> None:
    ids = {name: LabSpec(flavour=flavour).id for name, flavour in FLAVOURS.items()}

    assert ids["xen"] != ids["plain"]
    assert ids["xen"] == LabSpec().id


def test_its_card_has_another_address_than_a_card_that_dom0s_own_qemu_makes() -> None:
    assert ",mac=52:54:00:70:76:62" in next(word for word in argv_of("plain13") if word.startswith("virtio-net-pci"))
    assert "mac=" not in " ".join(argv_of("xen"))  # its saved states have QEMU's own


def test_linux_has_one_cpu_where_it_boots_alone_and_xen_all() -> None:
    menu = overlay(FLAVOURS["plain"])["etc/default/grub"]

    assert 'GRUB_CMDLINE_LINUX_DEFAULT="nr_cpus=1 ' in menu
    assert "dom0_max_vcpus=1" in menu
    assert after(argv_of("plain"), "-smp") == "2"
