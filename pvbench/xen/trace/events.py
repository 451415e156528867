"""Xen's trace events and the exit codes of both vendors, as literal tables.

Sources: xen/include/public/trace.h of Xen 4.17 to 4.20; AMD64 Architecture Programmer's Manual volume 2, appendix C
(SVM); Intel SDM volume 3, appendix C (VMX). An exit is one event for both vendors up to Xen 4.18 (0x81002); from 4.19
on SVM has its own (0x81003). Bit 8 marks records with 64-bit addresses, bit 10 exits of a nested guest.
"""

from collections.abc import Iterator, Mapping
from enum import IntEnum, auto
from types import MappingProxyType

LOST_RECORDS, WRAP_BUFFER, CPU_CHANGE = 0x1F001, 0x1F002, 0x1F003
WIDE, NESTED = 0x100, 0x400

GRANT_TABLE_OP, EVENT_CHANNEL_OP = 20, 32
"""Hypercall numbers, public/xen.h."""


class Kind(IntEnum):
    """What a record is to the counter."""

    IMPLAUSIBLE = 0
    UNCOUNTED = auto()
    CPU_CHANGE = auto()
    LOST = auto()
    RUNS = auto()
    """A vCPU starts to run, or goes on."""
    STOPS = auto()
    """A vCPU that ran is preempted or blocks."""
    WAITS = auto()
    """A vCPU that ran goes "offline": it is paused, or waits inside Xen for its device model."""
    SWITCH = auto()
    ENTRY = auto()
    EXIT = auto()
    SVM_EXIT = auto()
    PORT_READ = auto()
    PORT_WRITE = auto()
    MMIO_READ = auto()
    MMIO_WRITE = auto()
    HVM_CALL = auto()
    PV_CALL = auto()
    INJECTED = auto()
    VLAPIC = auto()
    GRANT_MAP = auto()
    GRANT_UNMAP = auto()
    GRANT_TRANSFER = auto()


RUNNING, OFFLINE = 0, 3
"""Runstates, public/vcpu.h; 1 is runnable, 2 blocked."""


def _runstate_changes() -> Iterator[tuple[int, Kind]]:
    """0x21001 with the old runstate in bits 8-9 and the new one in bits 4-5 (common/sched/core.c)."""
    for old in range(4):
        for new in range(4):
            if new == RUNNING:
                yield 0x21001 | old << 8, Kind.RUNS
            elif old == RUNNING:
                yield 0x21001 | new << 4, Kind.WAITS if new == OFFLINE else Kind.STOPS


EVENTS: Mapping[int, Kind] = MappingProxyType(
    {
        LOST_RECORDS: Kind.LOST,
        CPU_CHANGE: Kind.CPU_CHANGE,
        **dict(_runstate_changes()),
        0x21002: Kind.RUNS,
        0x2800A: Kind.SWITCH,
        0x81001: Kind.ENTRY,
        0x81001 | NESTED: Kind.ENTRY,
        0x81002: Kind.EXIT,
        0x81002 | WIDE: Kind.EXIT,
        0x81002 | NESTED: Kind.EXIT,
        0x81002 | WIDE | NESTED: Kind.EXIT,
        0x81003: Kind.SVM_EXIT,
        0x81003 | WIDE: Kind.SVM_EXIT,
        0x81003 | NESTED: Kind.SVM_EXIT,
        0x81003 | WIDE | NESTED: Kind.SVM_EXIT,
        0x82004: Kind.INJECTED,
        0x82012: Kind.HVM_CALL,
        0x82016: Kind.PORT_READ,
        0x82016 | WIDE: Kind.PORT_READ,
        0x82017: Kind.MMIO_READ,
        0x82017 | WIDE: Kind.MMIO_READ,
        0x82025: Kind.VLAPIC,
        0x82216: Kind.PORT_WRITE,
        0x82216 | WIDE: Kind.PORT_WRITE,
        0x82217: Kind.MMIO_WRITE,
        0x82217 | WIDE: Kind.MMIO_WRITE,
        0x10F001: Kind.GRANT_MAP,
        0x10F002: Kind.GRANT_UNMAP,
        0x10F003: Kind.GRANT_TRANSFER,
        0x20100D: Kind.PV_CALL,
        0x20200E: Kind.PV_CALL,
    }
)

COUNTED: Mapping[Kind, str] = MappingProxyType(
    {
        Kind.PORT_READ: "port I/O read",
        Kind.PORT_WRITE: "port I/O write",
        Kind.MMIO_READ: "MMIO read",
        Kind.MMIO_WRITE: "MMIO write",
        Kind.PV_CALL: "PV hypercall",
        Kind.INJECTED: "interrupt injected",
        Kind.VLAPIC: "VLAPIC event",
        Kind.GRANT_MAP: "grant map",
        Kind.GRANT_UNMAP: "grant unmap",
        Kind.GRANT_TRANSFER: "grant transfer",
    }
)
"""Kinds whose records are counted as they are."""

CALLED: Mapping[int, str] = MappingProxyType(
    {GRANT_TABLE_OP: "grant operation", EVENT_CHANNEL_OP: "event channel send"}
)
"""Hypercalls that are counted by themselves. What event_channel_op does is not traced; once a guest is up, it sends."""

ROUND_TRIP = "device-model round trip"
MMIO = "MMIO"

SVM: Mapping[int, str] = MappingProxyType(
    {
        **dict.fromkeys(range(0x20), "CR access"),
        **dict.fromkeys(range(0x20, 0x40), "DR access"),
        **dict.fromkeys(range(0x40, 0x60), "exception"),
        0x60: "external interrupt",
        0x61: "NMI",
        0x64: "interrupt window",
        0x65: "CR access",
        0x6E: "RDTSC",
        0x72: "CPUID",
        0x77: "PAUSE",
        0x78: "HLT",
        0x7B: "port I/O",
        0x7C: "MSR",
        0x81: "hypercall",
        0x87: "RDTSC",
        0x400: "nested page fault",
    }
)

VMX: Mapping[int, str] = MappingProxyType(
    {
        0: "exception",
        1: "external interrupt",
        7: "interrupt window",
        10: "CPUID",
        12: "HLT",
        16: "RDTSC",
        18: "hypercall",
        28: "CR access",
        29: "DR access",
        30: "port I/O",
        31: "MSR",
        32: "MSR",
        40: "PAUSE",
        44: "MMIO",
        48: "nested page fault",
        49: "nested page fault",
        51: "RDTSC",
        56: "APIC write",
    }
)

FAULTS = (0x400, 48, 49)
"""Exits that are MMIO where the instruction is then emulated: SVM NPF, EPT violation and misconfiguration."""

IO_EXITS = (0x7B, 30, *FAULTS)
"""Exits that a device model may have to answer."""

SVM_ONLY = range(0x60, 0x500)
"""Exit codes above VMX's last basic reason; every SVM trace has some: an interrupt is 0x60."""

VMX_ENTRY_FAILED = 1 << 31


def reason(code: int, svm: bool | None) -> str:
    """Return an exit's reason by its code; codes without a row, or of an unknown vendor, are "other (0x…)"."""
    if svm is None:
        return f"other ({code:#x})"
    known = SVM.get(code) if svm else VMX.get(code)
    return known or f"other ({code:#x})"
