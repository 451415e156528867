"""Addresses for guests that ask for one: busybox's udhcpd on pvbench's own bridge, for the one NIC of such a guest.

udhcpd.conf by busybox's examples/udhcp/udhcpd.conf. It is started, marked and ended like the servers of network tests.
"""

from collections.abc import Mapping
from typing import Any

from pvbench.errors import BootError
from pvbench.inventory import Host
from pvbench.xen.domain_config import Nic, any_nics
from pvbench.xen.prepared import bridge_of

ADDRESS_S = 864_000
"""How long an address is lent: longer than any boot."""


def configuration(host: Host, nic: Nic) -> str:
    """Return udhcpd.conf for a guest whose first NIC it is; further ones have addresses of their own.

    Raises BootError on a bridge that is not pvbench's own.
    """
    if host.bridge is not None:
        raise BootError(
            f"{host.name}: a guest without a seed asks for its address, and on {host.bridge}, a bridge of yours, "
            "pvbench answers nobody",
            hint="leave `bridge` out of hosts.yaml for this run, or use a cloud image",
        )
    lines = {
        "interface": bridge_of(host),
        "start": nic.guest_address,
        "end": nic.guest_address,
        "max_leases": "1",
        "lease_file": "/dev/null",
        "auto_time": "0",
        "pidfile": f"{host.scratch.rstrip('/')}/guest/udhcpd.pid",
    }
    leases = "".join(f"static_lease {each.mac} {each.guest_address}\n" for each in any_nics(host.name))
    options = {"subnet": "255.255.255.0", "lease": str(ADDRESS_S)}
    told = "".join(f"{name} {value}\n" for name, value in lines.items())
    return told + leases + "".join(f"option {name} {value}\n" for name, value in options.items())


def server(files: Mapping[str, str]) -> dict[str, Any]:
    """Return what pvb-setup starts; `files` are where busybox and udhcpd.conf lie on the host."""
    return {"name": "dhcp", "argv": [files["busybox"], "udhcpd", "-f", files["udhcpd.conf"]]}
