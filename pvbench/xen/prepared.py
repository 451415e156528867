"""What every boot of a run needs of dom0: how it is asked for, and where it lies once it is made."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from pvbench.drivers import DRIVERS, Backing
from pvbench.inventory import Host
from pvbench.transport import Conversation, Transport
from pvbench.workloads import Peer, servers
from pvbench.xen.recorder import Recorder

OWN_BRIDGE = "pvbr0"
_AS = {Backing.BLOCK_DEVICE: "block", Backing.FILE: "file"}


@dataclass(frozen=True, kw_only=True)
class Prepared:
    """What setup() made: where programs, files and boot files lie, the scratch disks, the program that makes domains.

    `paced` says whether the host's CPU goes at a rate of its own: an emulated one goes as the machine beneath lets it.
    """

    root: str
    programs: str
    files: Mapping[str, str]
    boot: str
    disks: Mapping[str, Mapping[str, str]]
    host: Transport
    domains: Conversation
    setup: Conversation
    recorder: Recorder
    paced: bool


def bridge_of(host: Host) -> str:
    """Return the bridge that the guests of a host are on."""
    return host.bridge or OWN_BRIDGE


def setup_request(host: Host, scratch_bytes: int, devices: tuple[str, ...]) -> dict[str, Any]:
    """Return what pvb-setup is asked to make for guests with these devices, each disk of `scratch_bytes`."""
    rows = [DRIVERS[name] for name in devices]
    nics = 1 + sum(row.disk is None for row in rows)
    addresses = [f"198.18.{10 + index}.1" for index in range(nics)]
    return {
        "action": "setup",
        "root": host.scratch,
        "volume_group": host.volume_group,
        "servers": [
            {"name": f"{server.program}-{address}", "argv": server.argv(Peer(address, server.port, address))}
            for address in addresses
            for server in servers()
        ],
        "memory": host.storage == "memory",
        "bridge": bridge_of(host),
        "own_bridge": host.bridge is None,
        "addresses": [f"{address}/24" for address in addresses],
        "disks": [{"name": row.name, "bytes": scratch_bytes, "as": _AS[row.disk.backing]} for row in rows if row.disk],
    }
