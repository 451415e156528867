"""What a guest answered → the parts of the stack that it has in use, by the names of PARTS. Pure."""

import re
from collections import Counter
from collections.abc import Iterator, Mapping

from pvbench.builds.loaded import Loaded
from pvbench.figures import count
from pvbench.parts import NONE
from pvbench.xen.verify.fixes import debian_package, has_interrupt_fix
from pvbench.xen.verify.look import GuestLook

FEATURES: Mapping[int, str] = {
    0: "writable page tables",
    1: "writable descriptor tables",
    2: "translated memory",
    3: "supervisor mode",
    4: "page directories above 4 GiB",
    5: "A/D bits preserved",
    6: "highmem assist",
    7: "grant map bits",
    8: "callback vector",
    9: "safe clock",
    10: "interrupts as events",
    11: "dom0",
    13: "virtual NUMA",
    15: "RSDP anywhere",
    16: "not direct-mapped",
    17: "direct-mapped",
    18: "runstate area",
    19: "vCPU time area",
}
"""Bits of XENVER_get_features, in words (xen/include/public/features.h)."""
_PLATFORM = ("0x5853:0x0001", "0x5853:0x0002")
_OVERRULED_BY = ("GenuineIntel",)
"""Processors whose second-level tables overrule the guest's MTRRs for memory, while no device is passed through."""


def guest_parts(look: GuestLook) -> dict[str, str]:
    """Return what a guest has in use, the parts that it told of."""
    found = dict(_identity(look)) | dict(_events(look)) | dict(_platform(look)) | dict(_frontends(look))
    return {name: value for name, value in found.items() if value is not None}


def _identity(look: GuestLook) -> Iterator[tuple[str, str | None]]:
    if not look.said:
        return
    detected = _logged(look, r"Hypervisor detected: (Xen.*)") or _logged(look, r"(Xen version: .*)")
    # A kernel may have been built without /sys/hypervisor, and its messages may be gone or forbidden.
    under_xen = detected or look.first("type") == "xen" or "xenbus" in look.said
    yield "hypervisor seen", detected or ("Xen" if under_xen else NONE)
    yield "guest type", look.first("guest_type")
    numbers = [look.first(f"version/{name}") for name in ("major", "minor")]
    version = f"{'.'.join(map(str, numbers))}{look.first('version/extra') or ''}" if all(numbers) else None
    yield "hypercalls", f"answered by Xen {version}" if version else None if under_xen else NONE
    features = look.first("properties/features")
    yield "hypercall features", features_in_words(features) if features else None
    if kernel := re.match(r"Linux version (\S+)", look.first("kernel") or ""):
        package = debian_package(look.first("kernel") or "")
        yield "guest kernel", f"{kernel[1]} (Debian {package})" if package else kernel[1]
    driver, governor = look.first("idle_driver"), look.first("idle_governor")
    if driver or governor:
        polls = f", polls {look.first('halt_poll_ns')} ns" if look.first("halt_poll_ns") else ""
        polling = "yes" if "haltpoll" in (driver, governor) else "no"
        yield "halt polling", f"{polling} (cpuidle driver {driver or NONE}, governor {governor or NONE}{polls})"


def _events(look: GuestLook) -> Iterator[tuple[str, str | None]]:
    by_line = any("xen-platform-pci" in row for row in look.interrupts)
    by_vector = any(re.match(r"HYP:(\s+\d+)*\s+[1-9]", row) for row in look.interrupts)
    if look.first("guest_type") == "PV":
        yield "event delivery", "upcall"  # the only way that such a guest has
    elif by_line or by_vector:
        yield "event delivery", "interrupt of the platform device" if by_line else "vector callback"
    abi = _logged(look, r"Using (FIFO-based|2-level) ABI")
    yield "event channels", {"FIFO-based": "FIFO", "2-level": "2-level"}.get(abi or "")
    bound = Counter(row.split()[-1] for row in look.interrupts if re.search(r"\bxen-(dyn|percpu|pirq)", row))
    if look.interrupts:
        each = ", ".join(name if times == 1 else f"{times} × {name}" for name, times in bound.items())
        yield "bound event channels", f"{bound.total()}: {each}" if bound else NONE


