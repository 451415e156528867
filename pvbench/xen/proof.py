"""Proof that somebody's own guest has every device that is to be measured in it, before anything is measured.

A NIC under test that the guest gave no address gets its own, in the running guest alone.
"""

from collections.abc import Callable, Mapping, Sequence

from pvbench.clock import Clock
from pvbench.drivers import DRIVERS
from pvbench.errors import BootError
from pvbench.evidence.witness import Sighting, parse_look
from pvbench.guest import kept
from pvbench.hypervisor import GuestSpec
from pvbench.model import DeviceKind
from pvbench.transport import Command, Transport
from pvbench.xen.devices import DomainDevices
from pvbench.xen.domain_config import addresses_of

_LOOKS, _PAUSE_S = 5, 2.0
"""How often a device is looked for once its driver was loaded, and how long after one another."""
_ADDRESSES = """
# A NIC answers for its own address alone, and not for its neighbour's, which would then carry the traffic.
echo 1 >/proc/sys/net/ipv4/conf/all/arp_ignore
echo 2 >/proc/sys/net/ipv4/conf/all/arp_announce
while [ $# -gt 1 ]; do
    ip -4 addr show dev "$1" | grep -q "inet $2/" || { ip link set "$1" up && ip addr add "$2/24" dev "$1"; } || exit 1
    shift 2
done
"""


def prove(
    way: Transport,
    spec: GuestSpec,
    devices: DomainDevices,
    clock: Clock,
    patience: Callable[[float], float],
    *,
    swapped: bool,
) -> None:
    """Raise GuestUnfit where a guest lacks a device of its own, with the reason and what gives it.

    `swapped` is the negative control, in which each NIC has the address of another.
    """
    seen = _look(way, patience)
    there = _there(spec, devices, seen)
    if not all(there.values()):
        absent = [device for device, found in there.items() if not found]
        booted = kept.parse(way.run(Command(kept.argv(absent), timeout_s=patience(10))).stdout)
        for _ in range(_LOOKS):
            seen = _look(way, patience)
            there = _there(spec, devices, seen)
            if all(there.values()):
                break
            clock.sleep(_PAUSE_S)
        words = [f"{each.name} ({each.driver or 'no driver'})" for each in seen]
        refusal = kept.refusal(
            spec.guest, spec.placement, {name: bool(found) for name, found in there.items()}, words, booted
        )
        if refusal:
            raise refusal
    addresses = addresses_of(devices.nics, swapped=swapped)
    wanted = [
        word
        for device, found in there.items()
        if found and DRIVERS[device].kind is DeviceKind.NET
        for word in (found.name, addresses[devices.nic(device).devid])
    ]
    if wanted:
        _address(way, wanted, patience)


def _look(way: Transport, patience: Callable[[float], float]) -> tuple[Sighting, ...]:
    result = way.run(Command(("pvb-run",), timeout_s=patience(2)))
    return parse_look(result.stdout.decode(errors="replace"), "before")


def _there(spec: GuestSpec, devices: DomainDevices, seen: tuple[Sighting, ...]) -> Mapping[str, Sighting | None]:
    return {device: devices.seen_as(device, seen) for device in spec.devices}


def _address(way: Transport, wanted: Sequence[str], patience: Callable[[float], float]) -> None:
    """Give NICs under test, by name, their addresses where the guest has not. Raises BootError."""
    done = way.run(Command(("sh", "-c", _ADDRESSES, "pvb-address", *wanted), timeout_s=patience(5)))
    if done.exit_code != 0:
        words = done.stderr.decode(errors="replace").strip().splitlines()
        raise BootError(f"a NIC of the guest does not take its address: {words[-1] if words else 'no reason told'}")
