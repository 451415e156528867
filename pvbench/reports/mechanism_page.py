"""MechanismPage: what one I/O costs, as data. Text is ready to print; numbers are for the figures only.

Every string has been through `printable.clean`; nothing is HTML. A part that was not measured is None or empty,
never 0.
"""

from dataclasses import dataclass

from pvbench.reports.host_words import HostWords


@dataclass(frozen=True)
class Part:
    """A piece of a whole: how much of it, and the same as text. `tone` is what both figures and legend colour it by."""

    name: str
    amount: float
    shown: str
    tone: str


@dataclass(frozen=True)
class TraceView:
    """What the traces of one device say. Figures are for one I/O (packet), `≥` before them where records were lost.

    `reasons` are exits by reason; `figure` the same with rare reasons gathered; `away` the share of the traced time
    that the vCPU was out of the guest; `basis` what it rests on and what the probe itself cost.
    """

    exits: str
    reasons: tuple[Part, ...]
    figure: tuple[Part, ...]
    round_trips: str
    sends: str
    injected: str
    grants: str
    basis: tuple[str, ...]
    away: str


@dataclass(frozen=True)
class BillView:
    """Who paid for one device's I/O: CPU seconds of guest and host, and shares of wall clock × CPUs by payer."""

    per_gib: str
    per_million: str
    per_io: str
    host: str
    shares: tuple[Part, ...]
    accounted: str
    figure: tuple[Part, ...]
    total: str


@dataclass(frozen=True)
class DeviceCost:
    """One device on one workload. `model` compares exits × cost with the time of an I/O; `limit` is what limited it."""

    device: str
    io_path: str
    cell: str
    trace: TraceView | None
    bill: BillView | None
    model: str
    limit: str
    line: str


@dataclass(frozen=True)
class WorkloadCost:
    """One comparison: a row a device, emulated first. `noun` is I/O or packet, `per` what the CPU figure is per."""

    workload: str
    where: str
    noun: str
    per: str
    devices: tuple[DeviceCost, ...]


@dataclass(frozen=True)
class TrapRow:
    """What one primitive operation takes in the guest, over all rounds, and what a model charges for it.

    `marks` are minimum, quartiles, maximum, in ns.
    """

    operation: str
    rounds: str
    samples: str
    charged: str
    median: str
    mean: str
    p90: str
    p99: str
    marks: tuple[float, float, float, float, float]
    mean_ns: float
    charged_ns: float


@dataclass(frozen=True)
class TrapTable:
    """The operations timed on one host."""

    host: str
    rows: tuple[TrapRow, ...]


@dataclass(frozen=True)
class MechanismPage:
    """The section "What one I/O costs". Captions carry the label; `because` is a sentence for the top of the page.

    `lines` are for a terminal, one a workload.
    """

    workloads: tuple[WorkloadCost, ...]
    traps: tuple[TrapTable, ...]
    because: str
    exits_caption: str
    exits_figure_caption: str
    bill_caption: str
    bill_figure_caption: str
    story_note: str
    traps_caption: str
    lines_caption: str
    lines: tuple[str, ...]
    words: HostWords

    @property
    def traced(self) -> bool:
        """Whether any device was traced."""
        return any(each.trace for load in self.workloads for each in load.devices)

    @property
    def billed(self) -> bool:
        """Whether any device has a bill."""
        return any(each.bill for load in self.workloads for each in load.devices)

    @property
    def tones(self) -> frozenset[str]:
        """The tones that stand in a figure."""
        views = [view for load in self.workloads for each in load.devices for view in (each.trace, each.bill) if view]
        return frozenset(part.tone for view in views for part in view.figure)
