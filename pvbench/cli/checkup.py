"""What doctor finds, on this machine and on a host."""

import os
import shutil
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pvbench import figures as fmt
from pvbench.cli import wiring
from pvbench.cli.app import App
from pvbench.columns import columns

if TYPE_CHECKING:
    from pvbench.inventory import Inventory


@dataclass(frozen=True)
class Lack:
    """Something that is missing, and the command that mends it."""

    what: str
    mend: str


@dataclass(frozen=True)
class Checkup:
    """What a machine is and what it lacks for what is asked of it."""

    purpose: str
    facts: tuple[tuple[str, str], ...]
    lacks: tuple[Lack, ...]

    @property
    def fit(self) -> bool:
        """Whether nothing is missing."""
        return not self.lacks

    def render(self) -> str:
        """Return the findings for people."""
        lines = columns([(name, fmt.clean(fact)) for name, fact in self.facts], "  ")
        verdict = "yes" if self.fit else "no"
        wanting = "".join(f"missing: {fmt.clean(each.what)}\n   mend: {fmt.clean(each.mend)}\n" for each in self.lacks)
        return f"{self.purpose}: {verdict}\n{lines}{wanting}"

    def as_data(self) -> dict[str, Any]:
        """Return the findings for programs."""
        return {
            "purpose": self.purpose,
            "fit": self.fit,
            "facts": dict(self.facts),
            "missing": [asdict(each) for each in self.lacks],
        }


DISK_BYTES, SPARE_BYTES = 6 << 30, 512 << 20
"""What building the lab's image takes at its height, and the memory it should leave to everything else."""


def of_machine(app: App) -> Checkup:
    """Check whether this machine can build and run the lab."""
    from pvbench.guest import builtin
    from pvbench.lab import LabSpec, find, missing_packages

    cache = wiring.cache_folder()
    existing = next(folder for folder in (cache, *cache.parents) if folder.is_dir())
    free, memory = shutil.disk_usage(existing).free, _memory_bytes()
    built = find(cache) is not None
    running = wiring.machine(app).status().running
    wanted = (LabSpec().memory_mib << 20) + SPARE_BYTES
    lacking = missing_packages()
    lacks = []
    if os.uname().machine != "x86_64":
        lacks.append(Lack(f"this is a {os.uname().machine} machine", "use an x86-64 one: the lab runs Xen for x86-64"))
    if lacking and not built:
        lacks.append(
            Lack(
                f"{', '.join(sorted(lacking))}: not installed", f"{_sudo()}apt-get install {' '.join(sorted(lacking))}"
            )
        )
    if free < DISK_BYTES and not built:
        lacks.append(
            Lack(
                f"{fmt.size(free)} free below {existing}, the image needs {fmt.size(DISK_BYTES)}",
                "make room there, or set XDG_CACHE_HOME to a folder on a larger disk",
            )
        )
    if memory is not None and memory < wanted and not running:
        lacks.append(
            Lack(
                f"{fmt.size(memory)} of memory available, the lab holds {fmt.size(wanted - SPARE_BYTES)}",
                "pvbench lab up --memory 3GiB, or end something",
            )
        )
    kvm = os.access("/dev/kvm", os.R_OK | os.W_OK)
    facts = (
        ("image", "built" if built else "not built; pvbench lab build"),
        ("guest", "built" if builtin.find(cache) is not None else "not built; the first run does it"),
        ("lab", "up" if running else "not up; pvbench lab up"),
        ("cache", str(cache)),
        ("disk free", fmt.size(free)),
        ("memory available", fmt.size(memory)),
        ("/dev/kvm", "opens; `lab up` finds out whether it works" if kvm else "not usable: software emulation"),
    )
    return Checkup("this machine can build and run the lab", facts, tuple(lacks))


def of_host(app: App, name: str, known: "Inventory") -> Checkup:
    """Check whether a host can run guests. Raises TransportError or DeployError when it cannot even be asked."""
    host, known = wiring.resolve_running(app, name, known)
    with wiring.connect(app, host, known) as transport:
        check = wiring.hypervisor(app, transport, host).check()
    lacks = tuple(Lack(what, mend) for what, mend in check.lacks)
    told: tuple[tuple[str, str], ...] = ()
    if (facts := check.facts) is not None:
        told = (
            ("runs on", facts.emulation.value),
            ("machine", facts.machine),
            ("hypervisor", facts.hypervisor),
            ("kernel", facts.kernel),
            ("processor", f"{facts.cpu}, {fmt.count(facts.cpus, 'CPU')}"),
            ("memory", fmt.size(facts.memory_bytes)),
            ("speed", f"{fmt.significant(facts.speed)} of a usual host's"),
            *facts.details,
        )
    return Checkup(f"{name} can run guests", told, lacks)


def _memory_bytes() -> int | None:
    try:
        lines = Path("/proc/meminfo").read_text().splitlines()
        return next(int(line.split()[1]) << 10 for line in lines if line.startswith("MemAvailable:"))
    except (OSError, StopIteration):
        return None


def _sudo() -> str:
    return "" if os.geteuid() == 0 else "sudo "
