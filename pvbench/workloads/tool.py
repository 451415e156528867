"""What a workload tool is: a row with its grammar, its command lines, its parser, its words and its server."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from math import ceil, isfinite

from pvbench import figures
from pvbench.errors import ParseError, UsageError
from pvbench.histogram import Bins
from pvbench.model import DeviceKind, Reading, Scalar
from pvbench.workloads.claim import Claim
from pvbench.yaml_schema import Field, Keyed, Shape, Swept

Params = Mapping[str, Scalar]
Argv = tuple[str, ...]

WINDOWS = 5
"""Into how many equal parts a measurement is cut, to tell whether it was steady."""

TIMES = frozenset({"runtime", "warmup"})
"""Every tool has both, in seconds: how long is measured, and how long the same load runs uncounted before."""


# What a tool aims at, and what it measured.


@dataclass(frozen=True)
class Disk:
    """The block device a workload may touch, as the guest names it. `seed` draws the offsets: equal in both arms.

    `log` is whether the tool may leave a log in /tmp: in a guest, whose memory that is, and not on a host.
    """

    path: str
    size_bytes: int
    seed: int
    log: bool = True


@dataclass(frozen=True)
class Peer:
    """Whom a network workload talks to, and the guest's own address on the device under test."""

    address: str
    port: int
    local: str


Target = Disk | Peer


@dataclass(frozen=True)
class Measured:
    """What a tool's output says. `latency_bins` are (midpoint in ns, count), ascending; empty where there are none.

    `claim` is what the device moved if the readings are true. `windows` are the rates of equal parts of the
    measurement, in order, in the primary metric's unit; empty where the tool does not tell.
    """

    readings: tuple[Reading, ...]
    seconds_measured: float
    claim: Claim
    latency_bins: Bins = ()
    windows: tuple[float, ...] = ()

    def __post_init__(self) -> None:
        for reading in self.readings:
            if not (isfinite(reading.value) and reading.value >= 0):
                raise ParseError(f"{reading.metric}: {reading.value} is no figure")


# What a matrix may say of it.

Objection = tuple[str, str]
"""A parameter, and why its value cannot be."""

Misfit = tuple[str, int, str]
"""A parameter, which of its swept values, and why it cannot be."""


@dataclass(frozen=True)
class Only:
    """A parameter that means something only where `other` is one of `values`; there it may be `needed`."""

    param: str
    other: str
    values: frozenset[Scalar]
    needed: str | None = None


@dataclass(frozen=True)
class Grammar:
    """The parameters of a tool, and the rules between them.

    `settle` fills in what depends on other parameters; `objects` names a parameter whose value cannot be; `misfit`, of
    all values of an entry, one that does not fit on a scratch disk of so many bytes.
    """

    shape: Keyed
    only: tuple[Only, ...] = ()
    settle: Callable[[Params], Params] = dict
    objects: Callable[[Params], Objection | None] = lambda _: None
    misfit: Callable[[Mapping[str, Sequence[int]], int], Misfit | None] = lambda _values, _scratch_bytes: None


def swept(shape: Shape, about: str, default: str | None = None, required: bool = False) -> Field:
    """Return a parameter that a matrix may give one value or a list of them."""
    return Field(Swept(shape), about, required, default)


def times(runtime: Shape, warmup: Shape, examples: tuple[str, str] = ("Whole", "Whole")) -> dict[str, Field]:
    """Return the parameters that every tool has; `examples` begin what is said of each."""
    return {
        "runtime": Field(runtime, f"{examples[0]} seconds the measurement takes, warm-up not counted.", default="10s"),
        "warmup": Field(
            warmup, f"{examples[1]} seconds of load before the measurement that are not counted.", default="2s"
        ),
    }


# What a report says of it.


@dataclass(frozen=True)
class Operation:
    """What a tool does again and again: its `noun`, its bytes (0: not told), whether one is under way at a time."""

    noun: str
    size_bytes: float = 0
    alone: bool = False


