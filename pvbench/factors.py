"""FACTORS: what two arms may differ in, what it takes to switch it, and what proves that it was switched.

A comparison is along one factor: its arms are equal without it. What it takes to switch a factor decides what has to be
repeated, and so what counts as one value.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from enum import IntEnum
from functools import partial
from types import MappingProxyType

from pvbench.drivers import DRIVERS
from pvbench.model import AS_FOUND, BUILTIN_GUEST, STOCK, Arm, GuestMode, Placement, Scalar, TrialSpec
from pvbench.model.driver_builds import in_words as build_in_words
from pvbench.tunables import TUNABLES, Tunable, in_words


class Switch(IntEnum):
    """What it takes to go from one value of a factor to another; what takes less stands first."""

    NOTHING = 0
    BOOT = 1
    DEPLOYMENT = 2
    MACHINE = 3
    TIME = 4

    @property
    def unit(self) -> str:
        """The unit of replication: what is done anew for each value, and counted ("5 boots")."""
        return _UNITS[self]

    def unit_of(self, spec: TrialSpec) -> tuple[int, int]:
        """Return which unit a trial is of, (block, round); the rounds of one deployment are one unit of deployments."""
        return spec.block, 0 if self is Switch.DEPLOYMENT else spec.round


_UNITS: Mapping[Switch, str] = MappingProxyType(
    {
        Switch.NOTHING: "boot",
        Switch.BOOT: "boot",
        Switch.DEPLOYMENT: "deployment",
        Switch.MACHINE: "boot",  # of each machine; of machines there is one pair
        Switch.TIME: "night",
    }
)


def _anything(_: Arm) -> bool:
    return True


@dataclass(frozen=True)
class Factor:
    """A row of FACTORS.

    `value` is what an arm has of it, None where nothing was asked for; `without` is the arm with the factor blanked, so
    that two arms which are equal without it may be compared along it. `acts_on` tells whether the arm can be any
    different for it, `not_in_one_run` why no run holds several values, where that is so; `say` gives a value in words.
    """

    name: str
    title: str
    value: Callable[[Arm], Scalar | None]
    without: Callable[[Arm], Arm]
    switched_by: Callable[[Arm], Switch]
    proved_by: str
    acts_on: Callable[[Arm], bool] = _anything
    say: Callable[[Scalar], str] = in_words
    not_in_one_run: str = ""


def _always(switch: Switch) -> Callable[[Arm], Switch]:
    return lambda _: switch


def _device_switch(arm: Arm) -> Switch:
    return Switch.NOTHING if arm.placement is Placement.COEXIST else Switch.BOOT


def _tunable_value(name: str, arm: Arm) -> Scalar | None:
    return dict(arm.tunables).get(name)


def _without_tunable(name: str, arm: Arm) -> Arm:
    return replace(arm, tunables=tuple(pair for pair in arm.tunables if pair[0] != name))


def _of_tunable(row: Tunable) -> Factor:
    return Factor(
        row.name,
        row.name.replace("_", " "),
        value=partial(_tunable_value, row.name),
        without=partial(_without_tunable, row.name),
        switched_by=_always(Switch.BOOT),
        proved_by="what both ends were granted, read back",
        acts_on=lambda arm: row.acts_on(arm.device),
    )


_ONE_A_RUN = "a run has one {}, so this is compared between runs"

_ROWS = (
    Factor(
        "device",
        "device",
        value=lambda arm: arm.device,
        without=lambda arm: replace(arm, device=""),
        switched_by=_device_switch,
        proved_by="the counters and driver links of guest and host",
    ),
    *map(_of_tunable, TUNABLES.values()),
    Factor(
        "guest",
        "guest image",
        value=lambda arm: arm.guest,
        without=lambda arm: replace(arm, guest=BUILTIN_GUEST),
        switched_by=_always(Switch.BOOT),
        proved_by="the digest of the image that was booted",
    ),
    Factor(
        "mode",
        "guest mode",
        value=lambda arm: arm.mode.value,
        without=lambda arm: replace(arm, mode=GuestMode.HVM),
        switched_by=_always(Switch.BOOT),
        proved_by="what the guest's kernel says it runs as",
        acts_on=lambda arm: all(map(DRIVERS[arm.device].exists_in, GuestMode)),
    ),
    Factor(
        "frontends",
        "frontends",
        value=lambda arm: arm.frontends,
        without=lambda arm: replace(arm, frontends=STOCK),
        switched_by=_always(Switch.BOOT),
        proved_by="the build-ids of the modules that the guest has loaded",
        acts_on=lambda arm: "frontends" in DRIVERS[arm.device].built,
        say=lambda value: build_in_words(str(value)),
    ),
    Factor(
        "backends",
        "backends",
        value=lambda arm: arm.backends,
        without=lambda arm: replace(arm, backends=STOCK),
        switched_by=_always(Switch.BOOT),
        proved_by="the build-ids of the modules that the host has loaded",
        acts_on=lambda arm: "backends" in DRIVERS[arm.device].built,
        say=lambda value: build_in_words(str(value)),
    ),
    Factor(
        "stack",
        "stack",
        value=lambda arm: arm.stack_name,
        without=lambda arm: replace(arm, stack=AS_FOUND),
        switched_by=_always(Switch.DEPLOYMENT),
        proved_by="the stack's manifest, verified after it was deployed",
        say=lambda value: str(value) or "as found",
    ),
    Factor(
        "host",
        "host",
        value=lambda arm: arm.host,
        without=lambda arm: replace(arm, host=""),
        switched_by=_always(Switch.MACHINE),
        proved_by="the identity of each host; they are measured in turn, and no other machine is told of",
    ),
    Factor(
        "night",
        "night",
        value=lambda _: None,
        without=lambda arm: arm,
        switched_by=_always(Switch.TIME),
        proved_by="the history of the runs",
        not_in_one_run="a run is of one night, so nights are compared between runs",
    ),
)

FACTORS: Mapping[str, Factor] = MappingProxyType({row.name: row for row in _ROWS})
