"""What a stack came to on a host: exact packages, kernel and settings, as one canonical text with a digest."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from pvbench.errors import StackError
from pvbench.model import digest
from pvbench.stack.apt import Package

SCHEMA = 1


@dataclass(frozen=True)
class Part:
    """A Debian package that the stack is made of, there before or brought."""

    name: str
    version: str
    architecture: str


@dataclass(frozen=True)
class StackManifest:
    """A resolved stack. The digest is of what the host then runs: not of its name, nor of what the host lacked.

    `asked` is what stacks.yaml said (Stack.asked), `hypervisor` the file that is booted, `kernel` dom0's release,
    `packages` what is sent to the host to be installed, `beside` what is only unpacked there.
    """

    name: str
    asked: Mapping[str, Any]
    release: str
    architecture: str
    kernel: str
    hypervisor: str
    xen_version: str
    parts: tuple[Part, ...]
    packages: tuple[Package, ...] = ()
    beside: tuple[Package, ...] = ()
    source: str = "pushed"

    @property
    def digest(self) -> str:
        """The digest, as hex."""
        named = ("asked", "release", "architecture", "kernel", "hypervisor", "xen_version")
        told = {each: getattr(self, each) for each in named}
        # Where a file of one's own lay is nothing that runs; what is in it is the version of the part.
        told["asked"] = {**self.asked, "hypervisor": {**self.asked["hypervisor"], "file": None}}
        return digest({**told, "parts": sorted(f"{each.name} {each.version}" for each in self.parts)})

    def as_data(self) -> dict[str, Any]:
        """Return the manifest as plain JSON."""
        return {"schema": SCHEMA, "digest": self.digest, **asdict(self)}


def dumps(manifest: StackManifest) -> str:
    """Return the manifest as text."""
    return json.dumps(manifest.as_data(), indent=1, sort_keys=True) + "\n"


def loads(text: str, name: str) -> StackManifest:
    """Return the manifest of a text. Raises StackError where it is none of this version, or was changed."""
    try:
        read = json.loads(text)
        schema, told = read.pop("schema"), read.pop("digest")
        read["parts"] = tuple(Part(**each) for each in read["parts"])
        read["packages"], read["beside"] = (
            tuple(Package(**each) for each in read[key]) for key in ("packages", "beside")
        )
        manifest = StackManifest(**read)
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise StackError(f"{name} is no manifest of a stack: {error}") from error
    if schema != SCHEMA or manifest.digest != told:
        raise StackError(f"{name} is no manifest of this pvbench, or was changed by hand")
    return manifest