def _platform(look: GuestLook) -> Iterator[tuple[str, str | None]]:
    if not look.said and not look.log:
        return
    devices = [line.split() for line in look.said.get("pci", ())]
    platform = next((words for words in devices if len(words) == 3 and words[1] in _PLATFORM), None)
    if platform is None:
        mode = look.first("guest_type")
        yield "platform device", f"{NONE}, as in every {mode} guest" if mode in ("PV", "PVH") else NONE
    else:
        irq = look.first("platform_irq")
        driver = "no driver" if platform[2] == NONE else f"driven by {platform[2]}"
        yield "platform device", f"{platform[1].replace('0x', '')}, {driver}{f', interrupt {irq}' if irq else ''}"
    yield "unplug", _unplugged(look)
    yield "emulated devices left", _left(look, devices)
    version = _logged(look, r"Grant tables using version (\d)")
    has_none = platform is None and look.first("guest_type") == "HVM"
    yield "grant tables", f"version {version}" if version else NONE if has_none else None
    yield "grant frames", NONE if has_none else _cached(look)


def _unplugged(look: GuestLook) -> str:
    """Return what was asked for, and what went wrong; success writes no message."""
    if look.first("guest_type") in ("PV", "PVH"):
        return f"{NONE}: such a guest has no emulated devices"
    asked = re.search(r"\bxen_emul_unplug=(\S+)", look.first("command_line") or "")
    failed = _logged(look, r"Xen Platform(?: PCI)?: (.*(?:magic|blacklisted|unknown I/O protocol).*)")
    what = asked[1] if asked else "as the kernel does by itself"
    return f"{what}{f', {failed}' if failed else ''}"


def _left(look: GuestLook, devices: list[list[str]]) -> str:
    """Return how many emulated NICs and disks the guest has."""
    nics = sum(words[0].startswith("0x02") and not words[1].startswith("0x5853") for words in devices)
    disks = sum(not line.endswith((" vbd", f" {NONE}")) for line in look.said.get("disk", ()))
    return " and ".join(count(number, what) for number, what in ((nics, "NIC"), (disks, "disk")) if number) or NONE


def _cached(look: GuestLook) -> str | None:
    """Return how the grant frames are cached: those of HVM lie in the platform device's memory, others' in the guest's.

    Of memory for which no register says anything the default holds, and hvmloader makes that write-back.
    """
    if look.first("guest_type") in ("PVH", "PV"):
        return "write-back"
    bar = _memory_bar(look.said.get("platform_resource", ()))
    if bar is None or "mtrr" not in look.said:
        return None
    for line in look.said["mtrr"]:
        told = re.match(r"reg\d+: base=0x([0-9a-f]+) .*size=\s*(\d+)([KM])B, count=\d+: (\S+)", line)
        if told and int(told[1], 16) <= bar < int(told[1], 16) + (int(told[2]) << {"K": 10, "M": 20}[told[3]]):
            if told[4] != "uncachable":
                return told[4]
            overruled = look.first("processor") in _OVERRULED_BY
            return "uncacheable in the MTRRs, which this processor overrules" if overruled else "uncacheable"
    return "write-back"


def _memory_bar(lines: tuple[str, ...]) -> int | None:
    """Return where a PCI device's memory begins, by /sys/bus/pci/devices/*/resource: start, end, flags."""
    memory = 0x200  # IORESOURCE_MEM
    for line in lines:
        words = line.split()
        if len(words) == 3 and int(words[2], 16) & memory:
            return int(words[0], 16)
    return None


def _frontends(look: GuestLook) -> Iterator[tuple[str, str | None]]:
    if look.modules is None:
        return
    for name in ("netfront", "blkfront"):
        yield from module_parts(name, look.modules.get(f"xen_{name}"))
    netfront = look.modules.get("xen_netfront")
    if netfront is not None and "O" not in (look.first("taint_xen_netfront") or ""):
        fixed = has_interrupt_fix(look.first("kernel") or "")
        yield "spurious-interrupt fix", None if fixed is None else "yes" if fixed else "no"


def module_parts(name: str, loaded: Loaded | None) -> Iterator[tuple[str, str | None]]:
    """Yield which build of a module runs, and where it lies."""
    if loaded is None:
        yield f"{name} build", NONE
        return
    built_in = " (the kernel's own: built in)" if loaded.built_in else ""
    yield f"{name} build", f"{loaded.build_id}{built_in}" if loaded.build_id else None
    yield f"{name} file", loaded.path


def features_in_words(submap: str) -> str | None:
    """Return the features of a bit map in hexadecimal, in words; None for what is no map."""
    if not re.fullmatch(r"[0-9a-f]+", submap):
        return None
    bits = int(submap, 16)
    told = [FEATURES.get(bit, f"bit {bit}") for bit in range(bits.bit_length()) if bits >> bit & 1]
    return f"{submap}: {', '.join(told)}"


def _logged(look: GuestLook, pattern: str) -> str | None:
    """Return what a kernel message says, None where there is none."""
    return next((told[1] for line in look.log if (told := re.search(pattern, line))), None)
