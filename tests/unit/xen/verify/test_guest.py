"""What a guest has in use, by what it answered: recorded ones of the lab, and constructed ones."""

import subprocess

import pytest

from pvbench.parts import PARTS
from pvbench.xen.verify import look_argv, parse_look
from pvbench.xen.verify.guest import features_in_words, guest_parts
from tests.unit.xen.verify.answers import changed, guest_text, without

NETFRONT, BLKFRONT = "9c7dd625842bb5c432ecd52694ba387f75401104", "aa480de527c28e6c11d7065cf9d73e64c9723fc6"
PVH = (
    ("guest_type=HVM", "guest_type=PVH"),
    ("pci=0xff8000 0x5853:0x0001 xen-platform-pci\n", ""),
)


def test_a_guest_with_a_pv_nic_has_every_part_of_the_stack_in_use() -> None:
    assert changed("isolated-netfront") == {
        "hypervisor seen": "Xen HVM",
        "guest type": "HVM",
        "hypercalls": "answered by Xen 4.17.5",
        "hypercall features": "00012705: writable page tables, translated memory, callback vector, safe clock, "
        "interrupts as events, virtual NUMA, not direct-mapped",
        "guest kernel": "6.1.0-50-amd64 (Debian 6.1.176-1)",
        "halt polling": "no (cpuidle driver none, governor menu)",
        "event delivery": "vector callback",
        "event channels": "FIFO",
        "bound event channels": "13: 2 × i8042, rtc0, acpi, timer0, resched0, callfunc0, callfuncsingle0, xenbus, "
        "hvc_console, vkbd, vif0-q0-tx, vif0-q0-rx",
        "platform device": "5853:0001, driven by xen-platform-pci",
        "unplug": "all",
        "emulated devices left": "none",
        "grant tables": "version 1",
        "grant frames": "uncacheable",
        "netfront build": NETFRONT,
        "blkfront build": "none",
        "spurious-interrupt fix": "yes",
    }


def test_without_vector_callback_the_platform_devices_interrupt_takes_the_events() -> None:
    found = changed(
        "isolated-blkfront", ("platform_resource=0x000000000000c000", "platform_irq=24\nplatform_resource=")
    )

    assert found["event delivery"] == "interrupt of the platform device"
    assert found["event channels"] == "2-level"
    assert found["platform device"] == "5853:0001, driven by xen-platform-pci, interrupt 24"
    assert found["bound event channels"] == "6: xenbus, hvc_console, vkbd, blkif, vif0-q0-tx, vif0-q0-rx"
    assert found["blkfront build"] == BLKFRONT


def test_a_guest_that_is_to_have_no_pv_device_has_none_of_their_parts() -> None:
    found = changed("isolated-e1000")

    assert [found[part] for part in ("platform device", "grant tables", "grant frames", "netfront build")] == [
        "none"
    ] * 4
    assert (found["unplug"], found["emulated devices left"]) == ("never", "1 NIC")
    assert "spurious-interrupt fix" not in found


def test_side_by_side_emulated_and_pv_devices_are_both_left() -> None:
    found = changed("coexist")

    assert (found["unplug"], found["emulated devices left"]) == ("unnecessary", "2 NICs and 1 disk")


@pytest.mark.parametrize(
    ("changes", "cached"),
    [
        ([], "uncacheable"),
        ([("vendor_id\t: AuthenticAMD", "vendor_id\t: HygonGenuine")], "uncacheable"),
        (
            [("vendor_id\t: AuthenticAMD", "vendor_id\t: GenuineIntel")],
            "uncacheable in the MTRRs, which this processor ",
        ),
        ([(" 128MB, count=1: uncachable", " 128MB, count=1: write-back")], "write-back"),
        ([("base=0x0f0000000 ( 3840MB), size=  128MB", "base=0x0f1000000 ( 3856MB), size=  112MB")], "write-back"),
        ([("size=  128MB", "size=    4KB")], "uncacheable"),
        ([("base=0x0f0000000", "base=0x0effff000"), ("size=  128MB", "size=    4KB")], "write-back"),
        ([*PVH], "write-back"),
    ],
)
def test_the_grant_frames_are_cached_as_the_memory_is_that_they_lie_in(
    changes: list[tuple[str, str]], cached: str
) -> None:
    assert changed("isolated-netfront", *changes)["grant frames"].startswith(cached)


@pytest.mark.parametrize("missing", ["mtrr=", "platform_resource="])
def test_grant_frames_of_which_something_is_not_told_are_not_known(missing: str) -> None:
    assert "grant frames" not in without("isolated-netfront", missing)


