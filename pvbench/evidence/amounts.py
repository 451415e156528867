"""Whether the device moved what the tool says it moved, and whether guest and host counted the same. Pure."""

from collections.abc import Iterator

from pvbench.drivers import Driver
from pvbench.model import DeviceKind, Flag, FlagKind, Witness
from pvbench.workloads import Claim, amount

ACCOUNTED = 0.99
"""Share of a claim that the device must have moved at least. Its counters are exact and begin before the tool does; it
is tools that round, durations to hundredths of a second (netperf)."""

FAR = 3.0
"""A device that moved more than this times what accounts for the claim was busy with something else, or with more than
was asked for. Not closer: on a busy lab TCP over an emulated NIC was seen to fall to a third after the warm-up."""

BLOCK_APART = 0.01
"""How far guest and host may be apart on a disk, of the guest's count. Both count sectors of completed requests
(Linux Documentation/block/stat.rst, blkback's rd_sect, QEMU's query-blockstats): in the lab they are equal."""
REQUESTS_APART, REQUESTS_IDLE = 0.1, 16
"""How far, and by how many besides, their requests may be: the device model may split or join some."""

NET_MISSING = 0.05
"""Share of the guest's bytes that the host may have missed on a NIC: a device model drops frames it has no room for
after the guest's driver has counted them as sent."""
NET_RESENT = 0.25
"""Share of the guest's bytes by which the host may have counted more on a NIC: TCP sends again what a device model had
no room for."""

ETHERNET = 14
"""Bytes of a frame's header that one side may leave out: the rule is to count it (if_link.h), but netback and netfront
count what they receive after eth_type_trans() has taken it off (Linux drivers/net/xen-netback/netback.c)."""
SHORTEST_FRAME = 60
"""Bytes to which one side alone may pad a frame (IEEE 802.3: 64 with its checksum)."""

IDLE = {DeviceKind.BLOCK: 64 * 2**10, DeviceKind.NET: 256 * 2**10}
"""Bytes that a device may move besides, most of all between the looks of host and guest: a probe of the disk, ARP,
broadcasts on the bridge, and what the tool printed where a guest has no NIC but the one under test."""


def judge(driver: Driver, tool: str, guest: Witness, host: Witness, warmup: Witness | None, claim: Claim) -> str | None:
    """Return why the amounts make a trial INVALID, or None. `warmup` is what the guest saw of a warm-up of its own.

    Both have seen the device asked for carry the traffic. The host looks before the warm-up, the guest after it.
    """
    if warmup and warmup.asked_bytes is None:
        return f"the guest could not say what {driver.name} carried in the warm-up"
    return (
        _unaccounted(driver, tool, guest, claim)
        or _unaccounted(driver, tool, host, claim)
        or _bytes_apart(driver, guest, host, warmup, claim)
        or _requests_apart(driver, guest, host, warmup)
    )


def flags(driver: Driver, tool: str, guest: Witness, claim: Claim) -> Iterator[Flag]:
    """Yield what to say of amounts that do not make a figure wrong, but mean something else than it seems."""
    moved = guest.asked_bytes or 0
    if moved > FAR * claim.most + IDLE[driver.kind]:
        yield Flag(
            FlagKind.AMOUNTS,
            f"{driver.name} moved {amount(moved)} where {tool} accounts for {amount(claim.most)} at most, "
            "warm-up included: other traffic, or more of it than was asked for",
        )
    if claim.note:
        yield claim.note
    if claim.cached:
        yield Flag(FlagKind.PAGE_CACHE, f"{tool} did {claim.words}, and {driver.name} moved {amount(moved)}")


def _unaccounted(driver: Driver, tool: str, side: Witness, claim: Claim) -> str | None:
    """Return what to say where a side saw less than the claim takes, None where it saw enough."""
    moved, packets = side.asked_bytes or 0, side.asked_ios if driver.kind is DeviceKind.NET else None
    if moved < ACCOUNTED * claim.least:
        takes, was = amount(claim.least), amount(moved)
    elif packets is not None and packets < ACCOUNTED * claim.packets:
        takes, was = f"{claim.packets:,.0f} packets", f"{packets:,} packets"
    else:
        return None
    rest = f"; {claim.elsewhere}" if claim.elsewhere else ""
    return (
        f"{tool} says {claim.words} went over {driver.name}, which takes {takes}, but it moved {was} (seen by the "
        f"{side.side}){rest}"
    )


def _bytes_apart(driver: Driver, guest: Witness, host: Witness, warmup: Witness | None, claim: Claim) -> str | None:
    seen, counted = _sum(guest.asked_bytes, warmup.asked_bytes if warmup else 0), host.asked_bytes or 0
    if driver.kind is DeviceKind.BLOCK:
        least, most = seen * (1 - BLOCK_APART), seen * (1 + BLOCK_APART) + IDLE[driver.kind]
    else:
        frames = counted / SHORTEST_FRAME if host.asked_ios is None else host.asked_ios
        padding = max(0.0, SHORTEST_FRAME - counted / frames) if frames else 0.0
        apart = frames * (ETHERNET + padding) + claim.lost
        least, most = (seen - apart) * (1 - NET_MISSING), (seen + apart) * (1 + NET_RESENT) + IDLE[driver.kind]
    return None if least <= counted <= most else _disagree(driver, amount(seen), amount(counted))


def _requests_apart(driver: Driver, guest: Witness, host: Witness, warmup: Witness | None) -> str | None:
    """Compare requests where both sides know them: a NIC's packets are the host's alone."""
    if guest.asked_ios is None or host.asked_ios is None:
        return None
    seen = _sum(guest.asked_ios, warmup.asked_ios if warmup else 0)
    if abs(host.asked_ios - seen) <= REQUESTS_APART * seen + REQUESTS_IDLE:
        return None
    return _disagree(driver, f"{seen:,} requests", f"{host.asked_ios:,} requests")


def _disagree(driver: Driver, by_guest: str, by_host: str) -> str:
    return f"guest and host do not agree: {driver.name} moved {by_guest} in the guest's count, {by_host} in the host's"


def _sum(*parts: int | None) -> int:
    return sum(part or 0 for part in parts)