@dataclass(frozen=True)
class Axis:
    """A parameter or tunable whose sweep makes a curve; `noun` is what it is called, `text` writes a value.

    `across` names the metric that lies across the page, of which each value of the parameter is then one mark; without
    it that is the parameter itself. `up` names the metric that goes up; without it that is the primary. `follows` are
    parameters that change with this one of their own accord.
    """

    param: str
    noun: str
    text: Callable[[float], str] = lambda value: f"{value:g}"
    across: Callable[[Params], str] | None = None
    up: str | None = None
    follows: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Server:
    """The program that answers a network tool, and its port: not the usual one, which a host may serve itself.

    `package` is Debian's that has it, `version` the command that prints which one. `argv` runs in the foreground until
    it is ended; `daemon` goes to the background by itself.
    """

    program: str
    package: str
    version: Argv
    port: int
    argv: Callable[[Peer], Argv]
    daemon: Callable[[Peer], Argv]


def no_warmup(_params: Params, _target: Target) -> None:
    """Say that no separate warm-up is run."""
    return


@dataclass(frozen=True)
class Tool:
    """A row of WORKLOADS: everything about one tool.

    `argv` is what is measured, run in the guest; its standard output, kept as `raw_name`, is what `parse` reads.
    `version` prints which one it is. `warmup_argv` runs before it in the guest and is discarded (None: the tool
    warms up by itself, or nothing was asked). `windows` reads the rates of equal parts of the measurement from the
    tool's log (None: `parse` tells them, or none). `server` answers on the host, or in a second guest where
    `guest_answers`.

    `primary` names the metric a workload is compared by. `title` tells it in a few words; `titled` are the parameters
    that the title has a place for, `sizes` those that are bytes. `offered` is a metric and the most it can come to, as
    no more load was offered. `note` is what a page has to say of all its workloads of this tool.
    """

    name: str
    kind: DeviceKind
    grammar: Grammar
    raw_name: str
    argv: Callable[[Params, Target], Argv]
    parse: Callable[[bytes, Params], Measured]
    primary: Callable[[Params], str]
    title: Callable[[Params], Sequence[str]]
    titled: frozenset[str]
    sizes: frozenset[str] = frozenset()
    version: Argv = ()
    warmup_argv: Callable[[Params, Target], Argv | None] = no_warmup
    windows: Callable[[bytes, Params], tuple[float, ...]] | None = None
    server: Server | None = None
    guest_answers: Callable[[Params], bool] = lambda _: False
    offered: Callable[[Params], tuple[str, float] | None] = lambda _: None
    operation: Callable[[Params], Operation] = lambda _: Operation("I/O")
    axes: tuple[Axis, ...] = ()
    note: Callable[[Sequence[Params]], str] = lambda _: ""


def setting(name: str, value: Scalar, sizes: frozenset[str] = frozenset()) -> str:
    """Return a parameter in words: "bs 4 KiB", "runtime 10 s", "direct on"."""
    if isinstance(value, bool):
        return f"{name} {'on' if value else 'off'}"
    if name in sizes:
        return f"{name} {size(value)}"
    if name in TIMES and isinstance(value, int | float):
        return f"{name} {figures.duration(value)}"
    return f"{name} {value}"


def size(value: Scalar) -> str:
    """Return a size in words; what an old run may have instead of a number, as it is."""
    return figures.size(value) if isinstance(value, int | float) else str(value)


def positive(value: Scalar | None) -> float | None:
    """Return a parameter that is a number above zero, None for anything else."""
    return float(value) if isinstance(value, int | float) and not isinstance(value, bool) and value > 0 else None


def disk(tool: str, target: Target) -> Disk:
    """Return the target of a block workload."""
    if not isinstance(target, Disk):
        raise UsageError(f"{tool} works on a disk, not on {target}")
    return target


def peer(tool: str, target: Target) -> Peer:
    """Return the target of a network workload."""
    if not isinstance(target, Peer):
        raise UsageError(f"{tool} works against a network peer, not on {target}")
    return target


def whole_seconds(params: Params, name: str) -> int:
    """Return a duration for a tool that knows whole seconds only: the next one up; 0 where it is not given."""
    return ceil(float(params.get(name, 0)))
