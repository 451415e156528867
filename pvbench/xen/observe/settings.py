"""What both ends of a PV device have agreed on, in words: queues, ring pages, features. Pure.

Sources: xen/io/netif.h, xen/io/blkif.h, which say what a key means and what holds where it is missing.
"""

from collections.abc import Mapping

from pvbench.xen.observe.names import STATES

Nodes = Mapping[str, str]
_OFFLOADS = {"feature-sg": "scatter-gather", "feature-gso-tcpv4": "TSO", "feature-gso-tcpv6": "TSO of IPv6"}
_DISK_FEATURES = {"feature-flush-cache": "flush", "feature-barrier": "barriers", "feature-discard": "discard"}


def states(front: Nodes, back: Nodes) -> list[tuple[str, str]]:
    """Return the states of both ends."""
    ends = (("frontend", front), ("backend", back))
    return [(name, STATES.get(end.get("state", ""), "not known")) for name, end in ends]


def queues(front: Nodes) -> int:
    """Return how many queues the frontend set up: one where it says nothing."""
    text = front.get("multi-queue-num-queues", "")
    return int(text) if text.isdecimal() else 1


def of_nic(front: Nodes, back: Nodes) -> list[tuple[str, str]]:
    """Return what netfront and netback have agreed on."""
    split = "event-channel-tx" in front or "queue-0/event-channel-tx" in front
    on = [words for key, words in _OFFLOADS.items() if front.get(key) == "1"]
    return [
        ("queues", _of(queues(front), back.get("multi-queue-max-queues"))),
        ("request-rx-copy", front.get("request-rx-copy", "not set")),
        ("event channels", "one each way" if split else "one for both ways"),
        ("offloads", ", ".join(on) or "none"),
        ("checksum offload", "off" if front.get("feature-no-csum-offload") == "1" else "on"),
    ]


def of_disk(front: Nodes, back: Nodes) -> list[tuple[str, str]]:
    """Return what blkfront and its backend have agreed on."""
    order, pages = front.get("ring-page-order", ""), front.get("num-ring-pages", "")
    ring = str(1 << int(order)) if order.isdecimal() and int(order) < 16 else pages if pages.isdecimal() else "1"
    most = back.get("max-ring-page-order", "")
    persistent = front.get("feature-persistent") == "1" == back.get("feature-persistent")
    features = [words for key, words in _DISK_FEATURES.items() if back.get(key) == "1"]
    return [
        ("queues", _of(queues(front), back.get("multi-queue-max-queues"))),
        ("ring pages", _of(int(ring), str(1 << int(most)) if most.isdecimal() and int(most) < 16 else None)),
        ("persistent grants", "yes" if persistent else "no"),
        ("indirect segments, at most", back.get("feature-max-indirect-segments", "none")),
        ("features", ", ".join(features) or "none"),
    ]


def _of(number: int, most: str | None) -> str:
    return f"{number} of {most}" if most and most.isdecimal() else str(number)
