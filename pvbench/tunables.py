"""TUNABLES: what a boot can be asked for beside its devices, and what it acts on. Each hypervisor says how, by name.

Parameters and limits are those of Linux 6.1: xen-blkfront.c, xen-netfront.c, events_base.c.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import Enum, auto
from types import MappingProxyType

from pvbench.drivers import DRIVERS
from pvbench.model import DeviceKind, GuestMode, IoPath, Scalar
from pvbench.yaml_schema import Choice, Few, Flag, Shape, Whole

Values = tuple[tuple[str, Scalar], ...]
"""What a boot is asked for, (name, value) sorted by name, as `Cell.tunables`."""


class Applied(Enum):
    """Where a tunable is applied."""

    MODULE = auto()
    """As a parameter of the module that drives the device in the guest."""
    KERNEL = auto()
    """On the guest kernel's command line."""
    NIC = auto()
    """To every NIC under test, once the guest is up."""
    GUEST = auto()
    """To what the guest is given: its hypervisor makes it so."""
    HOST = auto()
    """To the host, while the guest runs."""


def text(value: Scalar) -> str:
    """Return a value as text, as it is compared with what is in force."""
    return str(value).lower() if isinstance(value, bool) else str(value)


def in_words(value: Scalar) -> str:
    """Return a value as a report says it, whether it is what was asked for or the text of what is in force."""
    return {"true": "on", "false": "off"}.get(text(value), text(value))


def _as_parameter(value: Scalar) -> str:
    return ("N", "Y")[value] if isinstance(value, bool) else str(value)


def _from_parameter(shown: str) -> str:
    return {"Y": "true", "N": "false"}.get(shown, shown)


@dataclass(frozen=True)
class Parameter:
    """A module's parameter: `write` gives a tunable's value as the module takes it, `read` what /sys shows as text."""

    name: str
    write: Callable[[Scalar], str] = _as_parameter
    read: Callable[[str], str] = _from_parameter


@dataclass(frozen=True)
class Tunable:
    """A row of TUNABLES.

    It acts on devices of `kind` (None: of any), only on PV ones if `pv`, in guests of `modes`. A tunable that is
    applied to a module is its `parameter`; of one that is applied to a NIC `word` is what the guest's init knows it by.
    """

    name: str
    about: str
    shape: Shape
    applied: Applied
    kind: DeviceKind | None = None
    pv: bool = False
    parameter: Parameter | None = None
    word: str = ""
    modes: tuple[GuestMode, ...] = tuple(GuestMode)

    def __post_init__(self) -> None:
        if (self.applied is Applied.MODULE) != (self.parameter is not None):
            raise ValueError(f"{self.name}: a module has a parameter, and nothing else has")

    def acts_on(self, device: str) -> bool:
        """Whether a device (a name in DRIVERS) can be any different for it."""
        driver = DRIVERS[device]
        return self.kind in (None, driver.kind) and not (self.pv and driver.io_path is IoPath.EMULATED)


OFFLOADS: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "all": (),
        "no-tso": ("tso",),
        "no-gso": ("tso", "gso"),
        "no-csum": ("tso", "tx", "rx"),  # segments need checksums: Linux takes tso away with tx
        "none": ("tso", "gso", "gro", "sg", "tx", "rx"),
    }
)
"""Per value, the features that ethtool switches off in the guest."""

_NET, _BLOCK = DeviceKind.NET, DeviceKind.BLOCK
_PAGE_ORDER = Parameter(
    "max_ring_page_order",
    write=lambda pages: str(int(pages).bit_length() - 1),
    read=lambda order: str(1 << int(order)),
)
_ROWS = (
    Tunable(
        "queues",
        "Rings of a PV device; no more are granted than the backend has, nor for a disk than vCPUs.",
        Whole(1, 64),
        Applied.MODULE,
        pv=True,
        parameter=Parameter("max_queues"),
    ),
    Tunable(
        "ring_pages",
        "Pages of a PV disk's ring, 32 requests each.",
        Few("number of ring pages", (1, 2, 4, 8, 16)),
        Applied.MODULE,
        _BLOCK,
        pv=True,
        parameter=_PAGE_ORDER,
    ),
    Tunable(
        "persistent_grants",
        "Whether a PV disk's pages stay granted and are copied to and from.",
        Flag(),
        Applied.MODULE,
        _BLOCK,
        pv=True,
        parameter=Parameter("feature_persistent"),
    ),
    Tunable(
        "indirect_segments",
        "Pages of one request of a PV disk; up to 11 need no indirect descriptor.",
        Whole(11, 256),
        Applied.MODULE,
        _BLOCK,
        pv=True,
        parameter=Parameter("max_indirect_segments"),
    ),
    Tunable(
        "vector_callback",
        "false: events come by the platform device's interrupt line, as in 2006.",
        Flag(),
        Applied.KERNEL,
        modes=(GuestMode.HVM,),
    ),
    Tunable("fifo_events", "false: two-level event channels instead of FIFO ones.", Flag(), Applied.KERNEL),
    Tunable("vcpus", "Virtual CPUs of the guest, in the place of `guest: {vcpus: N}`.", Whole(1, 64), Applied.GUEST),
    Tunable("dom0_vcpus", "Virtual CPUs of dom0 while the guest runs.", Whole(1, 512), Applied.HOST),
    Tunable(
        "mtu",
        "Bytes of the largest packet of the guest's NICs.",
        Whole(68, 65517),
        Applied.NIC,
        _NET,
        word="pvb.mtu",
    ),
    Tunable(
        "offloads",
        "What the guest's NICs may leave to their backend: checksums, segmentation.",
        Choice("set of offloads", tuple(OFFLOADS)),
        Applied.NIC,
        _NET,
        word="pvb.off",
    ),
)

TUNABLES: Mapping[str, Tunable] = MappingProxyType({row.name: row for row in _ROWS})
