"""What a traced guest is counted doing, whatever its hypervisor and processor: why it was left, and what else happened.

The values are the stored texts. A hypervisor's package says which of its own events and exit codes each of them is.
"""

from enum import StrEnum

_EXIT = "exit: "


class Exit(StrEnum):
    """Why the processor left the guest; in counts it is written as `counted`, what has no member as "other (0x…)"."""

    PORT_IO = "port I/O"
    MEMORY_IO = "MMIO"
    HYPERCALL = "hypercall"
    HALT = "HLT"
    MSR = "MSR"
    EXTERNAL_INTERRUPT = "external interrupt"
    INTERRUPT_WINDOW = "interrupt window"
    PAGE_FAULT = "nested page fault"
    EXCEPTION = "exception"
    NMI = "NMI"
    CONTROL_REGISTER = "CR access"
    DEBUG_REGISTER = "DR access"
    TIME_STAMP = "RDTSC"
    CPUID = "CPUID"
    PAUSE = "PAUSE"
    APIC_WRITE = "APIC write"

    @property
    def counted(self) -> str:
        """What exits for this reason are called among a mechanism's counts."""
        return counted(self)


class Event(StrEnum):
    """What else is counted: device accesses, notifications both ways, memory shared by grants."""

    ROUND_TRIP = "device-model round trip"
    NOTIFICATION = "event channel send"
    INJECTED = "interrupt injected"
    PORT_READ = "port I/O read"
    PORT_WRITE = "port I/O write"
    MEMORY_READ = "MMIO read"
    MEMORY_WRITE = "MMIO write"
    GUEST_CALL = "PV hypercall"
    LOCAL_APIC = "VLAPIC event"
    GRANT_OPERATION = "grant operation"
    GRANT_MAP = "grant map"
    GRANT_UNMAP = "grant unmap"
    GRANT_TRANSFER = "grant transfer"


GRANTS = (Event.GRANT_OPERATION, Event.GRANT_MAP, Event.GRANT_UNMAP, Event.GRANT_TRANSFER)


def counted(reason: str) -> str:
    """Return what exits for a reason are called among counts."""
    return _EXIT + reason


def exit_reason(what: str) -> str | None:
    """Return the reason of exits among counts, None for what is no exit."""
    return what.removeprefix(_EXIT) if what.startswith(_EXIT) else None
