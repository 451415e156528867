"""What is asked of a host: a stack, as stacks.yaml says it."""

import json
from dataclasses import asdict, dataclass, fields
from typing import Any

from pvbench.model import digest
from pvbench.workloads import WORKLOADS

TOOLS = tuple(WORKLOADS)


@dataclass(frozen=True)
class HypervisorChoice:
    """Which Xen: a version ("4.17") of Debian's package or a file of one's own; None of either: the release's own.

    `beside` unpacks it next to the one that is installed, rather than installing it.
    """

    version: str | None = None
    file: str | None = None
    command_line: str = ""
    beside: bool = False


@dataclass(frozen=True)
class Dom0:
    """What dom0 boots and gets; `kernel` is "as found" or "distro"."""

    kernel: str = "as found"
    memory_mib: int = 1536
    vcpus: int = 1
    command_line: str = ""


@dataclass(frozen=True)
class Uplink:
    """A bridge that is made on the host and reaches the network over one of its interfaces."""

    name: str
    uplink: str


@dataclass(frozen=True)
class Stack:
    """A stack by its name. `bridge` None: none with an uplink."""

    name: str
    hypervisor: HypervisorChoice = HypervisorChoice()
    dom0: Dom0 = Dom0()
    toolstack: tuple[tuple[str, str], ...] = ()
    bridge: Uplink | None = None
    tools: tuple[str, ...] = TOOLS
    packages: str = "pushed"

    @property
    def asked(self) -> dict[str, Any]:
        """What is asked, as JSON has it, without the name and the way of packages: two names may mean one stack."""
        plain = asdict(self)
        asked = {field.name: plain[field.name] for field in fields(self) if field.name not in ("name", "packages")}
        told: dict[str, Any] = json.loads(json.dumps(asked))
        return told

    @property
    def asked_digest(self) -> str:
        """The digest of what is asked, as hex."""
        return digest(self.asked)
