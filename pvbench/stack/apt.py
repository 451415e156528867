"""Debian packages resolved and fetched on the controller for another machine, by apt in a folder of its own.

Nothing of the controller is installed or changed, nor is its own configuration of apt read: only the mirror, how it is
reached and how far it is trusted, as `pvbench.images.mirror` says them (apt.conf(5), apt-get(8)).
"""

import hashlib
import re
import shutil
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from urllib.parse import unquote

from pvbench.errors import ImageError, StackError
from pvbench.images import programs
from pvbench.images.mirror import Mirror

_LINE = re.compile(r"^'[^']+' (?P<file>[^\s_]+_[^\s_]+_[^\s_]+\.deb) (?P<size>\d+)", re.MULTILINE)
_WAIT_S = 1800.0
_CONFIGURATION = """\
Dir "{folder}";
Dir::State::status "{folder}/status";
Dir::Etc::trustedparts "{folder}/etc/trusted";
APT::Architecture "{architecture}";
APT::Architectures {{ "{architecture}"; }};
APT::Install-Recommends "false";
APT::Sandbox::User "";
Acquire::Languages "none";
{reach}
"""


@dataclass(frozen=True)
class Package:
    """A Debian package that a host lacks; `sha256` and `file` are known once it was fetched."""

    name: str
    version: str
    architecture: str
    bytes: int
    sha256: str | None = None
    file: str | None = None


class Apt:
    """apt for a machine with that dpkg status, in a folder of its own; its lists are those of the mirror's suite."""

    def __init__(self, folder: Path, mirror: Mirror, architecture: str, status: str) -> None:
        self._folder = folder.absolute()
        self._log = self._folder.with_suffix(".log")
        for each in ("etc/apt/trusted", "var/lib/apt/lists/partial", "var/cache/apt/archives/partial", "var/log/apt"):
            (self._folder / each).mkdir(parents=True, exist_ok=True)
        (self._folder / "status").write_text(status)
        (self._folder / "etc/apt/sources.list").write_text("".join(f"{line}\n" for line in mirror.sources("deb")))
        (self._folder / "apt.conf").write_text(
            _CONFIGURATION.format(folder=self._folder, architecture=architecture, reach="\n".join(mirror.reach))
        )

    def update(self) -> None:
        """Fetch the lists. Raises ImageError."""
        self._run("update", "-q", "--error-on=any")

    def lacking(self, names: Sequence[str]) -> tuple[Package, ...]:
        """Return what has to be installed for these packages. Raises StackError where apt finds no way."""
        try:
            text = programs.output_of([*self._apt, "install", "-qq", "-y", "--print-uris", *names])
        except ImageError as error:
            raise StackError(
                f"the packages cannot be resolved: {error.message}",
                hint="a host with newer packages than the mirror's release has takes them itself: `packages: host`",
            ) from error
        return parsed(text)

    def fetch(self, names: Sequence[str], target: Path) -> tuple[Package, ...]:
        """Download what has to be installed for these packages into a folder. Raises ImageError, StackError."""
        lacking = self.lacking(names)
        if lacking:
            self._run("install", "-q", "-y", "--download-only", *names)
        return tuple(self._taken(package, target) for package in lacking)

    def download(self, names: Sequence[str], target: Path) -> tuple[Package, ...]:
        """Download these packages alone, whatever they need, into a folder. Raises ImageError."""
        packages = parsed(programs.output_of([*self._apt, "download", "-qq", "--print-uris", *names]))
        programs.run([*self._apt, "download", "-q", *names], log=self._log, timeout_s=_WAIT_S, cwd=self._archives)
        return tuple(self._taken(package, target) for package in packages)

    @property
    def _apt(self) -> tuple[str, ...]:
        return ("env", f"APT_CONFIG={self._folder}/apt.conf", "apt-get")

    @property
    def _archives(self) -> Path:
        return self._folder / "var/cache/apt/archives"

    def _run(self, *words: str) -> None:
        programs.run([*self._apt, *words], log=self._log, timeout_s=_WAIT_S)

    def _taken(self, package: Package, target: Path) -> Package:
        """Move a fetched package to the folder, and say what is in it by its digest."""
        fetched = self._archives / str(package.file)
        name = f"{package.name}_{package.architecture}.deb"
        shutil.move(fetched, target / name)
        return replace(package, sha256=hashlib.sha256((target / name).read_bytes()).hexdigest(), file=name)


def parsed(text: str) -> tuple[Package, ...]:
    """Return the packages of `apt-get --print-uris`, in its order; `file` is the name that apt gives each."""
    packages = []
    for line in _LINE.finditer(text):
        name, version, architecture = map(unquote, line["file"].removesuffix(".deb").split("_"))
        packages.append(Package(name, version, architecture, int(line["size"]), file=line["file"]))
    return tuple(packages)
