"""ComparisonPage: everything a report shows, as data. Text is ready to print; numbers are for the figures only.

Every string has been through `printable.clean`; nothing is HTML. json_page.py gives it to programs, and
docs/report-json.md says what is in it.
"""

from dataclasses import dataclass

from pvbench.reports.mechanism_page import MechanismPage

Facts = tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Arm:
    """One side of a comparison, `name` what it is called there ("netfront", "queues 4").

    `median` is text with its unit, or says why there is none.
    `status` is ok, invalid or not_measured; `values` are (block, or block.boot, value in the metric's base unit);
    `reasons` why trials of this arm gave no number, with how often; `flagged` what the reader should know of trials
    that count all the same ("unsteady"), with how often. `proof` says by which counters its traffic took the device,
    a line for guest and host each.
    """

    name: str
    device: str
    io_path: str
    cell: str
    status: str
    median: str
    values: tuple[tuple[int | str, float], ...]
    ok: int
    invalid: int
    not_measured: int
    reasons: tuple[tuple[str, int], ...]
    flagged: tuple[tuple[str, int], ...] = ()
    proof: tuple[str, ...] = ()


@dataclass(frozen=True)
class Row:
    """One comparison: a candidate against the baseline on one workload, along a `factor` (a name in FACTORS).

    `units` is how many `unit`s, boots or deployments, of each arm it rests on; None where there is no ratio.
    `verdict` is the word to print (FASTER, …, INVALID, NOT MEASURED) and `tone` its lower-case class; `bound` is ≥
    or ≤ before a capped ratio. Figures are None where there is no number. `not_had` are those of the notes that
    tell of what was asked for and not granted, or offered and not taken; `differing` is the one that tells in what
    the arms differ besides the factor, or empty, `guests` the one that tells in what their guests do. `kind` is
    block or net; `brief` is at most two short lines to stand beside the verdict, `notes` the whole.
    """

    workload: str
    settings: str
    metric: str
    metric_title: str
    baseline: Arm
    candidate: Arm
    verdict: str
    tone: str
    ratio: str
    interval: str
    bound: str
    notes: tuple[str, ...]
    point: float | None
    low: float | None
    high: float | None
    decades: int
    indicative: bool
    not_had: tuple[str, ...] = ()
    differing: str = ""
    guests: str = ""
    factor: str = "device"
    unit: str = "boot"
    units: int | None = None
    kind: str = ""
    brief: tuple[str, ...] = ()


@dataclass(frozen=True)
class Group:
    """The comparisons along one factor, of one kind of device on one host: one table. `heading` is for figures."""

    title: str
    kind: str
    host: str
    caption: str
    rows: tuple[Row, ...]
    factor: str = "device"
    heading: str = ""


@dataclass(frozen=True)
class Single:
    """A cell that the plan compares with nothing: its one side, and notes as in `Row`."""

    workload: str
    settings: str
    metric_title: str
    arm: Arm
    notes: tuple[str, ...]


@dataclass(frozen=True)
class Strip:
    """The values of every device in one comparison, block by block: one small figure."""

    workload: str
    metric: str
    caption: str
    arms: tuple[Arm, ...]


@dataclass(frozen=True)
class CurvePoint:
    """One cell of a sweep: its name on the axis that is swept, and its place in base units and in words."""

    name: str
    x: float
    y: float
    x_text: str
    y_text: str


@dataclass(frozen=True)
class CurveLine:
    """One device's points, in the order of the sweep."""

    device: str
    io_path: str
    points: tuple[CurvePoint, ...]


@dataclass(frozen=True)
class Curve:
    """One sweep: a figure and a table. `across` and `up` are metrics; without `across` the axis itself goes across."""

    title: str
    axis: str
    across: str
    across_title: str
    up: str
    up_title: str
    caption: str
    lines: tuple[CurveLine, ...]


@dataclass(frozen=True)
class LatencyRow:
    """Percentiles of one cell from histograms merged over all its blocks; "–" where too few samples lie beyond."""

    workload: str
    device: str
    samples: str
    median: str
    p99: str
    p999: str


@dataclass(frozen=True)
class WitnessView:
    """What one side says carried the traffic."""

    side: str
    driver: str
    share: str
    traffic: str
    facts: Facts


