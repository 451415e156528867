"""From two looks at every device to one witness: what carried the traffic, on which side. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass

from pvbench.errors import ParseError
from pvbench.model import DeviceKind, Witness

SECTOR = 512  # bytes; sysfs and blkback count in these whatever the disk's own sector size


@dataclass(frozen=True)
class Sighting:
    """One device at one moment: its kernel name, bound driver, MAC (NICs), bytes and I/Os moved so far, its size."""

    kind: DeviceKind
    name: str
    driver: str
    mac: str | None
    moved_bytes: int
    ios: int | None
    size_bytes: int | None


def parse_look(text: str, when: str) -> tuple[Sighting, ...]:
    """Read the `look=WHEN,…` lines of guestside/pvb-run. Raises ParseError for a line it does not know."""
    sightings = []
    for line in text.splitlines():
        if not line.startswith(f"look={when},"):
            continue
        words = line.split(",")
        try:
            if words[1] == DeviceKind.NET:
                _, _, name, driver, mac, rx, tx = words
                sightings.append(
                    Sighting(
                        kind=DeviceKind.NET,
                        name=name,
                        driver=driver,
                        mac=mac,
                        moved_bytes=int(rx) + int(tx),
                        ios=None,
                        size_bytes=None,
                    )
                )
            else:
                _, _, name, driver, size, ios, moved = words
                sightings.append(
                    Sighting(
                        kind=DeviceKind.BLOCK,
                        name=name,
                        driver=driver,
                        mac=None,
                        moved_bytes=int(moved) * SECTOR,
                        ios=int(ios),
                        size_bytes=int(size) * SECTOR,
                    )
                )
        except ValueError as error:
            raise ParseError(f"pvb-run: cannot read {line!r}") from error
    return tuple(sightings)


def guest_witness(
    before: tuple[Sighting, ...],
    after: tuple[Sighting, ...],
    kind: DeviceKind,
    device: str,
    *,
    system: str | None = None,
) -> Witness:
    """Compare two looks: `device` is the kernel name of the one asked for; `driver` names what moved the most.

    `system` is the driver of the disks that the guest itself lives on: what they move is told, and is no traffic of a
    test. A test that went there by mistake is found all the same, for the device asked for then moved too little.
    """
    own = {s.name: s.moved_bytes for s in before if s.kind is kind and s.driver == system}
    lived = {s.name: s.moved_bytes - own[s.name] for s in after if s.name in own}
    start = {s.name: s for s in before if s.kind is kind and s.name not in own}
    moved = {s.name: s.moved_bytes - start[s.name].moved_bytes for s in after if s.name in start}
    ios = {s.name: s.ios - (start[s.name].ios or 0) for s in after if s.name in start and s.ios is not None}
    facts = {f"{name} ({start[name].driver})": f"{moved[name]} bytes" for name in sorted(moved)}
    facts |= {f"{name} ({system}), which the guest lives on": f"{lived[name]} bytes" for name in sorted(lived)}
    return _witness("guest", moved, {name: start[name].driver for name in moved}, device, ios.get(device), facts)


def host_witness(
    before: Mapping[str, int], after: Mapping[str, int], device: str, facts: Mapping[str, str], ios: int | None = None
) -> Witness:
    """Compare two looks of the host, {device: bytes}: every device of the guest that the host counts.

    `ios` are the requests, or packets, of the device asked for meanwhile.
    """
    moved = {name: count - before.get(name, 0) for name, count in after.items()}
    counted = {name: f"{count} bytes" for name, count in sorted(moved.items())}
    return _witness("host", moved, {name: name for name in moved}, device, ios, counted | dict(facts))


def _witness(
    side: str,
    moved: Mapping[str, int],
    drivers: Mapping[str, str],
    device: str,
    ios: int | None,
    facts: Mapping[str, str],
) -> Witness:
    """Return what one side saw. A counter that went backwards was begun anew meanwhile: nobody knows what it missed."""
    if any(count < 0 for count in moved.values()):
        return Witness(side, None, None, None, None, tuple(facts.items()))
    busiest = max(moved, key=lambda name: moved[name], default=None)
    return Witness(
        side=side,
        driver=drivers[busiest] if busiest is not None and moved[busiest] else None,
        asked_bytes=moved.get(device),
        all_bytes=sum(moved.values()) if moved else None,
        asked_ios=ios if ios is None or ios >= 0 else None,
        facts=tuple(facts.items()),
    )
