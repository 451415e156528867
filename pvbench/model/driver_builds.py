"""Builds of drivers: what frontends or backends are made of, and which modules came of it."""

from dataclasses import dataclass

STOCK = "stock"
"""The drivers that came with the kernel."""


@dataclass(frozen=True)
class DriverSource:
    """What drivers are built of: the source of the kernel that they are for, or `path`, with patches applied in order.

    `path`, a folder or an archive, and the patches are files of this machine. `name` is what people call it, `digest`
    identifies what is in its files, whatever they are called. Source and kernel are of one version, unless a folder may
    be of `any_version`.
    """

    name: str
    digest: str
    path: str | None = None
    patches: tuple[str, ...] = ()
    any_version: bool = False

    @property
    def value(self) -> str:
        """The factor's value: what an arm says it was built of."""
        return f"{self.name} {self.digest}"


@dataclass(frozen=True)
class DriverBuild:
    """Modules built of a source, a factor's `value`, for a kernel, its release ("6.1.0-50-amd64").

    `build_ids` has the GNU build-id of each module, by name (xen-netfront), sorted; NAME.ko lies in `folder`, on this
    machine.
    """

    value: str
    kernel: str
    build_ids: tuple[tuple[str, str], ...]
    folder: str


def in_words(value: str) -> str:
    """Return a value without the digest: "patched: a.patch"."""
    return value if value == STOCK else value.rpartition(" ")[0]
