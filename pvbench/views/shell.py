"""What `pvbench shell` says of the guest: what a trial's tool would aim at for each device."""

from collections.abc import Iterator

from pvbench import figures as fmt
from pvbench.drivers import DRIVERS
from pvbench.hypervisor import Guest, GuestSpec
from pvbench.model import Arm, Cell, Workload
from pvbench.workloads import WORKLOADS, Disk

SEED = 1


def aims(guest: Guest, spec: GuestSpec, host: str) -> Iterator[str]:
    """Yield a line a device of the guest."""
    for device in spec.devices:
        kind = DRIVERS[device].kind
        tool = next(name for name, row in WORKLOADS.items() if row.kind is kind)
        target = guest.target(Cell(Arm(host, kind, device, spec.placement), Workload(tool, ())), SEED)
        if isinstance(target, Disk):
            yield f"{device}: {target.path}, {fmt.size(target.size_bytes)} of scratch, yours to overwrite"
        else:
            client = f"iperf3 -c {target.address} -p {target.port}"
            yield f"{device}: {target.local} here, {target.address} on the host ({client})"
