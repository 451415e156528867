"""HostFacts from the answer of pvb-probe."""

from typing import Any

import pytest

from pvbench.model import Emulation
from pvbench.xen.facts import facts_of


def answer(**dmi: str) -> dict[str, Any]:
    tables = {"sys_vendor": "", "product_name": "", "product_version": ""} | dmi
    return {
        "facts": {
            "kernel": "6.1.0-50-amd64", "cpu": "AMD EPYC Processor", "os": "Debian GNU/Linux 12 (bookworm)",
            "command_line": "root=/dev/vda", "governor": None, "dmi": tables,
            "xen": {"xen_version": "4.17.5", "nr_cpus": "2", "total_memory": "4095", "xen_scheduler": "credit2"},
            "versions": {"iperf3": "iperf 3.12", "netserver": None},
        },
        "missing": [],
        "speed": {"loop": 0.5, "processes": 0.5},
    }  # fmt: skip


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
    assert facts_of("h", answer(**dmi)).emulation is emulation


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
