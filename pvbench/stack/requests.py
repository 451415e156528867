"""What each program of a deployment is asked for, by the manifest; in the order in which a host is changed."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from pvbench.stack.apt import Package
from pvbench.stack.manifest import StackManifest

Request = dict[str, Any]
Paths = Mapping[str, str]

BACKENDS = ("xen-netback", "xen-blkback", "xen-gntdev", "xen-evtchn")
BRIDGE_UNDONE_S = 120
PACKAGES, DOM0, BOOT, MODULES, BRIDGE, AUDIT = (
    f"pvb-{each}" for each in ("packages", "dom0", "boot", "modules", "bridge", "audit")
)


@dataclass(frozen=True)
class Step:
    """A program, what it does in words, its usual seconds on an ordinary host, and what it is asked for.

    `before` the reboot or after it; a step whose request is None is left out.
    """

    program: str
    title: str
    usual_s: float
    request: Callable[[StackManifest, Paths], Request | None]
    before: bool = True


def _packages(manifest: StackManifest, paths: Paths) -> Request:
    def listed(packages: tuple[Package, ...]) -> list[Request]:
        return [
            {
                "path": paths.get(each.file or ""),
                "name": each.name,
                "version": each.version,
                "architecture": each.architecture,
                **({"sha256": each.sha256} if each.sha256 else {}),
            }
            for each in packages
        ]

    return {"files": listed(manifest.packages), "beside": listed(manifest.beside), "source": manifest.source}


def _dom0(manifest: StackManifest, _paths: Paths) -> Request:
    dom0, xen = manifest.asked["dom0"], manifest.asked["hypervisor"]
    memory = f"dom0_mem={dom0['memory_mib']}M,max:{dom0['memory_mib']}M"
    words = (memory, f"dom0_max_vcpus={dom0['vcpus']}", xen["command_line"])
    return {
        "xen_command_line": " ".join(filter(None, words)),
        "kernel_command_line": dom0["command_line"],
        "xl": dict(manifest.asked["toolstack"]),
    }


def boot(manifest: StackManifest, _paths: Paths | None = None) -> Request:
    """Return what is booted."""
    return {"hypervisor": manifest.hypervisor, "kernel": manifest.kernel}


def _modules(_manifest: StackManifest, _paths: Paths) -> Request:
    return {"modules": list(BACKENDS)}


def _bridge(manifest: StackManifest, _paths: Paths) -> Request | None:
    bridge = manifest.asked["bridge"]
    return {**bridge, "confirm_within_s": BRIDGE_UNDONE_S} if bridge else None


STEPS = (
    Step(PACKAGES, "packages", 30, _packages),
    Step(DOM0, "settings of dom0", 2, _dom0),
    Step(BOOT, "boot entry", 8, boot),
    Step(MODULES, "backend modules", 2, _modules, before=False),
    Step(BRIDGE, "bridge", 4, _bridge, before=False),
)
"""In the order of a deployment; undone in the reverse."""
