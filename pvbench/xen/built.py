"""Builds of backends in dom0, in the place of its own while one guest needs them."""

from collections.abc import Mapping
from pathlib import Path

from pvbench.deploy import File, deploy_files
from pvbench.errors import BootError
from pvbench.guest.drivers import modules
from pvbench.inventory import Host
from pvbench.model import DriverBuild, HostFacts
from pvbench.model.driver_builds import in_words
from pvbench.transport import Transport


def placed(transport: Transport, host: Host, facts: HostFacts, build: DriverBuild) -> Mapping[str, str]:
    """Put the backends of a build on a host; return the file of each, by its module's name in the kernel.

    Raises BootError where the host's kernel is not the one that they were built for: it may be another since.
    """
    running = facts.kernel.removeprefix("Linux ")
    if build.kernel != running:
        raise BootError(
            f"{host.name}: backends '{in_words(build.value)}' are for Linux {build.kernel}, and dom0 runs {running}"
        )
    built = [name for name in modules("backends") if name in dict(build.build_ids)]
    files = {f"{name}.ko": File((Path(build.folder) / f"{name}.ko").read_bytes(), 0o600) for name in built}
    paths = deploy_files(transport, files, host.scratch, "drivers")
    return {name.replace("-", "_"): paths[f"{name}.ko"] for name in built}
