"""Drivers of one's own that a run has: guests with built frontends, and built backends of each host's kernel."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from pvbench.builds import build as builds
from pvbench.builds import kernel as kernels
from pvbench.builds.toolchain import Workshop
from pvbench.drivers import DRIVERS
from pvbench.errors import ImageError
from pvbench.guest.contract import BootDisk, BootKernel, GuestImage
from pvbench.hypervisor import KERNEL_VERSION
from pvbench.model import DriverBuild, DriverSource, HostFacts


@dataclass(frozen=True)
class HostDrivers:
    """What can be loaded beside stock drivers on one host: guest images and backends by what they were built of."""

    images: Mapping[str, GuestImage] = field(default_factory=dict)
    backends: Mapping[str, DriverBuild] = field(default_factory=dict)


@dataclass(frozen=True)
class Drivers:
    """All builds of a run. `frontends` are by a factor's value, `backends` by host and that."""

    frontends: Mapping[str, tuple[DriverBuild, GuestImage]] = field(default_factory=dict)
    backends: Mapping[tuple[str, str], DriverBuild] = field(default_factory=dict)

    def of(self, host: str) -> HostDrivers:
        """Return what can be loaded on a host."""
        return HostDrivers(
            {value: image for value, (_, image) in self.frontends.items()},
            {value: build for (name, value), build in self.backends.items() if name == host},
        )

    def builds(self, host: str, side: str) -> Mapping[str, DriverBuild]:
        """Return the builds of a side ("frontends", "backends") on a host, by the factor's value."""
        if side == "frontends":
            return {value: build for value, (build, _) in self.frontends.items()}
        return self.of(host).backends


STOCK_DRIVERS = Drivers()


def modules(side: str) -> tuple[str, ...]:
    """Return the modules of a side, as their files are called: xen-netfront."""
    rows = [row for row in DRIVERS.values() if side in row.built]
    beside = [name for row in rows for name in row.modules] if side == "frontends" else []
    return tuple(dict.fromkeys((*(row.built[side] for row in rows), *beside)))


def guest_with(workshop: Workshop, image: GuestImage, source: DriverSource) -> tuple[DriverBuild, GuestImage]:
    """Return frontends of a source for a guest's kernel, and the guest that loads them. Raises ImageError."""
    kernel = kernels.of_package(dict(image.programs.versions).get("kernel", ""))
    build = builds.build(workshop, kernel, source)
    files = _files(build, source, "frontends")
    part = builds.boot_disk(workshop, kernel, Path(image.boot.disk), files)
    disk = part / "boot.img"
    return build, replace(
        image,
        digest=hashlib.sha256(disk.read_bytes()).hexdigest()[:16],
        boot=BootDisk(str(disk), image.boot.rom),
        kernel=image.kernel and BootKernel(image.kernel.kernel, str(part / "initrd")),
    )


def backends_for(workshop: Workshop, facts: HostFacts, source: DriverSource) -> DriverBuild:
    """Return backends of a source for the kernel that a host runs. Raises ImageError."""
    version = dict(facts.details).get(KERNEL_VERSION, "")
    build = builds.build(workshop, kernels.of_uname(facts.kernel.removeprefix("Linux "), version), source)
    _files(build, source, "backends")
    return build


def _files(build: DriverBuild, source: DriverSource, side: str) -> dict[str, Path]:
    """Return the modules of a side that were built, by name. Raises ImageError where there is none."""
    built = dict(build.build_ids)
    found = {name: Path(build.folder) / f"{name}.ko" for name in modules(side) if name in built}
    if not found:
        raise ImageError(f"{source.name} has no {side}: it builds {', '.join(built)}")
    return found
