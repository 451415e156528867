"""A stack resolved for a host, and all that it needs fetched: once, into the cache, under its digest."""

import hashlib
import re
import shutil
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

from pvbench.errors import StackError
from pvbench.images.bootstrap import finished_part, need
from pvbench.images.mirror import mirror
from pvbench.model import digest
from pvbench.stack import own_xen
from pvbench.stack.apt import Apt, Package, parsed
from pvbench.stack.base import XEN_OF_RELEASE, Base
from pvbench.stack.manifest import Part, StackManifest, dumps, loads
from pvbench.stack.nouns import Stack
from pvbench.transport import Command, Transport

MANIFEST = "manifest.json"
_ALWAYS = ("xenstore-utils", "qemu-system-xen", "ipxe-qemu", "seabios", "iproute2", "kmod")
_KERNEL, _IMAGE = "linux-image-amd64", "linux-image-"
_BESIDE = ("xen-hypervisor-{}-amd64", "xen-utils-{}", "libxenmisc{}")
_ON_THE_HOST = "apt-get install -qq -y --no-install-recommends --print-uris"
Report = Callable[[str], None]


@dataclass(frozen=True)
class Built:
    """A resolved stack and the folder with what is sent of it."""

    manifest: StackManifest
    folder: Path


def build(
    stack: Stack, base: Base, cache: Path, report: Report, given: str | None, transport: Transport | None = None
) -> Built:
    """Resolve a stack for a host and fetch what the host lacks; `given` is a mirror in the place of our own.

    With `packages: host`, apt of the host behind `transport` is asked, and nothing is fetched. Raises StackError,
    ImageError.
    """
    maker = _Maker(stack, base, report)
    if stack.packages == "host":
        return stored(cache, stack, base, given, lambda _work: maker.on_the_host(transport))
    need({"apt-get": "apt"})
    return stored(cache, stack, base, given, lambda work: maker.here(work, given))


def stored(cache: Path, stack: Stack, base: Base, given: str | None, resolve: Callable[[Path], StackManifest]) -> Built:
    """Return what `resolve` makes of a stack in a folder of the cache, made if it is not there yet."""
    file = stack.hypervisor.file
    own = own_xen.version_of(Path(file)) if file else None
    key = digest([stack.name, stack.asked, stack.packages, base.digest, given, own], 16)

    def make(work: Path) -> None:
        (work / MANIFEST).write_text(dumps(resolve(work)))

    folder = finished_part(cache / "stacks", key, make)
    return Built(loads((folder / MANIFEST).read_text(), str(folder / MANIFEST)), folder)


