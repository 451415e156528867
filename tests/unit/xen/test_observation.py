"""What the host tells of the time between two looks."""

import pytest

from pvbench.model import Emulation, Payer
from pvbench.xen import XenHypervisor
from tests.unit.xen.dom0 import PROBED, SPEC, Dom0


def test_who_used_the_cpus_between_the_looks_is_told(xen: XenHypervisor) -> None:
    with xen.setup(64 << 20, SPEC.devices), xen.boot(SPEC) as guest:
        found = guest.observe("blkfront").finish().bill

    assert found is not None
    paid = dict(found.paid)
    assert (paid[Payer.GUEST], paid[Payer.BACKEND], paid[Payer.HOST], paid[Payer.IDLE]) == (7, 1, 4, 8)
    assert (found.ios, found.moved_bytes, found.unaccounted_s) == (100, 409600, 0)


def test_the_pace_of_an_emulated_processor_is_not_judged(
    xen: XenHypervisor, dom0: Dom0, monkeypatch: pytest.MonkeyPatch
) -> None:
    emulated = {
        "sys_vendor": "pvbench",
        "product_name": "pvbench-lab",
        "product_version": "software emulation (QEMU 7.2 TCG)",
    }
    monkeypatch.setitem(PROBED["facts"], "dmi", emulated)  # type: ignore[arg-type]
    with xen.setup(64 << 20, SPEC.devices), xen.boot(SPEC) as guest:
        guest.observe("blkfront").finish()
        dom0.pace *= 2
        seen = guest.observe("blkfront").finish()

    assert xen.facts().emulation is Emulation.SOFTWARE
    assert seen.flags == ()


def test_a_host_that_slows_down_in_a_boot_taints_the_trial(xen: XenHypervisor, dom0: Dom0) -> None:
    with xen.setup(64 << 20, SPEC.devices), xen.boot(SPEC) as guest:
        early = guest.observe("blkfront").finish().flags
        dom0.pace *= 2
        late = guest.observe("blkfront").finish().flags

    assert early == ()
    assert [str(flag) for flag in late] == ["throttling: the host's CPU took 2.0× as long for a loop as at best"]
