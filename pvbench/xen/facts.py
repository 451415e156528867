"""What hostside/pvb-probe says of a host, as HostFacts. Pure."""

from collections.abc import Mapping, Sequence
from typing import Any

from pvbench.hypervisor import GUEST_MODES, KERNEL_VERSION, MACHINE_ID, HostCheck
from pvbench.model import Emulation, GuestMode, HostFacts, digest
from pvbench.xen.platforms import abilities_of, notes_of, refusal_of

LAB_PRODUCT = "pvbench-lab"
USUAL_PROBE_S = 0.025  # what pvb-probe's loop and ten processes take on an ordinary x86 host of the 2020s
_TCG, _XEN = "TCGTCGTCGTCG", "XenVMMXenVMM"
_ON_HARDWARE = {"KVMKVMKVM", "VMwareVMware", "Microsoft Hv", "VBoxVBoxVBox", "bhyve bhyve", "ACRNACRNACRN"}


def facts_of(name: str, answer: Mapping[str, Any]) -> HostFacts:
    """Turn the answer of pvb-probe into the host's facts."""
    said, info = answer["facts"], answer["facts"]["xen"]
    dmi = {key: value or "" for key, value in said["dmi"].items()}
    version = f"Xen {info.get('xen_version', 'of unknown version')}"
    details = {
        "operating system": said["os"],
        "xen command line": info.get("xen_commandline"),
        "scheduler": info.get("xen_scheduler"),
        GUEST_MODES: ", ".join(guest_modes(info.get("virt_caps", ""))),
        "changeset": info.get("xen_changeset"),
        "hypervisor build-id": info.get("build_id"),
        KERNEL_VERSION: said["kernel_version"],
        "dom0 command line": said["command_line"],
        "governor": said["governor"],
        "stack deployed": said.get("stack"),
        MACHINE_ID: _machine_id(dmi, said["machine"]),
        **said["versions"],
    }
    return HostFacts(
        name=name,
        emulation=emulation(dmi, said["processor"]),
        machine=" ".join(filter(None, dmi.values())) or "unknown",
        hypervisor=version,
        kernel=f"Linux {said['kernel']}",
        cpu=said["cpu"],
        cpus=int(info.get("nr_cpus", 0)),
        memory_bytes=int(info.get("total_memory", 0)) << 20,
        speed=min(1.0, USUAL_PROBE_S / sum(answer["speed"].values())),
        details=tuple((key, str(value)) for key, value in details.items() if value),
    )


def guest_modes(virt_caps: str) -> tuple[GuestMode, ...]:
    """Return the modes of guests that a Xen can run, by what `xl info` says of it: "pv hvm hap"; none by an old one.

    A PVH guest is one of hardware virtualisation, with nested paging: distributions build no shadow paging.
    """
    able = set(virt_caps.split())
    needs = {GuestMode.HVM: {"hvm"}, GuestMode.PVH: {"hvm", "hap"}, GuestMode.PV: {"pv"}}
    return tuple(mode for mode, words in needs.items() if words <= able)


def lacks_of(answer: Mapping[str, Any]) -> tuple[tuple[str, str], ...]:
    """Return what pvb-probe misses on a host, as (what, what mends it): a platform that refuses us first."""
    refused = refusal_of(answer["platform"])
    missing = tuple((lack["what"], lack["mend"]) for lack in answer["missing"])
    return (refused, *missing) if refused else missing


def check_of(name: str, answer: Mapping[str, Any]) -> HostCheck:
    """Turn the answer of pvb-probe into what the host is and lacks; without Xen there are no facts."""
    facts = facts_of(name, answer) if answer["facts"]["xen"] else None
    said = answer["platform"]
    return HostCheck(facts, lacks_of(answer), notes_of(said), abilities_of(said))


def _machine_id(dmi: Mapping[str, str], identifiers: Sequence[str | None]) -> str | None:
    """Return what a machine is known again by: a digest, for what it is made from is nobody else's business.

    A lab has none: it is made anew from its image, and is the same set-up each time.
    """
    if dmi["product_name"] == LAB_PRODUCT or not any(identifiers):
        return None
    return digest(["pvbench", *identifiers], 16)


def emulation(dmi: Mapping[str, str], processor: Mapping[str, Any] | None) -> Emulation:
    """Judge by all that tells: the lab writes into the firmware's tables what it runs on, others are found out.

    Code that is dear only when it is new is being translated, whatever CPUID and the firmware say or hide. A hypervisor
    that CPUID names runs on hardware otherwise; under Xen it may be the host's own that is named. Last, the firmware's
    tables of virtual machines name their maker.
    """
    if dmi["product_name"] == LAB_PRODUCT:
        return Emulation.SOFTWARE if Emulation.SOFTWARE in dmi["product_version"] else Emulation.NESTED
    beneath = processor["beneath"] if processor else ""
    if beneath == _TCG or (processor and _translates(**processor["new_code"])):
        return Emulation.SOFTWARE
    if beneath in _ON_HARDWARE:
        return Emulation.NESTED
    makers = ("qemu", "kvm", "vmware", "virtualbox", "xen", "microsoft corporation virtual", "google", "amazon ec2")
    text = f"{dmi['sys_vendor']} {dmi['product_name']}".lower()
    virtual = any(maker in text for maker in makers) or beneath not in ("", _XEN)
    return Emulation.UNKNOWN if virtual else Emulation.BARE_METAL


def _translates(first: float, later: float) -> bool:
    """Whether a block of code costs what only an emulator takes for it: far more than later, and than any processor."""
    return first > 3e-7 and first > 40 * later
