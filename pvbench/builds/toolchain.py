"""Where drivers are built: a root with a kernel's headers and source and their compiler, made once for each kernel."""

import hashlib
import shlex
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from pvbench.builds.kernel import Kernel
from pvbench.errors import ImageError
from pvbench.images import bootstrap, programs
from pvbench.images.bootstrap import Report
from pvbench.images.mirror import mirror

TOOLS = {"mmdebstrap": "mmdebstrap"}
"""The programs a build needs, and the Debian packages that have them."""

_PACKAGES = ("make", "patch", "xz-utils", "binutils", "mtools", "cpio")
_EXCLUDED = tuple(f"/usr/share/{folder}/*" for folder in ("doc", "man", "locale", "info"))
# Only root may make devices; mmdebstrap lends a user's namespace those of the machine, into an empty folder.
_UNPACK = (
    'if [ "$MMDEBSTRAP_MODE" = root ]; then tar -C "$1" {0}; '
    """else tar -C "$1" --exclude='./dev/*' {0} && mkdir -p "$1/dev/pts" "$1/dev/shm"; fi"""
)


@dataclass(frozen=True)
class Workshop:
    """Where roots and builds are kept, who is told of each step, and the mirror, where it is not the machine's own."""

    cache: Path
    report: Report
    mirror: str | None = None


@dataclass(frozen=True)
class Toolchain:
    """A finished root for a kernel, as a tar file."""

    kernel: Kernel
    root: Path
    digest: str


def toolchain(workshop: Workshop, kernel: Kernel) -> Toolchain:
    """Return the root for a kernel, made unless it is there. Raises ImageError, where the mirror lacks its version."""
    digest = hashlib.sha256(repr((kernel.suite, kernel.packages, _PACKAGES, _EXCLUDED)).encode()).hexdigest()[:16]
    part = bootstrap.finished_part(workshop.cache / "toolchains", digest, lambda work: _make(work, workshop, kernel))
    return Toolchain(kernel, part / "root.tar", digest)


def run_inside(tools: Toolchain, work: Path, name: str, hooks: Sequence[str], *, without: Sequence[str] = ()) -> None:
    """Unpack the root, run mmdebstrap's hooks in it (`copy-in`, `copy-out`, shell with the root as $1), remove it.

    What matches `without` is not unpacked.
    """
    unpack = shlex.join((*(f"--exclude={pattern}" for pattern in without), "-xf", str(tools.root)))
    programs.run(
        [
            "mmdebstrap",
            "--mode=auto",
            "--variant=custom",
            "--skip=update,setup,cleanup",
            "--format=null",
            f"--setup-hook={_UNPACK.format(unpack)}",
            *(f"--customize-hook={hook}" for hook in hooks),
            "",
            "/dev/null",
        ],
        log=work / f"{name}.log",
        timeout_s=1800,
        cwd=work,
    )


def _make(work: Path, workshop: Workshop, kernel: Kernel) -> None:
    bootstrap.need(TOOLS)
    workshop.report(f"toolchain: headers and source of Linux {kernel.version}, and their compiler")
    try:
        bootstrap.tree(
            work,
            "toolchain",
            (*kernel.packages, *_PACKAGES),
            mirror(workshop.mirror, work).of(kernel.suite),
            "deb",
            variant="apt",
            target="root.tar",
            excluded=_EXCLUDED,
        )
    except ImageError as error:
        said = (work / "toolchain.log").read_text(errors="replace")
        if "was not found" in said or "Unable to locate" in said:
            raise ImageError(
                f"the mirror's {kernel.suite} has no headers and source of Linux {kernel.release}, version "
                f"{kernel.version}: drivers are built of the very version of the kernel that loads them",
                hint="upgrade that kernel, or pass --mirror URL: one that has this version",
            ) from error
        raise
