"""What dom0 answered → the parts of the stack that it has in use for one device, by the names of PARTS. Pure."""

from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import Any

from pvbench.builds.loaded import Loaded, build_id
from pvbench.model import HostFacts
from pvbench.parts import NONE
from pvbench.xen.verify.guest import module_parts

STATES: Mapping[str, str] = MappingProxyType(
    {
        "0": "Unknown",
        "1": "Initialising",
        "2": "InitWait",
        "3": "Initialised",
        "4": "Connected",
        "5": "Closing",
        "6": "Closed",
        "7": "Reconfiguring",
        "8": "Reconfigured",
    }
)
"""enum xenbus_state of xen/include/public/io/xenbus.h."""
CONNECTED = "Connected, Connected"
BACKENDS = ("xen_netback", "xen_blkback")
"""Names as in /sys/module."""
_BLOCK_KINDS: Mapping[str, str] = MappingProxyType(
    {"vbd": "vbd, blkback in the kernel", "qdisk": "qdisk, in the device model", "vbd3": "vbd3, tapdisk"}
)
Nodes = Mapping[str, str]


def host_parts(facts: HostFacts) -> dict[str, str]:
    """Return what a host has in use whatever the guest, of what it said when it was probed."""
    details = dict(facts.details)
    named = {"hypervisor build": "hypervisor build-id", "device model": "device model"}
    named |= {"changeset": "changeset", "scheduler": "scheduler"}
    found = {part: details[detail] for part, detail in named.items() if detail in details}
    return {"hypervisor": facts.hypervisor, "dom0 kernel": facts.kernel} | found


def dom0_parts(answer: Mapping[str, Any]) -> dict[str, str]:
    """Return what dom0 has in use for a domain, whatever the device, of the answer to {"action": "parts"}."""
    found: dict[str, str | None] = {}
    for module in BACKENDS:
        said = answer["modules"].get(module)
        loaded = said and Loaded(build_id(said["notes"] or ""), said["built_in"], said["path"])
        found |= dict(module_parts(module.removeprefix("xen_"), loaded))
    model = answer["model"]
    found["device model arguments"] = " ".join((model["program"], *model["argv"][1:])) if model else NONE
    return {name: value for name, value in found.items() if value is not None}


def vif_parts(nodes: Nodes, number: int) -> dict[str, str]:
    """Return what a PV NIC's two ends have agreed on, of the nodes of both: {path: value}; nothing before they are."""
    front, back, kind = _ends(nodes, ("vif",), number)
    if not back:
        return {"vif backend": NONE}
    found = {"vif states": _states(front, back), "vif backend": f"{kind}, netback in the kernel"}
    if found["vif states"] != CONNECTED:
        return found
    separate = "event-channel-tx" in front or "queue-0/event-channel-tx" in front
    queues = front.get("multi-queue-num-queues", "1")
    offered = f"copy {back.get('feature-rx-copy', '0')}, flip {back.get('feature-rx-flip', '0')}"
    asked = "requested" if front.get("request-rx-copy") == "1" else "not requested"
    return found | {
        "receive by copy": f"{asked}; offered: {offered}",
        "vif queues": f"{queues} of at most {back.get('multi-queue-max-queues', '1')}, "
        f"{'two event channels' if separate else 'one event channel'} each",
        "vif features": _both(front, back, _NIC_FEATURES),
    }


def vbd_parts(nodes: Nodes, number: int) -> dict[str, str]:
    """Return what a PV disk's two ends have agreed on, of the nodes of both: {path: value}; nothing before they are."""
    front, back, kind = _ends(nodes, tuple(_BLOCK_KINDS), number)
    if not back:
        return {"vbd backend": NONE}
    found = {"vbd states": _states(front, back), "vbd backend": _BLOCK_KINDS[kind]}
    if found["vbd states"] != CONNECTED:
        return found
    persistent = all(end.get("feature-persistent") == "1" for end in (front, back))
    offered = [name for key, name in _DISK_FEATURES if back.get(key) == "1"]
    return found | {
        "vbd ring": f"{front.get('multi-queue-num-queues', '1')} of at most {back.get('multi-queue-max-queues', '1')} "
        f"queues, {_pages(front, 'ring-page-order')} of at most {_pages(back, 'max-ring-page-order')} pages each",
        "vbd features": f"persistent grants {'on' if persistent else 'off'}, "
        f"indirect segments up to {back.get('feature-max-indirect-segments', '0')}, "
        f"offered: {', '.join(offered) or NONE}",
    }


_NIC_FEATURES = (
    ("sg", "scatter-gather"),
    ("gso-tcpv4", "TCPv4 segmentation"),
    ("gso-tcpv6", "TCPv6 segmentation"),
    ("ipv6-csum-offload", "IPv6 checksums"),
    ("multicast-control", "multicast control"),
    ("ctrl-ring", "control ring"),
    ("xdp-headroom", "XDP headroom"),
)
_DISK_FEATURES = (("feature-flush-cache", "flush"), ("feature-discard", "discard"), ("feature-barrier", "barrier"))


def _both(front: Nodes, back: Nodes, features: tuple[tuple[str, str], ...]) -> str:
    """Return the features that both ends have, then those that the backend offers and the frontend does not take."""
    offered = [(key, name) for key, name in features if back.get(f"feature-{key}") == "1"]
    taken = [name for key, name in offered if front.get(f"feature-{key}") == "1"]
    left = ", ".join(name for _, name in offered if name not in taken)
    return f"{', '.join(taken) or NONE}{f'; not taken: {left}' if left else ''}"


def _pages(end: Nodes, key: str) -> str:
    """Return the pages of a ring by their order; one that no ring can have is told as it is."""
    order = end.get(key, "0")
    return str(1 << int(order)) if order in ("0", "1", "2", "3", "4") else f"2 to the {order}"


def _states(front: Nodes, back: Nodes) -> str:
    return ", ".join(STATES.get(end.get("state", ""), "not there") for end in (front, back))


def _ends(nodes: Nodes, kinds: tuple[str, ...], number: int) -> tuple[dict[str, str], dict[str, str], str]:
    """Return the frontend's keys, the backend's and which kind of backend it is."""
    front: dict[str, str] = {}
    back: dict[str, str] = {}
    served_by = ""
    for path, value in nodes.items():
        for own, key in _own(path, number):
            kind = own.split("/")[0]
            if kind not in kinds:
                continue
            if "/backend/" in path:
                back[key], served_by = value, kind
            else:
                front[key] = value
    return front, back, served_by


def _own(path: str, number: int) -> Iterator[tuple[str, str]]:
    """Yield a path's kind and its key, where it is of the device of that number, at either end."""
    # …/device/vbd/51776/NAME and …/backend/vbd/7/51776/NAME
    for middle, at in (("/device/", 1), ("/backend/", 2)):
        before, found, below = path.partition(middle)
        words = below.split("/")
        if found and "/device/" not in before and len(words) > at + 1 and words[at] == str(number):
            yield words[0], "/".join(words[at + 1 :])
