"""An image that cannot be measured in costs one boot or two, and every trial of it says why."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from pvbench.campaign.visits import RunSummary
from pvbench.errors import BootError, GuestKeyMismatch, GuestUnfit
from pvbench.exit_codes import ExitCode
from pvbench.hypervisor import GuestSpec
from pvbench.store import Manifest, Store
from pvbench.testing import FakeHypervisor
from pvbench.testing.campaign import begin, measure

OWN = "debian.qcow2"
UNFIT = GuestUnfit("the guest debian.qcow2 has no ide", hint="boot a kernel with ata_piix")
MUTE = BootError("the guest debian.qcow2 runs, but did not answer", hint="install openssh-server in the image")


@dataclass
class Refusing(FakeHypervisor):
    """A host on which an image's boots fail, the first `of` of them."""

    error: Exception = UNFIT
    of: int = 1000

    @contextmanager
    def boot(self, spec: GuestSpec) -> Iterator[object]:
        self.of -= spec.guest == OWN
        if spec.guest == OWN and self.of >= 0:
            self.boots.append(spec)
            raise self.error
        with super().boot(spec) as guest:
            yield guest


def in_an_image(manifest: Manifest, boots: set[str]) -> Manifest:
    plan = tuple(
        replace(spec, cell=replace(spec.cell, arm=replace(spec.cell.arm, guest=OWN))) if spec.boot in boots else spec
        for spec in manifest.plan
    )
    return replace(manifest, plan=plan)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with begin(tmp_path) as begun:
        manifest = in_an_image(begun.manifest, {spec.boot for spec in begun.manifest.plan})
        with Store.create(tmp_path / "own", replace(manifest, run_id="own")) as own:
            yield own


def test_a_guest_that_lacks_a_device_is_booted_once_and_every_trial_says_why(store: Store) -> None:
    host = Refusing()

    assert measure(store, host.hold) == RunSummary(ok=0, invalid=0, not_measured=8)
    assert host.booted == ["b01-xen1"]
    assert {trial.reason for trial in store.trials()} == {f"{UNFIT} (boot a kernel with ata_piix)"}


def test_an_image_that_never_comes_up_is_tried_twice_and_no_more(store: Store) -> None:
    host = Refusing(error=MUTE)

    assert measure(store, host.hold) == RunSummary(ok=0, invalid=0, not_measured=8)
    assert host.booted == ["b01-xen1"] * 2
    assert all("openssh-server" in str(trial.reason) for trial in store.trials())


def test_an_image_that_came_up_once_is_tried_in_each_of_its_boots(store: Store) -> None:
    host = Refusing(error=MUTE, of=1)

    assert measure(store, host.hold) == RunSummary(ok=8, invalid=0, not_measured=0)
    assert host.booted == ["b01-xen1", "b01-xen1", "b02-xen1"]


def test_another_guest_of_the_run_is_measured_all_the_same(tmp_path: Path) -> None:
    with begin(tmp_path) as begun:
        manifest = replace(in_an_image(begun.manifest, {"b01-xen1"}), run_id="own")
    host = Refusing()
    with Store.create(tmp_path / "own", manifest) as store:
        assert measure(store, host.hold) == RunSummary(ok=4, invalid=0, not_measured=4)


def test_a_guest_with_another_key_than_its_own_ends_the_run_and_nothing_is_booted_after_it(store: Store) -> None:
    host = Refusing(error=GuestKeyMismatch("pvb-b01-xen1 answers with another host key than it was given"))

    with pytest.raises(GuestKeyMismatch, match="another host key") as caught:
        measure(store, host.hold)
    assert host.booted == ["b01-xen1"]
    assert list(store.trials()) == []
    assert caught.value.exit_code is ExitCode.INFRASTRUCTURE
