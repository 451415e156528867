"""What a host is, and what was deployed onto it."""

from dataclasses import asdict, dataclass

from pvbench.model.ids import digest
from pvbench.model.kinds import Emulation


@dataclass(frozen=True)
class HostFacts:
    """What a host is. `identity` is what must not change within a run; `labels` go beside every figure."""

    name: str
    emulation: Emulation
    machine: str
    hypervisor: str
    kernel: str
    cpu: str
    cpus: int
    memory_bytes: int
    speed: float
    details: tuple[tuple[str, str], ...] = ()

    @property
    def identity(self) -> str:
        """Digest of everything but the measured speed, which differs from probe to probe."""
        facts = asdict(self)
        del facts["speed"]
        return digest(facts)


@dataclass(frozen=True)
class DeployedStack:
    """A stack that was deployed onto a host: the digest of its manifest, and versions of what then runs.

    `hypervisor` and `kernel` begin as those of HostFacts do: "Xen 4.17.5", "Linux 6.1.0-50-amd64".
    """

    name: str
    digest: str
    hypervisor: str
    kernel: str

    @property
    def id(self) -> str:
        """What an arm on it says: the name, and which of that name."""
        return f"{self.name}@{self.digest}"
