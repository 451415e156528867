"""What a plain host is, as far as a stack is resolved against it: release, architecture, kernel, what is installed."""

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass

from pvbench.errors import StackError
from pvbench.transport import Command, Transport

STATUS = "/var/lib/dpkg/status"
XEN_OF_RELEASE: Mapping[str, str] = {"bookworm": "4.17", "trixie": "4.20"}
"""Debian's releases that can be deployed onto, and the Xen that each has."""
_LOOK = "cat /etc/os-release; echo; uname -r; dpkg --print-architecture 2>/dev/null || echo none"


@dataclass(frozen=True)
class Base:
    """A host of a Debian release; `status` is its /var/lib/dpkg/status, deb822(5) as dpkg keeps it."""

    release: str
    architecture: str
    kernel: str
    status: str

    @property
    def digest(self) -> str:
        """The digest of all of it, as hex."""
        words = "\n".join((self.release, self.architecture, self.kernel, self.status))
        return hashlib.sha256(words.encode()).hexdigest()

    def installed(self) -> dict[str, tuple[str, str]]:
        """Return (version, architecture) of each package that is installed, by its name."""
        present = {}
        for stanza in self.status.split("\n\n"):
            fields = dict(re.findall(r"^(Package|Status|Version|Architecture): (.+)$", stanza, re.MULTILINE))
            if fields.get("Status", "").endswith(" ok installed"):
                present[fields["Package"]] = (fields.get("Version", ""), fields.get("Architecture", ""))
        return present


def look(transport: Transport) -> Base:
    """Ask a host what it is. Raises StackError where it is no Debian that a stack is made for."""
    told = transport.run(Command(("sh", "-c", _LOOK))).stdout.decode(errors="replace").strip()
    *release, kernel, architecture = ["", "", *told.splitlines()]
    fields = dict(re.findall(r'^(ID|VERSION_CODENAME|PRETTY_NAME)="?([^"\n]*)"?$', "\n".join(release), re.MULTILINE))
    name = fields.get("PRETTY_NAME") or "not known"
    codename = fields.get("VERSION_CODENAME", "")
    if fields.get("ID") != "debian" or codename not in XEN_OF_RELEASE or architecture != "amd64":
        raise StackError(
            f"{transport.name}: a stack is deployed to Debian 12 or 13 on amd64; this host is {name}, {architecture}",
            hint="`pvbench doctor HOST` says whether it can run guests as it is",
        )
    status = transport.get(STATUS).decode(errors="replace")
    return Base(codename, architecture, kernel.strip(), status)
