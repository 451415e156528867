"""Whether the drivers that were loaded are those that were asked for, by the build-ids of what runs. Pure."""

from collections.abc import Mapping

from pvbench.drivers import DRIVERS
from pvbench.model import STOCK, Arm, DriverBuild
from pvbench.model.driver_builds import in_words
from pvbench.parts import build_part

SIDES = ("frontends", "backends")
Builds = Mapping[str, Mapping[str, DriverBuild]]
"""The builds of a run on the arm's host, by side and by the factor's value."""


def another_build(arm: Arm, in_use: Mapping[str, str], builds: Builds) -> str | None:
    """Return why an arm's trial was made with other drivers than it says; None where nothing speaks against them.

    `in_use` is what its boot had in use, by the names of PARTS. Which build the kernel's own drivers are nobody knows
    beforehand: they are none of those that were built.
    """
    for side in SIDES:
        module = DRIVERS[arm.device].built.get(side)
        wanted: str = getattr(arm, side)
        if module is None or not builds.get(side):
            continue
        found = in_use.get(build_part(module), "").partition(" ")[0]
        ids = {value: dict(build.build_ids).get(module) for value, build in builds[side].items()}
        if wanted == STOCK or ids.get(wanted) is None:
            strange = next((value for value, own in ids.items() if own == found), None)
            if strange is not None:
                return f"{module} of '{in_words(strange)}' is loaded, and the kernel's own was asked for ({found})"
        elif found != ids[wanted]:
            is_it = next((f" of '{in_words(value)}'" for value, own in ids.items() if own == found), "")
            return (
                f"{module} of '{in_words(wanted)}' was asked for, build-id {ids[wanted]}; what is loaded"
                f"{is_it} has {found or 'none that is known'}"
            )
    return None