def test_a_pvh_guest_lacks_the_platform_device_and_nothing_is_amiss_with_that() -> None:
    found = changed("isolated-netfront", *PVH)

    assert found["platform device"] == "none, as in every PVH guest"
    assert found["grant tables"] == "version 1"
    assert found["unplug"] == "none: such a guest has no emulated devices"
    assert [part for part in found if PARTS[part].lack(found[part])] == ["blkfront build"]  # it has a NIC alone


def test_a_pv_guest_takes_events_by_upcall_whatever_its_interrupts_say() -> None:
    assert changed("isolated-netfront", *PVH, ("=PVH", "=PV"), ("HYP:", "XXX:"))["event delivery"] == "upcall"
    assert "event delivery" not in changed("isolated-netfront", ("HYP:", "XXX:"))


def test_a_built_in_frontend_runs_with_the_kernels_own_build() -> None:
    found = changed(
        "isolated-netfront",
        (
            "module xen_netfront no \n",
            "module xen_netfront yes \n 04 00 00 00 04 00 00 00 06 00 00 00 58 65 6e 00 6c 69 6e 75\n",
        ),
    )

    assert found["netfront build"] == f"{NETFRONT} (the kernel's own: built in)"


def test_of_a_netfront_that_is_not_the_kernels_own_nobody_knows_the_fix() -> None:
    found = changed("isolated-netfront", ("idle_driver=none", "idle_driver=none\ntaint_xen_netfront=OE"))

    assert "spurious-interrupt fix" not in found
    assert changed("isolated-netfront", ("idle_driver=none", "taint_xen_netfront="))["spurious-interrupt fix"] == "yes"


@pytest.mark.parametrize(
    ("message", "unplugged"),
    [
        ("Xen Platform PCI: unrecognised magic value", "all, unrecognised magic value"),
        ("Xen Platform: blacklisted by host", "all, blacklisted by host"),
    ],
)
def test_an_unplugging_that_failed_is_told(message: str, unplugged: str) -> None:
    found = changed(
        "isolated-netfront", ("[    0.000000] Xen version", f"[    0.000000] {message}\n[ 0.0] Xen version")
    )

    assert found["unplug"] == unplugged
    amiss = PARTS["unplug"].lack(unplugged)
    assert amiss is not None
    assert not amiss.dear


def test_haltpoll_is_told_by_governor_or_driver() -> None:
    found = changed("isolated-netfront", ("idle_governor=menu", "idle_governor=haltpoll\nhalt_poll_ns=200000"))

    assert found["halt polling"] == "yes (cpuidle driver none, governor haltpoll, polls 200000 ns)"


def test_of_a_guest_that_answers_nothing_nothing_is_known() -> None:
    assert guest_parts(parse_look(b"")) == {}


def test_a_guest_sees_no_hypervisor_only_where_no_trace_of_one_is_left() -> None:
    text = "\n".join(line for line in guest_text("isolated-netfront").splitlines() if "ypervisor" not in line)
    text = text.replace("type=xen\n", "").replace("Xen version", "")

    found = guest_parts(parse_look(text.encode()))
    bare = guest_parts(parse_look(b"kernel=Linux version 6.1.0\n\nmodules:\n"))

    assert (found["hypervisor seen"], "none" in found.get("hypercalls", "")) == ("Xen", False)
    assert (bare["hypervisor seen"], bare["hypercalls"]) == ("none", "none")


def test_bits_without_a_name_are_told_by_their_number() -> None:
    assert features_in_words("80000001") == "80000001: writable page tables, bit 31"
    assert features_in_words("<denied>") is None


@pytest.mark.parametrize("damage", [("module xen_netfront no", "module ?"), ("\nmodules:\n", "\n")])
def test_of_a_damaged_list_of_modules_nothing_is_known_and_no_other_part_is_lost(damage: tuple[str, str]) -> None:
    found = guest_parts(parse_look(guest_text("isolated-netfront").replace(*damage).encode()))

    assert not {"netfront build", "blkfront build", "spurious-interrupt fix"} & set(found)
    assert found["event channels"] == "FIFO"


def test_the_command_is_sound_for_a_shell_that_has_nothing_to_find() -> None:
    done = subprocess.run([*look_argv(("xen-netfront",))], capture_output=True, check=True)

    assert done.stderr == b""
    assert parse_look(done.stdout).modules == {}
    assert parse_look(done.stdout).first("kernel") is not None