@dataclass(frozen=True)
class CommandView:
    """A command line: where it ran, as a shell would take it, how it ended."""

    where: str
    line: str
    ended: str


@dataclass(frozen=True)
class RawView:
    """A raw output and its digest."""

    path: str
    sha256: str
    size: str


@dataclass(frozen=True)
class TrialView:
    """One trial. `evidence` tells whether witnesses, commands and raw outputs are shown with it."""

    block: int
    boot: str
    started: str
    outcome: str
    tone: str
    value: str
    others: str
    carried: str
    took: str
    phases: str
    reason: str
    evidence: bool
    witnesses: tuple[WitnessView, ...] = ()
    commands: tuple[CommandView, ...] = ()
    raw: tuple[RawView, ...] = ()
    run: int = 1
    twin: bool = False
    flags: tuple[str, ...] = ()
    attempt: int = 1


@dataclass(frozen=True)
class CellView:
    """One cell with its trials; `more` counts what is left out, or is empty.

    `reproduce` are the commands that measure this one cell again, empty where the page has too many cells for that.
    """

    id: str
    device: str
    workload: str
    settings: str
    host: str
    summary: str
    tone: str
    median: str
    cache_modes: str
    trials: tuple[TrialView, ...]
    more: str
    reproduce: str = ""


@dataclass(frozen=True)
class InUse:
    """A part of the stack as it was in use: `arms` are those that had this value, empty where all had it."""

    part: str
    side: str
    value: str
    arms: str
    read_from: str
    means: str


@dataclass(frozen=True)
class GuestFact:
    """What each guest said of one thing, in the order of the guests; what is amiss with it there, empty for nothing.

    `amiss` is empty altogether where nobody judges the fact; `differs` is whether the guests said different things.
    """

    fact: str
    values: tuple[str, ...]
    amiss: tuple[str, ...] = ()
    differs: bool = False
    read_from: str = ""
    means: str = ""


@dataclass(frozen=True)
class GuestsView:
    """What the guests of a run said they are, a column each: `facts`, and what of the PV stack in them is judged.

    `differing` is a sentence for each two that are compared, `changed` one for each that was not the same in all its
    boots. `folded` is whether there is the builtin one alone, which readers need not see at once.
    """

    names: tuple[str, ...]
    folded: bool
    facts: tuple[GuestFact, ...]
    preflight: tuple[GuestFact, ...]
    differing: tuple[str, ...]
    changed: tuple[str, ...]


@dataclass(frozen=True)
class HostView:
    """One host's facts; `label` is what its figures must be labelled with, or empty."""

    name: str
    label: str
    facts: Facts


@dataclass(frozen=True)
class ComparisonPage:
    """A run's report. `label` is what stands beside every figure ("software emulation"), empty on bare metal.

    `redacted` says what was taken out of it, empty where nobody asked for that.

    `headline` is `finding` with `qualifier` in brackets after it, and `caution` where identical arms differ. `noise` is
    a paragraph on them, `repeats` a clause on the pairs that were disturbed, `altered` one on kept outputs that are not
    what was kept. `asymmetry` is a line for each device one of whose directions is much the faster.
    """

    run_id: str
    matrix_name: str
    tool_version: str
    started: str
    headline: str
    finding: str
    qualifier: str
    standfirst: str
    label: str
    label_note: str
    tiles: Facts
    groups: tuple[Group, ...]
    groups_note: str
    singles: tuple[Single, ...]
    singles_caption: str
    ladder_caption: str
    strips: tuple[Strip, ...]
    strips_note: str
    curves: tuple[Curve, ...]
    latency: tuple[LatencyRow, ...]
    latency_caption: str
    mechanism: MechanismPage | None
    loop_note: str
    cells: tuple[CellView, ...]
    cells_note: str
    hosts: tuple[HostView, ...]
    guest: Facts
    stack: Facts
    command: str
    reproduce: tuple[tuple[str, str], ...]
    matrix_text: str
    method: tuple[tuple[str, str], ...]
    caution: str = ""
    noise: str = ""
    repeats: str = ""
    altered: str = ""
    in_use: tuple[InUse, ...] = ()
    latency_curves: tuple[Curve, ...] = ()
    asymmetry: tuple[str, ...] = ()
    redacted: str = ""
    guests: GuestsView | None = None
