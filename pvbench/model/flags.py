"""What a reader should know of a trial that counts all the same."""

from dataclasses import dataclass

from pvbench.model.described import Described


class FlagKind(Described):
    """What a trial is flagged for."""

    UNSTEADY = (
        "unsteady",
        "The rate moved too much over the measurement.",
        "Measure or warm up longer, on a host where nothing else runs.",
    )
    UNJUDGED = (
        "steadiness not judged",
        "What the tool logged does not tell whether the rate was steady.",
        "Look at the tool's kept output.",
    )
    FOREIGN_LOAD = (
        "foreign load",
        "Programs or guests that are none of ours used the host's CPUs meanwhile.",
        "Stop what else runs on the host.",
    )
    DISTURBED = (
        "disturbed",
        "Something else took more of the CPUs than a measurement is allowed to lose.",
        "Nothing, where the pair was measured again; else stop what else runs.",
    )
    BUSY_GUEST = (
        "busy guest",
        "The guest had work of its own when it was measured.",
        "Take out of the image what it starts by itself, or give its guests more vCPUs.",
    )
    STEAL = (
        "steal",
        "The guest's vCPUs had to wait for a CPU of the host.",
        "Give the guest fewer vCPUs, or stop what else runs on the host.",
    )
    THROTTLING = (
        "throttling",
        "The host's CPU was slower than earlier in the same boot.",
        "Fix the host's CPU frequency, and look after its cooling.",
    )
    CPU_BILL = (
        "CPU bill",
        "The CPU seconds of all payers together are not the seconds that the CPUs had.",
        "Do not use this trial's CPU seconds.",
    )
    AMOUNTS = (
        "amounts",
        "The device moved much more than the tool accounts for.",
        "Look for other traffic over the same device.",
    )
    PAGE_CACHE = (
        "page cache",
        "The guest's page cache stood between the tool and the disk.",
        "Use direct I/O, or fsync, where the disk is to be measured.",
    )
    MECHANISM = (
        "mechanism",
        "The trace that tells how the figure came about could not be taken; the figure itself stands.",
        "`pvbench doctor HOST` says what the host lacks.",
    )
    TRAP_COSTS = (
        "trap costs",
        "What primitive operations take in the guest could not be timed; the figure itself stands.",
        "`pvbench doctor HOST` says what the host lacks.",
    )
    CEILING = (
        "ceiling",
        "The backing store itself could not be measured; the figure itself stands.",
        "`pvbench doctor HOST` says what the host lacks.",
    )
    PARTED = (
        "parted",
        "Trials that should have shared a boot were made in different boots.",
        "Nothing, where a host failed in between; their ratio holds the difference between two boots.",
    )
    IMAGE = (
        "image",
        "The image that the guest boots from is not what it was before the first boot.",
        "Find out what writes to it, and measure again.",
    )
    OTHER = "other", "A flag of an older or a later pvbench, in its own words."


@dataclass(frozen=True)
class Flag:
    """A kind, and in `detail` what was seen: "five windows range over 26 % of their mean"."""

    kind: FlagKind
    detail: str

    def __str__(self) -> str:
        return self.detail if self.kind is FlagKind.OTHER else f"{self.kind}: {self.detail}"
