"""Xen's trace events and the exit codes of both vendors, as literal tables.

Sources: xen/include/public/trace.h of Xen 4.17 to 4.20; AMD64 Architecture Programmer's Manual volume 2, appendix C
(SVM); Intel SDM volume 3, appendix C (VMX). An exit is one event for both vendors up to Xen 4.18 (0x81002); from 4.19
on SVM has its own (0x81003). Bit 8 marks records with 64-bit addresses, bit 10 exits of a nested guest.
"""

from collections.abc import Iterator, Mapping
from enum import IntEnum, auto
from types import MappingProxyType

from pvbench.model import Event, Exit

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

COUNTED: Mapping[Kind, Event] = MappingProxyType(
    {
        Kind.PORT_READ: Event.PORT_READ,
        Kind.PORT_WRITE: Event.PORT_WRITE,
        Kind.MMIO_READ: Event.MEMORY_READ,
        Kind.MMIO_WRITE: Event.MEMORY_WRITE,
        Kind.PV_CALL: Event.GUEST_CALL,
        Kind.INJECTED: Event.INJECTED,
        Kind.VLAPIC: Event.LOCAL_APIC,
        Kind.GRANT_MAP: Event.GRANT_MAP,
        Kind.GRANT_UNMAP: Event.GRANT_UNMAP,
        Kind.GRANT_TRANSFER: Event.GRANT_TRANSFER,
    }
)
"""Kinds whose records are counted as they are."""

CALLED: Mapping[int, Event] = MappingProxyType(
    {GRANT_TABLE_OP: Event.GRANT_OPERATION, EVENT_CHANNEL_OP: Event.NOTIFICATION}
)
"""Hypercalls that are counted by themselves. What event_channel_op does is not traced; once a guest is up, it sends."""

SVM: Mapping[int, Exit] = MappingProxyType(
    {
        **dict.fromkeys(range(0x20), Exit.CONTROL_REGISTER),
        **dict.fromkeys(range(0x20, 0x40), Exit.DEBUG_REGISTER),
        **dict.fromkeys(range(0x40, 0x60), Exit.EXCEPTION),
        0x60: Exit.EXTERNAL_INTERRUPT,
        0x61: Exit.NMI,
        0x64: Exit.INTERRUPT_WINDOW,
        0x65: Exit.CONTROL_REGISTER,
        0x6E: Exit.TIME_STAMP,
        0x72: Exit.CPUID,
        0x77: Exit.PAUSE,
        0x78: Exit.HALT,
        0x7B: Exit.PORT_IO,
        0x7C: Exit.MSR,
        0x81: Exit.HYPERCALL,
        0x87: Exit.TIME_STAMP,
        0x400: Exit.PAGE_FAULT,
    }
)

VMX: Mapping[int, Exit] = MappingProxyType(
    {
        0: Exit.EXCEPTION,
        1: Exit.EXTERNAL_INTERRUPT,
        7: Exit.INTERRUPT_WINDOW,
        10: Exit.CPUID,
        12: Exit.HALT,
        16: Exit.TIME_STAMP,
        18: Exit.HYPERCALL,
        28: Exit.CONTROL_REGISTER,
        29: Exit.DEBUG_REGISTER,
        30: Exit.PORT_IO,
        31: Exit.MSR,
        32: Exit.MSR,
        40: Exit.PAUSE,
        44: Exit.MEMORY_IO,
        48: Exit.PAGE_FAULT,
        49: Exit.PAGE_FAULT,
        51: Exit.TIME_STAMP,
        56: Exit.APIC_WRITE,
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
