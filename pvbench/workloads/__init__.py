"""WORKLOADS: the tools that make load in a guest, each with its command lines and its parser."""

from collections.abc import Mapping
from types import MappingProxyType

from pvbench.workloads import fio, iperf3, netperf
from pvbench.workloads.claim import Claim, amount
from pvbench.workloads.tool import Disk, Measured, Params, Peer, Target, Tool, between_guests

__all__ = ["WORKLOADS", "Claim", "Disk", "Measured", "Params", "Peer", "Target", "Tool", "amount", "between_guests"]

WORKLOADS: Mapping[str, Tool] = MappingProxyType(
    {
        "fio": fio.TOOL,
        "iperf3": iperf3.TOOL,
        "netperf": netperf.TOOL,
    }
)
