"""What a trace says: plain, frozen values, with nothing of how they were counted."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

UNATTRIBUTED = -1
"""The "domain" of what happened before the scheduler's records say who ran, or where a trace has none of them."""

Vendor = Literal["svm", "vmx"]


@dataclass(frozen=True)
class ExitCycles:
    """What exits for one reason took, in TSC cycles: `exits` is how many were seen whole, up to the next entry.

    `hypervisor` is spent in Xen for the vCPU, `away` is from the exit to the guest's next instruction, waiting for a
    device model, for an interrupt (HLT) or for a free CPU included. Medians are exact to 1/128 of themselves. Without
    records of the scheduler the two are the same, and may reach from one domain's exit to another's entry.
    """

    reason: str
    exits: int
    hypervisor: int
    hypervisor_median: int
    away: int
    away_median: int


@dataclass(frozen=True)
class DomainCounts:
    """What one domain did. `counts` are (what, how often), the most frequent first, exits as "exit: reason".

    `exit_codes` are the processor's own numbers. `ports` and `pages` are (port or physical address of the page, reads,
    writes), the busiest first; an instruction with a repeat prefix may be one record.
    """

    exits: int
    counts: tuple[tuple[str, int], ...]
    exit_codes: tuple[tuple[int, int], ...] = ()
    ports: tuple[tuple[int, int, int], ...] = ()
    pages: tuple[tuple[int, int, int], ...] = ()
    cycles_by_exit: tuple[ExitCycles, ...] = ()


@dataclass(frozen=True)
class Trace:
    """What a whole file says.

    `lost` records, or a file that is `truncated`, make every count a lower bound. `cycles` is the last TSC minus the
    first. `vendor` is whose exit codes these are, None without exits; `vendor_known` is "given", "event" (the record
    itself says so) or "codes" (assumed from which exit codes there are). Unless `attributed`, nothing tells the domains
    apart. `waits_seen` is whether the trace has runstates, without which there are no device-model round trips in it.
    """

    domains: Mapping[int, DomainCounts]
    cpus: int
    records: int
    lost: int
    truncated: bool
    cycles: int
    vendor: Vendor | None
    vendor_known: str | None
    attributed: bool
    waits_seen: bool

    @property
    def lower_bound(self) -> bool:
        """Whether there was more than was counted."""
        return self.truncated or self.lost > 0