class _Maker:
    def __init__(self, stack: Stack, base: Base, report: Report) -> None:
        self._stack, self._base, self._report = stack, base, report
        self._own = XEN_OF_RELEASE[base.release]
        self._version = stack.hypervisor.version or self._own
        self._file = Path(stack.hypervisor.file) if stack.hypervisor.file else None
        self._beside = stack.hypervisor.beside or self._version != self._own

    def here(self, work: Path, given: str | None) -> StackManifest:
        """Fetch what the host lacks into `work`."""
        base = self._base
        self._release_beside()
        source = mirror(given, work)
        self._report(f"reading the lists of {base.release}")
        apt = Apt(work / "apt", source.of(base.release), base.architecture, base.status)
        apt.update()
        self._report("resolving and fetching what the host lacks")
        packages = apt.fetch(self._wanted(), work)
        beside: tuple[Package, ...] = ()
        if release := self._release_beside():
            self._report(f"fetching Xen {self._version} of {release}, to be put beside")
            other = Apt(work / "beside", source.of(release), base.architecture, "")
            other.update()
            beside = other.download([each.format(self._version) for each in _BESIDE], work)
            shutil.rmtree(work / "beside")
        shutil.rmtree(work / "apt")
        if self._file is not None:
            beside += (own_xen.packed(self._file, work),)
            shutil.rmtree(work / "own")
        return self._manifest(packages, beside, "pushed")

    def _release_beside(self) -> str | None:
        """Return the release whose Xen is put beside the host's own; None where none is. Raises StackError."""
        if not self._beside:
            return None
        releases, stack = list(XEN_OF_RELEASE), self._stack.name
        release = next((each for each, xen in XEN_OF_RELEASE.items() if xen == self._version), None)
        if release is None:
            known = ", ".join(XEN_OF_RELEASE.values())
            raise StackError(f"stack '{stack}': Debian has no Xen {self._version}; one of {known}")
        if releases.index(release) > releases.index(self._base.release):
            raise StackError(
                f"stack '{stack}': Xen {self._version} is of Debian {release}, and its tools need that one's "
                f"C library; this host is {self._base.release}",
                hint=f"only an older Xen can be put beside; deploy it to a host of {release}",
            )
        return release

    def on_the_host(self, transport: Transport | None) -> StackManifest:
        """Ask the host's own apt what it lacks."""
        if transport is None or self._beside or self._file:
            raise StackError(f"stack '{self._stack.name}': a Xen beside the release's own needs `packages: pushed`")
        self._report("asking the host's own apt")
        asked = transport.run(Command((*_ON_THE_HOST.split(), *self._wanted()), timeout_s=300))
        if asked.exit_code != 0:
            last = (asked.stderr.decode(errors="replace").strip().splitlines() or ["it said nothing"])[-1]
            raise StackError(
                f"{transport.name}: its own apt finds no way to the packages: {last}",
                hint="apt-get update on the host; netperf is in non-free, which its sources must have",
            )
        return self._manifest(parsed(asked.stdout.decode(errors="replace")), (), "host")

    def _wanted(self) -> tuple[str, ...]:
        kernel = (_KERNEL,) if self._stack.dom0.kernel == "distro" else ()
        version = self._own if self._beside else self._version
        return (f"xen-hypervisor-{version}-amd64", f"xen-utils-{version}", *_ALWAYS, *self._stack.tools, *kernel)

    def _manifest(self, packages: tuple[Package, ...], beside: tuple[Package, ...], source: str) -> StackManifest:
        there = {name: Part(name, *about) for name, about in self._base.installed().items()}
        brought = {each.name: Part(each.name, each.version, each.architecture) for each in (*packages, *beside)}
        every, wanted = {**there, **brought}, set(self._wanted())
        parts = [each for name, each in every.items() if name in wanted or name.startswith(("xen-", "libxen"))]
        kernel = self._base.kernel if self._stack.dom0.kernel == "as found" else _newest(every)
        parts += [each for name, each in every.items() if name in (f"{_IMAGE}{kernel}", own_xen.NAME)]
        image = own_xen.NAME if self._file else f"xen-hypervisor-{self._version}-amd64"
        if image not in every:
            raise StackError(f"stack '{self._stack.name}': apt names no {image}")
        return StackManifest(
            name=self._stack.name,
            asked=self._stack.asked,
            release=self._base.release,
            architecture=self._base.architecture,
            kernel=kernel,
            hypervisor=own_xen.place_of(self._file) if self._file else f"/boot/xen-{self._version}-amd64.gz",
            xen_version=every[image].version,
            parts=tuple(sorted(set(parts), key=lambda each: each.name)),
            packages=packages,
            beside=beside,
            source=source,
        )


def _newest(packages: Iterable[str]) -> str:
    """Return the newest kernel among packages, by its numbers. Raises StackError where there is none."""
    kernels = [found for name in packages if (found := name.removeprefix(_IMAGE)) != name and found[0].isdigit()]
    if not kernels:
        raise StackError("the release has no kernel of its own to boot")
    return max(kernels, key=lambda name: [int(each) for each in re.findall(r"\d+", name)])


def files(built: Built) -> dict[str, bytes]:
    """Return what is sent, by its name. Raises StackError where the cache was changed since it was fetched."""
    sent = {}
    for package in (*built.manifest.packages, *built.manifest.beside):
        if package.file is None or built.manifest.source == "host":
            continue
        data = (built.folder / package.file).read_bytes()
        if hashlib.sha256(data).hexdigest() != package.sha256:
            raise StackError(f"{built.folder / package.file} is not what was fetched", hint=f"rm -r {built.folder}")
        sent[package.file] = data
    return sent
