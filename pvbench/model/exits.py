"""What a traced guest is counted doing, whatever its hypervisor and processor: why it was left, and what else happened.

The values are the stored texts. A hypervisor's package says which of its own events and exit codes each of them is.
"""

from pvbench.model.described import Described

_EXIT = "exit: "
_EMULATED = "A paravirtualised device needs none for its I/O."
_GRANTS = "Persistent grants are made once."


class Exit(Described):
    """Why the processor left the guest; in counts it is written as `counted`, what has no member as "other (0x…)"."""

    PORT_IO = "port I/O", "The guest read or wrote an I/O port, as of an emulated device.", _EMULATED
    MEMORY_IO = "MMIO", "The guest touched memory that belongs to an emulated device.", _EMULATED
    HYPERCALL = (
        "hypercall",
        "The guest asked the hypervisor for something, such as to notify a backend.",
        "Deeper queues or larger requests share a notification.",
    )
    HALT = "HLT", "The vCPU had nothing to do. This is waiting, and no cost."
    MSR = "MSR", "The guest read or wrote a register of the processor's model, as of its timer."
    EXTERNAL_INTERRUPT = "external interrupt", "An interrupt of the host came while the guest ran."
    INTERRUPT_WINDOW = "interrupt window", "The guest could at last take an interrupt that had waited."
    PAGE_FAULT = "nested page fault", "The guest touched memory that the hypervisor had not mapped."
    EXCEPTION = "exception", "The guest's code raised an exception that the hypervisor looks at."
    NMI = "NMI", "An interrupt came that cannot be masked."
    CONTROL_REGISTER = "CR access", "The guest read or wrote a control register."
    DEBUG_REGISTER = "DR access", "The guest read or wrote a debug register."
    TIME_STAMP = "RDTSC", "The guest read the time stamp counter.", "Let guests read it themselves, where the host can."
    CPUID = "CPUID", "The guest asked what processor it runs on."
    PAUSE = "PAUSE", "The guest's kernel spun for a lock."
    APIC_WRITE = "APIC write", "The guest wrote to its interrupt controller."

    @property
    def counted(self) -> str:
        """What exits for this reason are called among a mechanism's counts."""
        return counted(self)


class Event(Described):
    """What else is counted: device accesses, notifications both ways, memory shared by grants."""

    ROUND_TRIP = "device-model round trip", "A vCPU waited until the device model had answered.", _EMULATED
    NOTIFICATION = (
        "event channel send",
        "The guest told another domain that there is work.",
        "Deeper queues or larger requests share a notification.",
    )
    INJECTED = "interrupt injected", "The hypervisor gave the guest an interrupt."
    PORT_READ = "port I/O read", "The guest read an I/O port.", _EMULATED
    PORT_WRITE = "port I/O write", "The guest wrote to an I/O port.", _EMULATED
    MEMORY_READ = "MMIO read", "The guest read a device's memory.", _EMULATED
    MEMORY_WRITE = "MMIO write", "The guest wrote to a device's memory.", _EMULATED
    GUEST_CALL = "PV hypercall", "A guest without hardware virtualisation called the hypervisor."
    LOCAL_APIC = "VLAPIC event", "The hypervisor worked on the guest's interrupt controller."
    GRANT_OPERATION = "grant operation", "Memory was shared with another domain, or copied from it.", _GRANTS
    GRANT_MAP = "grant map", "Another domain's memory was mapped.", _GRANTS
    GRANT_UNMAP = "grant unmap", "Another domain's memory was given back.", _GRANTS
    GRANT_TRANSFER = "grant transfer", "A page went over to another domain.", _GRANTS


GRANTS = (Event.GRANT_OPERATION, Event.GRANT_MAP, Event.GRANT_UNMAP, Event.GRANT_TRANSFER)


def counted(reason: str) -> str:
    """Return what exits for a reason are called among counts."""
    return _EXIT + reason


def exit_reason(name: str) -> str | None:
    """Return the reason of exits among counts, None for what is no exit."""
    return name.removeprefix(_EXIT) if name.startswith(_EXIT) else None
