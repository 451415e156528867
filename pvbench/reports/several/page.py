"""RunsPage: everything a report of several runs shows, as data; text is ready to print, as in `reports/page.py`."""

from dataclasses import dataclass

from pvbench.reports.page import Facts


@dataclass(frozen=True)
class RunView:
    """One of the runs: the `letter` that stands for it on the page, what it is, and what it came to by itself.

    `differing` names what differs from the first run's conditions, empty where nothing does.
    """

    letter: str
    run_id: str
    matrix_name: str
    started: str
    label: str
    finding: str
    tiles: Facts
    command: str
    tool_version: str
    matrix_text: str
    differing: tuple[str, ...] = ()


@dataclass(frozen=True)
class Condition:
    """A fact that figures depend on, with its value in each run; "not told" where a run does not say.

    `kind` is what it is of: host, accelerator, machine, stack, guest, in the guest, preflight, in use or plan.
    """

    kind: str
    fact: str
    values: tuple[str, ...]


@dataclass(frozen=True)
class CellSide:
    """What one run has of a cell: its median in words and as a number, None where there is none, and its trials.

    `ratio` to `high` compare it with the first run's, turned so that above 1 is better; empty or None for the first
    run itself. `verdict` is a word or two, `tone` its class; `why` says why there is none, or what it holds under.
    """

    cell: str
    status: str
    median: str
    value: float | None
    units: int
    invalid: int
    not_measured: int
    ratio: str = ""
    interval: str = ""
    verdict: str = ""
    tone: str = ""
    why: str = ""
    point: float | None = None
    low: float | None = None
    high: float | None = None


@dataclass(frozen=True)
class CellRow:
    """A cell that at least two runs have; None for a run that has not planned it."""

    workload: str
    settings: str
    device: str
    io_path: str
    host: str
    metric: str
    metric_title: str
    sides: tuple[CellSide | None, ...]


@dataclass(frozen=True)
class RatioSide:
    """What one run came to in a comparison of its own, judged within that run alone."""

    ratio: str
    interval: str
    bound: str
    verdict: str
    tone: str
    point: float | None
    low: float | None
    high: float | None


@dataclass(frozen=True)
class RatioRow:
    """A comparison within each run: candidate against baseline; None for a run that does not make it."""

    workload: str
    settings: str
    factor: str
    baseline: str
    candidate: str
    where: str
    metric_title: str
    sides: tuple[RatioSide | None, ...]


@dataclass(frozen=True)
class Lone:
    """A cell that one run alone has."""

    letter: str
    workload: str
    settings: str
    device: str
    host: str
    median: str


@dataclass(frozen=True)
class RunsPage:
    """Several runs side by side. `warning` says in what their conditions differ, empty where nothing was found."""

    headline: str
    warning: str
    label: str
    label_note: str
    runs: tuple[RunView, ...]
    conditions: tuple[Condition, ...]
    alike: tuple[str, ...]
    ratios: tuple[RatioRow, ...]
    cells: tuple[CellRow, ...]
    lone: tuple[Lone, ...]
    notes: tuple[str, ...]
    tool_version: str
    redacted: str = ""
