"""What is measured and compared: workloads, arms, cells (an arm under a workload), a trial's place in the plan."""

from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

from pvbench.model.driver_builds import STOCK, in_words
from pvbench.model.ids import Scalar, digest
from pvbench.model.kinds import DeviceKind, GuestMode, Placement

Values = tuple[tuple[str, Scalar], ...]
"""Named values, sorted by name."""

MARGIN = 0.05
"""The relative difference within which two arms are EQUIVALENT, unless a matrix says another."""

BUILTIN_GUEST = "builtin"
AS_FOUND = ""
"""The stack that a host came with."""


@dataclass(frozen=True)
class Workload:
    """What is run: a tool and its parameters in base units (bytes, seconds, bit/s), sorted by name."""

    tool: str
    params: tuple[tuple[str, Scalar], ...]

    def __post_init__(self) -> None:
        if list(self.params) != sorted(self.params):
            raise ValueError("parameters are sorted by name")

    def __getitem__(self, name: str) -> Scalar:
        return dict(self.params)[name]

    @property
    def id(self) -> str:
        """Identity: equal tool and parameters, equal id."""
        return digest([self.tool, dict(self.params)])


@dataclass(frozen=True)
class Arm:
    """Everything that stays while a workload runs. Two arms that are compared are equal in all but one factor.

    `device` names a row of DRIVERS and is of the `kind`; `tunables` are what the boot is asked for (names of TUNABLES),
    sorted by name; `guest` is an image's name, `stack` what was deployed (a name, with `@` and the digest of its
    manifest once a host was asked), AS_FOUND where nothing was. `frontends` and `backends` say of what the drivers of
    guest and host were built: STOCK, or a DriverSource's value.
    """

    host: str
    kind: DeviceKind
    device: str
    placement: Placement
    tunables: Values = ()
    guest: str = BUILTIN_GUEST
    mode: GuestMode = GuestMode.HVM
    stack: str = AS_FOUND
    frontends: str = STOCK
    backends: str = STOCK

    def __post_init__(self) -> None:
        if list(self.tunables) != sorted(self.tunables):
            raise ValueError("tunables are sorted by name")

    @property
    def stack_name(self) -> str:
        """The name of what was deployed, without its digest."""
        return self.stack.partition("@")[0]

    @property
    def by_names(self) -> "Arm":
        """The arm with names alone: a stack or a driver that was built anew is the same one."""
        return replace(
            self,
            guest=self.guest.partition("@")[0],
            stack=self.stack_name,
            frontends=in_words(self.frontends),
            backends=in_words(self.backends),
        )

    def facts(self) -> dict[str, Any]:
        """Return what identifies the arm. What is as usual is left out, so that identities outlive new fields."""
        usual = {"tunables": (), "guest": BUILTIN_GUEST, "mode": GuestMode.HVM, "stack": AS_FOUND}
        usual |= {"frontends": STOCK, "backends": STOCK}
        return {name: value for name, value in vars(self).items() if name not in usual or value != usual[name]}


@dataclass(frozen=True)
class Cell:
    """One point of the matrix: an arm under a workload, which is of the arm's kind."""

    arm: Arm
    workload: Workload

    @property
    def host(self) -> str:
        """The arm's host."""
        return self.arm.host

    @property
    def kind(self) -> DeviceKind:
        """What the arm's device is for."""
        return self.arm.kind

    @property
    def device(self) -> str:
        """The arm's device, a name in DRIVERS."""
        return self.arm.device

    @property
    def placement(self) -> Placement:
        """Where the arm's device stands."""
        return self.arm.placement

    @property
    def tunables(self) -> Values:
        """What the arm's boot is asked for."""
        return self.arm.tunables

    @cached_property
    def id(self) -> str:
        """Identity: the digest of the cell's canonical JSON; a plan asks for it with every trial."""
        return digest(self.arm.facts() | {"workload": vars(self.workload)})

    @cached_property
    def _hash(self) -> int:
        return hash((self.arm, self.workload))

    def __hash__(self) -> int:
        # A run of ten thousand trials looks its cells up hundreds of thousands of times.
        return self._hash

    def __getstate__(self) -> dict[str, Any]:
        # In another process a text has another hash.
        return {"arm": self.arm, "workload": self.workload}

    @cached_property
    def lasting_id(self) -> str:
        """Identity by names alone: what a cell is matched by between runs that are nights or versions apart."""
        return Cell(self.arm.by_names, self.workload).id


@dataclass(frozen=True)
class Contrast:
    """What is compared with what: arms that differ in a factor (a name in FACTORS) alone, with those of the baseline.

    `baseline` is the factor's value there: one for all kinds of device, or (kind, device) pairs where the device is
    what differs. `margin` is the relative difference within which two arms are EQUIVALENT: 0.05 for 5 %.
    """

    factor: str
    baseline: Scalar | tuple[tuple[DeviceKind, str], ...]
    margin: float = MARGIN

    def against(self, kind: DeviceKind) -> Scalar | None:
        """Return the factor's value in the baseline of a kind of device; None where the kind has none."""
        return dict(self.baseline).get(kind) if isinstance(self.baseline, tuple) else self.baseline


@dataclass(frozen=True)
class TrialSpec:
    """One measurement to be made. Trials with the same `boot` share one boot of the guest.

    `run` counts repeats within a boot from 1, `round` the boots of one arm within a block. Trials with the same
    `deployment` share what was deployed; it is "" where nothing is. A `twin` measures its cell a second time as if it
    were another arm: what the two differ by is the campaign's own noise.
    """

    cell: Cell
    block: int
    boot: str
    position: int
    run: int = 1
    twin: bool = False
    round: int = 1
    deployment: str = ""

    @property
    def id(self) -> str:
        """Readable identity, unique in a run and fit for a file name; it ends with the cell's id."""
        repeat = f"-r{self.run}" if self.run > 1 else ""
        return f"{self.boot}-{self.cell.device}{'-twin' if self.twin else ''}{repeat}-{self.cell.id}"

    def traced(self, blocks: int) -> bool:
        """Whether a further pass under a trace follows: once a boot for a cell, in so many blocks from the first."""
        return self.block <= blocks and self.run == 1 and not self.twin
