"""Who paid for a cell's I/O: CPU seconds by payer over all its windows, and whether they add up. Pure."""

from collections.abc import Iterable
from dataclasses import dataclass

from pvbench.model import Payer, Trial

UNBALANCED_SHARE = 0.03
"""A bill that misses more than this share of wall clock × CPUs, or has as much too much, is not to be trusted."""


@dataclass(frozen=True)
class Bill:
    """CPU seconds by payer over all windows of a cell, for one I/O and for one byte; None where nothing was counted.

    The guest has so many `vcpus`.
    """

    paid: tuple[tuple[Payer, float], ...]
    wall_s: float
    cpus: int
    ios: int | None
    moved_bytes: int | None
    vcpus: int = 1

    def per_io(self, payer: Payer) -> float | None:
        """Return CPU seconds for one I/O."""
        return dict(self.paid)[payer] / self.ios if self.ios else None

    @property
    def accounted(self) -> float:
        """The sum of all payers over wall clock × CPUs; 1 where the clocks agree."""
        whole = self.wall_s * self.cpus
        return sum(seconds for _, seconds in self.paid) / whole if whole else 0.0

    @property
    def adds_up(self) -> bool:
        """Whether all payers together used no more CPU time than there was."""
        return within(self.accounted) and all(seconds >= 0 for _, seconds in self.paid)

    @property
    def consistent(self) -> bool:
        """Whether it adds up, and the guest's vCPUs ran for no longer than they could."""
        most = self.wall_s * self.vcpus
        return self.adds_up and within(dict(self.paid).get(Payer.GUEST, 0.0) / most if most else 0.0)

    @property
    def host_share(self) -> float | None:
        """The host's part of the CPU time that was not idle."""
        paid = dict(self.paid)
        used = sum(seconds for payer, seconds in self.paid if payer is not Payer.IDLE)
        host = (Payer.DEVICE_MODEL, Payer.BACKEND, Payer.PEER, Payer.HOST)
        return sum(paid.get(payer, 0.0) for payer in host) / used if used else None


def within(share: float) -> bool:
    """Whether a share of time is one that clocks may tell which are read one after another."""
    return 0 <= share <= 1 + UNBALANCED_SHARE


def billed(trials: Iterable[Trial], vcpus: int = 1) -> Bill | None:
    """Return who paid for the I/O of a cell, all windows together; None without a bill."""
    bills = [trial.bill for trial in trials if trial.bill]
    if not bills:
        return None
    paid = {payer: sum(dict(bill.paid).get(payer, 0.0) for bill in bills) for payer in Payer}
    ios = [bill.ios for bill in bills]
    moved = [bill.moved_bytes for bill in bills]
    return Bill(
        tuple(paid.items()),
        sum(bill.wall_s for bill in bills),
        bills[0].cpus,
        sum(filter(None, ios)) if None not in ios else None,
        sum(filter(None, moved)) if None not in moved else None,
        vcpus,
    )
