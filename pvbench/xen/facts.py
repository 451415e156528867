"""What hostside/pvb-probe says of a host, as HostFacts. Pure."""

from collections.abc import Mapping
from typing import Any

from pvbench.model import Emulation, HostFacts

USUAL_PROBE_S = 0.025  # what pvb-probe's loop and ten processes take on an ordinary x86 host of the 2020s


def facts_of(name: str, answer: Mapping[str, Any]) -> HostFacts:
    """Turn the answer of pvb-probe into the host's facts."""
    said, info = answer["facts"], answer["facts"]["xen"]
    dmi = {key: value or "" for key, value in said["dmi"].items()}
    version = f"Xen {info.get('xen_version', 'of unknown version')}"
    details = {
        "operating system": said["os"], "xen command line": info.get("xen_commandline"),
        "scheduler": info.get("xen_scheduler"), "dom0 command line": said["command_line"],
        "governor": said["governor"], **said["versions"],
    }  # fmt: skip
    return HostFacts(
        name=name,
        emulation=_emulation(dmi),
        machine=" ".join(filter(None, dmi.values())) or "unknown",
        hypervisor=version,
        kernel=f"Linux {said['kernel']}",
        cpu=said["cpu"],
        cpus=int(info.get("nr_cpus", 0)),
        memory_bytes=int(info.get("total_memory", 0)) << 20,
        speed=min(1.0, USUAL_PROBE_S / sum(answer["speed"].values())),
        details=tuple((key, str(value)) for key, value in details.items() if value),
    )


def _emulation(dmi: Mapping[str, str]) -> Emulation:
    """Judge by the firmware's tables: the lab writes there what it runs on, other virtual machines name their maker."""
    if dmi["product_name"] == "pvbench-lab":
        return Emulation.SOFTWARE if Emulation.SOFTWARE in dmi["product_version"] else Emulation.NESTED
    makers = ("qemu", "kvm", "vmware", "virtualbox", "xen", "microsoft corporation virtual", "google", "amazon ec2")
    text = f"{dmi['sys_vendor']} {dmi['product_name']}".lower()
    return Emulation.UNKNOWN if any(maker in text for maker in makers) else Emulation.BARE_METAL
