"""A trial counts only with the drivers that its arm says, by what guest and host have loaded."""

from dataclasses import replace
from pathlib import Path

from pvbench.guest import Drivers
from pvbench.hypervisor import GuestSpec
from pvbench.model import STOCK, DriverBuild, Outcome
from pvbench.testing import FakeHypervisor
from pvbench.testing.campaign import IMAGE, MATRIX, begin, campaign_of, measure

TEXT = MATRIX.replace("placement: coexist", "placement: isolated").replace("{blocks: 2,", "{blocks: 1,")
TEXT = TEXT.replace("compare: {baseline: {net: e1000, block: ide}}", "frontends: [stock, {source: distro}]")
(REBUILT,) = filter(None, campaign_of(TEXT).matrix.frontends)
BUILD = DriverBuild(REBUILT.value, "6.1.0-50-amd64", (("xen-blkfront", "11"), ("xen-netfront", "12")), "/cache")
DRIVERS = Drivers({REBUILT.value: (BUILD, IMAGE)})


def in_use(spec: GuestSpec, _device: str) -> tuple[tuple[str, str], ...]:
    built = spec.frontends == REBUILT.value
    return ("blkfront build", "11" if built else "aa"), ("netfront build", "12" if built else "bb")


def outcomes(host: FakeHypervisor, results: Path) -> dict[tuple[str, bool], tuple[Outcome, str | None]]:
    store = begin(results, TEXT)
    measure(store, host.hold, drivers=DRIVERS)
    return {
        (trial.spec.cell.device, trial.spec.cell.arm.frontends == STOCK): (trial.outcome, trial.reason)
        for trial in store.trials()
    }


def test_trials_of_stock_and_of_built_drivers_count_where_each_has_its_own(tmp_path: Path) -> None:
    found = outcomes(FakeHypervisor(in_use=in_use), tmp_path)

    assert {outcome for outcome, _ in found.values()} == {Outcome.OK}
    assert {device for device, _ in found} == {"e1000", "netfront", "ide", "blkfront"}


def test_a_guest_that_still_loads_the_kernels_own_makes_its_trial_invalid(tmp_path: Path) -> None:
    stale = FakeHypervisor(in_use=lambda spec, device: in_use(replace(spec, frontends=STOCK), device))

    found = outcomes(stale, tmp_path)

    assert found["blkfront", True][0] is Outcome.OK
    outcome, reason = found["blkfront", False]
    assert outcome is Outcome.INVALID
    assert reason is not None
    assert reason.startswith("xen-blkfront of 'rebuilt (distro source)' was asked for, build-id 11;")
    assert found["ide", False][0] is Outcome.OK
