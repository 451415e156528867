"""The table itself. Parameters and limits are those of Linux 6.1: xen-blkfront.c, xen-netfront.c, events_base.c."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from pvbench.drivers import DRIVERS
from pvbench.model import DeviceKind, IoPath, Scalar
from pvbench.yaml_schema import Choice, Few, Flag, Shape, Whole

Values = tuple[tuple[str, Scalar], ...]
"""What a boot is asked for, (name, value) sorted by name, as `Cell.tunables`."""


@dataclass(frozen=True)
class Tunable:
    """A row of TUNABLES.

    It acts on devices of `kind` (None: of any), only on PV ones if `pv`. `params` are parameters of guest modules,
    `words` what the kernel command line says for a value; what neither covers is asked elsewhere (`nic`: by a word for
    each NIC; `dom0`: by hostside/pvb-setup).
    """

    name: str
    about: str
    shape: Shape
    kind: DeviceKind | None = None
    pv: bool = False
    params: tuple[tuple[str, str], ...] = ()
    words: tuple[tuple[Scalar, str], ...] = ()
    nic: str = ""
    dom0: bool = False

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
_ROWS = (
    Tunable(
        "queues",
        "Rings of a PV device; no more are granted than the backend has, nor for a disk than vCPUs.",
        Whole(1, 64),
        pv=True,
        params=(("xen-netfront", "max_queues"), ("xen-blkfront", "max_queues")),
    ),
    Tunable(
        "ring_pages",
        "Pages of a PV disk's ring, 32 requests each.",
        Few("number of ring pages", (1, 2, 4, 8, 16)),
        _BLOCK,
        True,
        (("xen-blkfront", "max_ring_page_order"),),
    ),
    Tunable(
        "persistent_grants",
        "Whether a PV disk's pages stay granted and are copied to and from.",
        Flag(),
        _BLOCK,
        True,
        (("xen-blkfront", "feature_persistent"),),
    ),
    Tunable(
        "indirect_segments",
        "Pages of one request of a PV disk; up to 11 need no indirect descriptor.",
        Whole(11, 256),
        _BLOCK,
        True,
        (("xen-blkfront", "max_indirect_segments"),),
    ),
    Tunable(
        "vector_callback",
        "false: events come by the platform device's interrupt line, as in 2006.",
        Flag(),
        words=((False, "xen_no_vector_callback"),),
    ),
    Tunable(
        "fifo_events",
        "false: two-level event channels instead of FIFO ones.",
        Flag(),
        words=((False, "xen.fifo_events=0"),),
    ),
    Tunable("dom0_vcpus", "Virtual CPUs of dom0 while the guest runs.", Whole(1, 512), dom0=True),
    Tunable("mtu", "Bytes of the largest packet of the guest's NICs.", Whole(68, 65517), _NET, nic="pvb.mtu"),
    Tunable(
        "offloads",
        "What the guest's NICs may leave to their backend: checksums, segmentation.",
        Choice("set of offloads", tuple(OFFLOADS)),
        _NET,
        nic="pvb.off",
    ),
)

TUNABLES: Mapping[str, Tunable] = MappingProxyType({row.name: row for row in _ROWS})
