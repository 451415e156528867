"""WORKLOADS: the tools that make load in a guest, each with everything about it."""

from collections.abc import Mapping
from types import MappingProxyType

from pvbench.errors import UsageError
from pvbench.model import Workload
from pvbench.workloads import fio, iperf3, netperf
from pvbench.workloads.claim import Claim, amount
from pvbench.workloads.tool import Disk, Grammar, Measured, Only, Operation, Params, Peer, Server, Target, Tool

__all__ = [
    "WORKLOADS",
    "Claim",
    "Disk",
    "Grammar",
    "Measured",
    "Only",
    "Operation",
    "Params",
    "Peer",
    "Server",
    "Target",
    "Tool",
    "amount",
    "between_guests",
    "port_of",
    "servers",
]

WORKLOADS: Mapping[str, Tool] = MappingProxyType(
    {
        "fio": fio.TOOL,
        "iperf3": iperf3.TOOL,
        "netperf": netperf.TOOL,
    }
)


def between_guests(workload: Workload) -> bool:
    """Whether a second guest answers, instead of the host."""
    return WORKLOADS[workload.tool].guest_answers(dict(workload.params))


def port_of(workload: Workload) -> int:
    """Return the port at which a network workload is answered. Raises UsageError where nothing answers it."""
    if (server := WORKLOADS[workload.tool].server) is None:
        raise UsageError(f"nothing answers {workload.tool}; it is no network tool")
    return server.port


def servers() -> tuple[Server, ...]:
    """Return the servers of all network tools."""
    return tuple(tool.server for tool in WORKLOADS.values() if tool.server)
