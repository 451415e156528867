"""Which kernel drivers are built for: Debian's, by release and package version, with the packages to build with."""

import re
from dataclasses import dataclass

from pvbench.errors import ImageError

_SUITES = {"6.1": "bookworm", "6.12": "trixie"}
"""By the numbers that a release of Debian's kernel begins with, whose it is."""


@dataclass(frozen=True)
class Kernel:
    """A kernel of Debian: its release as in `uname -r` ("6.1.0-50-amd64") and its package's version ("6.1.176-1")."""

    release: str
    version: str

    @property
    def series(self) -> str:
        """The numbers that its packages are named by: "6.1"."""
        found = re.match(r"\d+\.\d+", self.release)
        return found[0] if found else ""

    @property
    def suite(self) -> str:
        """The suite of Debian that it is of. Raises ImageError for one that drivers are not built for."""
        if self.series not in _SUITES:
            known = " and ".join(f"{series} ({suite})" for series, suite in _SUITES.items())
            raise ImageError(f"drivers are built for Debian's kernels {known}, not for {self.release}")
        return _SUITES[self.series]

    @property
    def headers(self) -> str:
        """The folder of its headers, where the package puts it."""
        return f"/usr/src/linux-headers-{self.release}"

    @property
    def source(self) -> str:
        """The archive of its source, where the package puts it."""
        return f"/usr/src/linux-source-{self.series}.tar.xz"

    @property
    def packages(self) -> tuple[str, ...]:
        """The packages of headers and source, both of its very version; the compiler comes with the headers."""
        names = f"linux-headers-{self.release}", f"linux-source-{self.series}"
        return tuple(f"{name}={self.version}" for name in names)


def of_package(package: str) -> Kernel:
    """Return the kernel of an image's package: "linux-image-6.1.0-50-amd64 6.1.176-1". Raises ImageError."""
    found = re.fullmatch(r"linux-image-(\d[\w.+~-]*) (\d[\w.+~-]*)", package)
    if found is None:
        raise ImageError(f"'{package}' is no kernel of Debian's, so no drivers can be built for it")
    return Kernel(found[1], found[2])


def of_uname(release: str, version: str) -> Kernel:
    """Return the kernel that runs, by `uname -r` and `uname -v`. Raises ImageError for one that is not Debian's."""
    found = re.search(r"\bDebian (\d[\w.+~-]*)", version)
    if found is None or not re.fullmatch(r"\d[\w.+~-]*", release):
        raise ImageError(
            f"the kernel {release} says nothing of a package of Debian's ({version or 'no version'}), so no drivers "
            "can be built for it"
        )
    return Kernel(release, found[1])
