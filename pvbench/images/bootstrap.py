"""How images are made: once, under a lock, whole or not at all; Debian trees by mmdebstrap."""

import os
import shutil
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from filelock import FileLock

from pvbench.errors import ImageError, PvbenchError
from pvbench.images import programs
from pvbench.images.mirror import Mirror

Report = Callable[[str], None]


def missing(tools: Mapping[str, str]) -> list[str]:
    """Return the packages of the programs that are not installed here."""
    return [package for tool, package in tools.items() if shutil.which(tool, path=programs.search_path()) is None]


def need(tools: Mapping[str, str]) -> None:
    """Raise ImageError, with the command that mends it, where programs are not installed."""
    if lacking := missing(tools):
        raise ImageError(f"{', '.join(lacking)} not installed", hint=f"apt-get install {' '.join(lacking)}")


def finished_part(folder: Path, digest: str, make: Callable[[Path], None]) -> Path:
    """Return the folder's finished part of that digest, made if it is not there. What has its final name is whole."""
    part = folder / digest
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    with FileLock(folder / ".lock"):
        if not part.is_dir():
            with _workshop(folder) as work:
                make(work)
                work.rename(part)
    return part


@contextmanager
def _workshop(folder: Path) -> Iterator[Path]:
    """Make a folder to build in. The lock is held, so any other one was left by a build that was killed."""
    for stale in folder.glob(".building-*"):
        shutil.rmtree(stale, ignore_errors=True)
    work = folder / f".building-{os.getpid()}"
    work.mkdir(mode=0o700)
    try:
        yield work
    except BaseException as error:
        logs = folder / "failed-build.log"
        logs.write_bytes(b"".join(log.read_bytes() for log in sorted(work.glob("*.log"))))
        shutil.rmtree(work, ignore_errors=True)
        if isinstance(error, PvbenchError) and str(work) in (error.hint or ""):
            error.hint = f"see {logs}"
        raise


def tree(
    work: Path,
    name: str,
    packages: Sequence[str],
    mirror: Mirror,
    *types: str,
    variant: str,
    target: str,
    excluded: Sequence[str] = (),
    hooks: Sequence[str] = (),
) -> None:
    """Run mmdebstrap, which picks its mode: as root, or as a user in a namespace of its own.

    `types` are deb and, where sources are needed, deb-src. How the machine reaches its mirror stays out of the tree.
    """
    programs.run(
        [
            "mmdebstrap",
            "--mode=auto",
            f"--variant={variant}",
            f"--include={','.join(packages)}",
            f"--format={'null' if target == '/dev/null' else 'tar'}",
            '--aptopt=Apt::Install-Recommends "false"',
            *(f"--aptopt={line}" for line in mirror.reach),
            *(f"--dpkgopt=path-exclude={pattern}" for pattern in excluded),
            *(f"--customize-hook={hook}" for hook in hooks),
            '--customize-hook=rm -f "$1/etc/apt/apt.conf.d/99mmdebstrap" "$1/etc/apt/sources.list"',
            mirror.suite,
            target,
            *mirror.sources(*types),
        ],
        log=work / f"{name}.log",
        timeout_s=3600,
        cwd=work,
    )
