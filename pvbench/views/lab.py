"""What `pvbench lab up` and `lab status` say of the lab."""

from pvbench import figures as fmt
from pvbench.columns import columns
from pvbench.inventory import Host
from pvbench.lab.machine import Status


def up(host: Host, status: Status) -> str:
    """Return how a lab that is up is reached."""
    rows = [
        ("address", f"{host.user}@{host.address}"),
        ("port", str(host.port)),
        ("key", str(host.key)),
        ("host key", str(host.host_key)),
        ("accelerator", status.accelerator or "–"),
    ]
    return "the lab is up\n" + columns(rows, "  ")


def state(status: Status) -> str:
    """Return what runs, since when, and what it holds."""
    image = "not built" if status.image is None else f"{status.image} ({fmt.size(status.image_bytes)})"
    called = ("host", status.host)
    rows = [("disk held", fmt.size(status.disk_bytes)), ("image", image)]
    if not status.running:
        return f"lab {status.name} is down\n" + columns([called, *rows], "  ")
    running = [
        ("since", status.since or "–"),
        ("address", status.address or "–"),
        ("process", str(status.pid)),
        ("accelerator", status.accelerator or "–"),
        ("memory held", fmt.size(status.memory_bytes)),
    ]
    return f"lab {status.name} is up\n" + columns([called, *running, *rows], "  ")
