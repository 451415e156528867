"""What a host is, and what a bootable guest is."""

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
