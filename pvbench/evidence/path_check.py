"""Whether the device asked for carried the traffic. Pure."""

from pvbench.drivers import Driver
from pvbench.model import Witness

MIN_SHARE = 0.99
STRAY_BYTES = 1024
"""What may go over the other devices whatever the share: a NIC that carried nothing still asks who its neighbours are,
in frames of 60 bytes (RFC 826), and on a slow host a whole test of requests is not much more."""


def judge(driver: Driver, guest: Witness, host: Witness, *, idle: bool = False) -> str | None:
    """Return why a trial is INVALID, or None when both sides saw the device asked for carry at least 99 %.

    `idle` says that no traffic is fine, as where the guest's page cache is what is measured.
    """
    if idle and guest.all_bytes == host.all_bytes == 0:
        return None
    if guest.all_bytes is None:
        return f"the guest could not say what carried the traffic of {driver.name}"
    if not guest.all_bytes:
        return f"{driver.name} was asked for, but the guest saw no traffic on any {driver.kind} device"
    if guest.driver not in driver.bound or _astray(guest):
        return _other(driver, guest, f"{guest.driver}")
    if host.all_bytes is None or host.asked_bytes is None:
        return f"the host could not say what carried the traffic of {driver.name}"
    if not host.all_bytes:
        return f"{driver.name} was asked for, and used in the guest, but the host saw no traffic"
    if _astray(host):
        return _other(driver, host, f"{host.driver}")
    return None


def _astray(witness: Witness) -> bool:
    """Whether other devices carried more than what may go over them."""
    asked, whole = witness.asked_bytes or 0, witness.all_bytes or 0
    return not asked or (asked < MIN_SHARE * whole and whole - asked > STRAY_BYTES)


def _other(driver: Driver, witness: Witness, carrier: str) -> str:
    share = 100 * (witness.share or 0)
    total = (witness.all_bytes or 0) / 1e6
    rest = "other devices carried the rest" if share > 50 else f"{carrier} carried the most"
    return (
        f"{driver.name} was asked for, but carried {share:.1f} % of {total:.3g} MB; {rest} (seen by the {witness.side})"
    )
