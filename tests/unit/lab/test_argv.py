"""QEMU's command line: what was found to matter is in it."""

from pathlib import Path

import pytest

from pvbench.lab.argv import Accelerator, LabSpec, qemu_argv
from pvbench.model import Emulation

IMAGE = Path("/cache/images/0123")


def argv_of(**changes: object) -> list[str]:
    wanted = {
        "version": "7.2.22",
        "disk": Path("/labs/a/disk.qcow2"),
        "port": 40022,
        "qmp": Path("/labs/a/qmp"),
        "serial": Path("/labs/a/serial.log"),
    } | changes
    return qemu_argv(IMAGE, LabSpec(), Accelerator.TCG, **wanted)  # type: ignore[arg-type]


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
