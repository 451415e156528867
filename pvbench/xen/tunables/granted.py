"""What came of what was asked for, read back from both ends of a device, from the guest and from dom0.

A backend offers, a frontend takes the smaller of that and its own parameter, and writes what it took (or, where that is
the usual, nothing). What a frontend does not write is told from the guest, or not at all.
"""

from collections.abc import Callable, Mapping
from functools import partial
from types import MappingProxyType

from pvbench.drivers import DRIVERS
from pvbench.model import Granted, IoPath, Scalar
from pvbench.tunables import OFFLOADS, TUNABLES, Values, text
from pvbench.xen.tunables.look import parameter_file

DIRECT_SEGMENTS = 11
"""BLKIF_MAX_SEGMENTS_PER_REQUEST: what a request holds without an indirect descriptor."""

Nodes = Mapping[str, str]


def granted(tunables: Values, device: str, nodes: Nodes, guest: Nodes, dom0: Nodes) -> tuple[Granted, ...]:
    """Return what was asked for and what is in force, for every tunable that acts on the device.

    `nodes` are the xenstore nodes of both ends ({path: value}), `guest` what `parse_look` returns, `dom0` has
    "vcpus", the number of dom0's CPUs that are online.
    """
    ends = _Ends.of(nodes) if DRIVERS[device].io_path is IoPath.PV else None
    granted_values = []
    for name, value in tunables:
        if TUNABLES[name].acts_on(device):
            reader = _READ.get(name) or partial(_parameter, name, device)
            in_force = reader(_Look(ends, guest, dom0), value)
            granted_values.append(Granted(name, text(value), in_force))
    return tuple(granted_values)


def parameters_to_read(tunables: Values, device: str) -> tuple[str, ...]:
    """Return the files below /sys/module that tell of what nothing else tells, for `look_argv`."""
    rows = [TUNABLES[name] for name, _ in tunables if name not in _READ and TUNABLES[name].acts_on(device)]
    return tuple(parameter_file(DRIVERS[device].module, row.parameter.name) for row in rows if row.parameter)


def _parameter(name: str, device: str, look: "_Look", _: Scalar) -> str | None:
    """Read back what has no reader of its own: the value that the guest's module says it has."""
    parameter = TUNABLES[name].parameter
    if parameter is None:
        return None
    shown = look.guest.get(parameter_file(DRIVERS[device].module, parameter.name))
    return None if shown is None else parameter.read(shown)


class _Ends:
    """The nodes of a device's two ends, by their names below the device."""

    def __init__(self, front: Nodes, back: Nodes) -> None:
        self.front, self.back = front, back

    @classmethod
    def of(cls, nodes: Nodes) -> "_Ends | None":
        front, back = {}, {}
        for path, value in nodes.items():
            # …/device/vbd/51776/NAME and …/backend/vbd/7/51776/NAME
            _, _, below = path.partition("/device/")
            if below.count("/") >= 2:
                front[below.split("/", 2)[2]] = value
            _, _, below = path.partition("/backend/")
            if below.count("/") >= 3:
                back[below.split("/", 3)[3]] = value
        return cls(front, back) if front.get("state") == "4" and back else None


class _Look:
    """All that there is to read back from: the device's ends, what the guest shows, what dom0 has."""

    def __init__(self, ends: _Ends | None, guest: Nodes, dom0: Nodes) -> None:
        self.ends, self.guest, self.dom0 = ends, guest, dom0


def _queues(look: _Look, _: Scalar) -> str | None:
    return None if look.ends is None else look.ends.front.get("multi-queue-num-queues", "1")


def _ring_pages(look: _Look, _: Scalar) -> str | None:
    if look.ends is None:
        return None
    front = look.ends.front
    order = front.get("ring-page-order")
    return front.get("num-ring-pages", "1") if order is None or not order.isdigit() else str(1 << int(order))


def _persistent(look: _Look, _: Scalar) -> str | None:
    if look.ends is None:
        return None
    return text(all(end.get("feature-persistent", "0") == "1" for end in (look.ends.front, look.ends.back)))


def _segments(look: _Look, _: Scalar) -> str | None:
    """Return the guest's own limit, for the frontend writes none; beyond what the backend offers none is believed."""
    if look.ends is None or "max_segments" not in look.guest:
        return None
    offered = look.ends.back.get("feature-max-indirect-segments", "0")
    most = max(DIRECT_SEGMENTS, int(offered) if offered.isdigit() else 0)
    return str(min(int(look.guest["max_segments"]), most))


def _offloads(look: _Look, offload_set: Scalar) -> str | None:
    """Return the set itself if all that it switches off is off, else what is on."""
    if "offloads" not in look.guest:
        return None
    on = set(look.guest["offloads"].split("+")) - {""}
    if not on & set(OFFLOADS[str(offload_set)]) and (str(offload_set) != "all" or on):
        return str(offload_set)
    return "+".join(sorted(on)) or "none"


def _shown(where: str, key: str, meaning: Mapping[str, str] | None = None) -> Callable[[_Look, Scalar], str | None]:
    """Return the reader of what the guest or dom0 shows under a key; `meaning` turns that into the tunable's value."""

    def read(look: _Look, _: Scalar) -> str | None:
        shown = getattr(look, where).get(key)
        return shown if meaning is None or shown is None else meaning.get(shown)

    return read


_READ: Mapping[str, Callable[[_Look, Scalar], str | None]] = MappingProxyType(
    {
        "queues": _queues,
        "ring_pages": _ring_pages,
        "persistent_grants": _persistent,
        "indirect_segments": _segments,
        "vector_callback": _shown("guest", "callback", {"vector": "true", "line": "false"}),
        "fifo_events": _shown("guest", "events", {"fifo": "true", "2-level": "false"}),
        "vcpus": _shown("guest", "cpus"),
        "dom0_vcpus": _shown("dom0", "vcpus"),
        "mtu": _shown("guest", "mtu"),
        "offloads": _offloads,
    }
)
