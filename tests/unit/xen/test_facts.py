"""HostFacts from the answer of pvb-probe."""

from typing import Any

import pytest

from pvbench.hypervisor import GUEST_MODES, MACHINE_ID
from pvbench.model import Emulation
from pvbench.xen.facts import facts_of, guest_modes

PROCESSOR = {"beneath": "", "new_code": {"first": 4.1e-9, "later": 2.8e-10}}
# As measured: a processor under KVM, and QEMU's TCG in the lab.
KVM = {"beneath": "KVMKVMKVM", "new_code": {"first": 4.1e-9, "later": 2.8e-10}}
TCG = {"beneath": "TCGTCGTCGTCG", "new_code": {"first": 2.17e-6, "later": 1.5e-9}}


def answer(processor: dict[str, Any] | None = PROCESSOR, **dmi: str) -> dict[str, Any]:
    tables = {"sys_vendor": "", "product_name": "", "product_version": ""} | dmi
    return {
        "facts": {
            "kernel": "6.1.0-50-amd64",
            "kernel_version": "#1 SMP PREEMPT_DYNAMIC Debian 6.1.176-1 (2026-07-02)",
            "cpu": "AMD EPYC Processor",
            "os": "Debian GNU/Linux 12 (bookworm)",
            "command_line": "root=/dev/vda",
            "governor": None,
            "dmi": tables,
            "processor": processor,
            "machine": ["b08dfa6083e7567a1921a715000001fb", None],
            "xen": {"xen_version": "4.17.5", "nr_cpus": "2", "total_memory": "4095", "xen_scheduler": "credit2"},
            "versions": {"iperf3": "iperf 3.12", "netserver": None},
        },
        "missing": [],
        "speed": {"loop": 0.5, "processes": 0.5},
    }


@pytest.mark.parametrize(
    ("dmi", "emulation"),
    [
        (
            {"product_name": "pvbench-lab", "product_version": "software emulation (QEMU 7.2.22 TCG)"},
            Emulation.SOFTWARE,
        ),
        ({"product_name": "pvbench-lab", "product_version": "nested virtualisation (KVM)"}, Emulation.NESTED),
        ({"sys_vendor": "QEMU", "product_name": "Standard PC (Q35 + ICH9, 2009)"}, Emulation.UNKNOWN),
        ({"sys_vendor": "Dell Inc.", "product_name": "PowerEdge R7525"}, Emulation.BARE_METAL),
    ],
)
def test_the_firmware_says_what_a_host_runs_on(dmi: dict[str, str], emulation: Emulation) -> None:
    assert facts_of("h", answer(None, **dmi)).emulation is emulation


def test_the_stack_that_was_deployed_is_a_fact_of_the_host() -> None:
    told = answer()
    told["facts"]["stack"] = "xen 3f9c11aa0b2e"

    assert dict(facts_of("h", told).details)["stack deployed"] == "xen 3f9c11aa0b2e"
    assert "stack deployed" not in dict(facts_of("h", answer()).details)


QEMU = {"sys_vendor": "QEMU", "product_name": "Standard PC (Q35 + ICH9, 2009)"}
DELL = {"sys_vendor": "Dell Inc.", "product_name": "PowerEdge R7525"}


@pytest.mark.parametrize(
    ("processor", "dmi", "emulation"),
    [
        (TCG, QEMU, Emulation.SOFTWARE),
        (TCG, DELL, Emulation.SOFTWARE),
        (TCG | {"beneath": ""}, DELL, Emulation.SOFTWARE),
        (TCG | {"beneath": "XenVMMXenVMM"}, QEMU, Emulation.SOFTWARE),
        (TCG | {"beneath": "KVMKVMKVM"}, QEMU, Emulation.SOFTWARE),
        (KVM | {"beneath": "TCGTCGTCGTCG"}, QEMU, Emulation.SOFTWARE),
        (KVM, QEMU, Emulation.NESTED),
        (KVM | {"beneath": "Microsoft Hv"}, DELL, Emulation.NESTED),
        (KVM | {"beneath": "???"}, DELL, Emulation.UNKNOWN),
        (PROCESSOR, QEMU, Emulation.UNKNOWN),
        (None, QEMU, Emulation.UNKNOWN),
        (None, DELL, Emulation.BARE_METAL),
        (PROCESSOR | {"beneath": "XenVMMXenVMM"}, DELL, Emulation.BARE_METAL),
        # A processor that is slow, and one that was interrupted whenever it was timed.
        ({"beneath": "", "new_code": {"first": 9e-8, "later": 1e-9}}, DELL, Emulation.BARE_METAL),
        ({"beneath": "", "new_code": {"first": 5e-7, "later": 1e-7}}, DELL, Emulation.BARE_METAL),
    ],
)
def test_an_emulated_processor_is_found_out_whatever_the_firmware_says(
    processor: dict[str, Any] | None, dmi: dict[str, str], emulation: Emulation
) -> None:
    assert facts_of("h", answer(processor, **dmi)).emulation is emulation


def test_what_the_host_did_not_say_is_absent() -> None:
    details = dict(facts_of("h", answer()).details)

    assert details["iperf3"] == "iperf 3.12"
    assert "netserver" not in details
    assert "governor" not in details


def test_speed_changes_nothing_about_identity() -> None:
    slow, fast = answer(), answer()
    fast["speed"] = {"loop": 0.01, "processes": 0.01}

    assert facts_of("h", slow).identity == facts_of("h", fast).identity
    assert facts_of("h", slow).speed == 0.025
    assert facts_of("h", fast).speed == 1.0


def test_a_machine_is_known_again_by_a_digest_and_what_it_is_made_from_is_not_kept() -> None:
    def told(machine_id: str | None, uuid: str | None = None, **dmi: str) -> str | None:
        said = answer(**dmi)
        said["facts"]["machine"] = [machine_id, uuid]
        facts = facts_of("h", said)
        assert machine_id is None or machine_id not in str(facts)
        return dict(facts.details).get(MACHINE_ID)

    assert told("b08dfa60") == told("b08dfa60")
    assert 4 == len({told("b08dfa60"), told("b08dfa61"), told("b08dfa60", "4C4C4544"), told(None, "4C4C4544")})
    assert None is told(None)
    assert None is told("b08dfa60", product_name="pvbench-lab")


@pytest.mark.parametrize(
    ("capabilities", "modes"),
    [
        ("pv hvm hap shadow", ["hvm", "pvh", "pv"]),
        ("hvm hap", ["hvm", "pvh"]),
        ("pv", ["pv"]),
        ("pv hvm shadow", ["hvm", "pv"]),
        ("", []),
    ],
)
def test_the_modes_of_guests_are_those_that_xen_says_it_can_run(capabilities: str, modes: list[str]) -> None:
    assert [mode.value for mode in guest_modes(capabilities)] == modes
    said = answer()
    said["facts"]["xen"]["virt_caps"] = capabilities
    assert dict(facts_of("xen1", said).details).get(GUEST_MODES) == (", ".join(modes) or None)
