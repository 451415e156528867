"""Whether this machine can build and run the lab, and what it lacks for that."""

import os
import shutil
from collections.abc import Iterator, Sequence
from pathlib import Path

from pvbench import figures as fmt
from pvbench.checkup import Checkup, Lack
from pvbench.guest import builtin
from pvbench.lab.argv import LabSpec
from pvbench.lab.flavours import FLAVOURS
from pvbench.lab.image import find, missing_packages

DISK_BYTES, SPARE_BYTES = 6 << 30, 512 << 20
"""What building the lab's image takes at its height, and the memory it should leave to everything else."""


def fitness(cache: Path, *, running: Sequence[str]) -> Checkup:
    """Check this machine; `cache` is where images lie, `running` the labs that are up."""
    built = [flavour.name for flavour in FLAVOURS.values() if find(cache, flavour) is not None]
    existing = next(folder for folder in (cache, *cache.parents) if folder.is_dir())
    free, memory = shutil.disk_usage(existing).free, _memory_bytes()
    lacks = [
        *_lacks_an_architecture(),
        *(() if built else _lacks_to_build(existing, free)),
        *(() if running else _lacks_to_run(memory)),
    ]
    kvm = os.access("/dev/kvm", os.R_OK | os.W_OK)
    facts = (
        ("image", f"built: {', '.join(built)}" if built else "not built; pvbench lab build"),
        ("guest", "built" if builtin.find(cache) is not None else "not built; the first run does it"),
        ("lab", f"up: {', '.join(running)}" if running else "not up; pvbench lab up"),
        ("cache", str(cache)),
        ("disk free", fmt.size(free)),
        ("memory available", fmt.size(memory)),
        ("/dev/kvm", "opens; `lab up` finds out whether it works" if kvm else "not usable: software emulation"),
    )
    return Checkup("this machine can build and run the lab", facts, tuple(lacks))


def _lacks_an_architecture() -> Iterator[Lack]:
    machine = os.uname().machine
    if machine != "x86_64":
        yield Lack(f"this is a {machine} machine", "use an x86-64 one: the lab runs Xen for x86-64")


def _lacks_to_build(folder: Path, free: int) -> Iterator[Lack]:
    packages = sorted(missing_packages())
    if packages:
        yield Lack(f"{', '.join(packages)}: not installed", f"{_sudo()}apt-get install {' '.join(packages)}")
    if free < DISK_BYTES:
        yield Lack(
            f"{fmt.size(free)} free below {folder}, the image needs {fmt.size(DISK_BYTES)}",
            "make room there, or set XDG_CACHE_HOME to a folder on a larger disk",
        )


def _lacks_to_run(memory: int | None) -> Iterator[Lack]:
    holds = LabSpec().memory_mib << 20
    if memory is not None and memory < holds + SPARE_BYTES:
        yield Lack(
            f"{fmt.size(memory)} of memory available, the lab holds {fmt.size(holds)}",
            "pvbench lab up --memory 3GiB, or end something",
        )


def _memory_bytes() -> int | None:
    try:
        lines = Path("/proc/meminfo").read_text().splitlines()
        return next(int(line.split()[1]) << 10 for line in lines if line.startswith("MemAvailable:"))
    except (OSError, StopIteration):
        return None


def _sudo() -> str:
    return "" if os.geteuid() == 0 else "sudo "
