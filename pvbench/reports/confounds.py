"""What a comparison along a factor compares besides, without anybody having asked: notes beside a figure. Pure."""

from collections.abc import Sequence

from pvbench.comparisons.in_use import parts_in_use
from pvbench.contrasts import CellPair
from pvbench.model import GuestMode, HostFacts
from pvbench.reports.host_words import words_for

GRANT_FRAMES = (
    "on an AMD processor this compares the grant frames too: {hypervisor} maps those of an HVM guest uncacheable, "
    "inside the platform device's memory, unless it is told otherwise, and those of a {mode} guest, which has no such "
    "device, cacheable"
)
"""Xen's commit 22650d6054 (2025), `xen_platform_pci_bar_uc` of xl.cfg(5) from 4.21 on; its figures are up to 4×."""


def confounds(pair: CellPair, hosts: Sequence[HostFacts]) -> tuple[str, ...]:
    """Return what else differs between the arms of a comparison, one of which is run another way on AMD.

    Where it was read of both how their grant frames are cached, that is told instead (`in_use`).
    """
    if all("grant frames" in parts_in_use(side) for side in (pair.baseline, pair.candidate)):
        return ()
    modes = pair.baseline.cell.arm.mode, pair.candidate.cell.arm.mode
    if (modes[0] is GuestMode.HVM) == (modes[1] is GuestMode.HVM):
        return ()
    where = {pair.baseline.cell.host, pair.candidate.cell.host}
    if not any(host.name in where and _is_amd(host.cpu) for host in hosts):
        return ()
    other = next(mode for mode in modes if mode is not GuestMode.HVM)
    return (words_for(hosts).fill(GRANT_FRAMES.replace("{mode}", other.upper())),)


def _is_amd(processor: str) -> bool:
    """Whether a processor is of AMD's kind: its own, or Hygon's, which is made from it."""
    return bool({"amd", "hygon"} & set(processor.lower().replace("(r)", " ").replace("(tm)", " ").split()))
