"""What the network tools have in common: who answers, and what counts as a test of packet rate."""

from pvbench.workloads.tool import Params, positive, swept
from pvbench.yaml_schema import Choice

LARGEST_DATAGRAM = 65_507
"""Bytes of payload that one UDP datagram over IPv4 holds (RFC 768, 791)."""

SMALL_DATAGRAM = 512
"""Up to so many bytes it is the number of packets that costs, not their bytes."""

PEER = swept(
    Choice("peer", ("host", "guest"), aliases=(("dom0", "host"),)),
    "Who answers: the host (dom0), as usual, or a second guest with a PV NIC on the same bridge.",
)


def settle(params: Params) -> Params:
    """Leave out who answers where that is as usual."""
    usual = params.get("peer") == "host"
    return {name: value for name, value in params.items() if name != "peer"} if usual else params


def guest_answers(params: Params) -> bool:
    """Whether a second guest answers, instead of the host."""
    return params.get("peer") == "guest"


def other_end(params: Params) -> list[str]:
    """Return who answers, in words, where that is not as usual."""
    return ["with another guest"] if guest_answers(params) else []


def small_datagram(params: Params, name: str) -> float | None:
    """Return the size of the datagrams in bytes, where they are so small that their rate is what is tested."""
    size = positive(params.get(name))
    return size if size and size <= SMALL_DATAGRAM else None


def too_large(name: str) -> tuple[str, str]:
    """Return the objection to a datagram's size."""
    return name, f"a UDP datagram holds at most {LARGEST_DATAGRAM} bytes"
